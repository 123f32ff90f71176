"""Leave one subject out: every subject is tested once by a model that never saw them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from escgan.evaluation.folds import Fold, Level, Unit, folds_by_subject
from escgan.evaluation.protocols.base import Protocol, subjects_of


class LeaveOneSubjectOut(Protocol):
    """One fold a subject."""

    title: ClassVar[str] = "leave one subject out"
    level: ClassVar[Level] = "subject"
    kind: Literal["leave_one_subject_out"] = "leave_one_subject_out"

    def folds(self, units: Sequence[Unit]) -> tuple[Fold, ...]:
        """Return one fold a subject, named after the subject."""
        subjects = subjects_of(units, 2, self.kind)
        return folds_by_subject(sorted(units), [[s] for s in subjects], [f"sub-{s}" for s in subjects])
