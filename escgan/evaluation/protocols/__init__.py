"""Protocols: one file each, one line each here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from escgan.evaluation.protocols.base import Protocol
from escgan.evaluation.protocols.cross_session import CrossSession
from escgan.evaluation.protocols.cross_trial import CrossTrial
from escgan.evaluation.protocols.leave_one_subject_out import LeaveOneSubjectOut
from escgan.evaluation.protocols.subject_k_fold import SubjectKFold
from escgan.evaluation.protocols.within_trial import WithinTrial
from escgan.settings import any_of

PROTOCOLS: dict[str, type[Protocol]] = {
    "leave_one_subject_out": LeaveOneSubjectOut,
    "subject_k_fold": SubjectKFold,
    "cross_session": CrossSession,
    "cross_trial": CrossTrial,
    "within_trial": WithinTrial,
}

if TYPE_CHECKING:
    ProtocolConfig = Protocol
else:
    ProtocolConfig = any_of(PROTOCOLS)

__all__ = ["PROTOCOLS", "Protocol", "ProtocolConfig"]
