"""Across sessions: the same people on another day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from escgan.errors import ConfigError
from escgan.evaluation.folds import Fold, Level, Unit, check_disjoint
from escgan.evaluation.protocols.base import Protocol


class CrossSession(Protocol):
    """One fold a session: it is tested for every subject, and all other sessions train.

    Subjects stand on both sides, so that scores say nothing about unseen people.
    """

    title: ClassVar[str] = "leave one session out (subjects on both sides)"
    level: ClassVar[Level] = "session"
    tested: ClassVar[str] = "unseen sessions of known subjects"
    kind: Literal["cross_session"] = "cross_session"

    def folds(self, units: Sequence[Unit]) -> tuple[Fold, ...]:
        """Return one fold a session, named after it; subjects without it are not tested there."""
        sessions = sorted({unit.session for unit in units})
        if len(sessions) < 2:
            found = f"only session {sessions[0]}" if sessions else "none"
            raise ConfigError(
                f"Protocol '{self.kind}' needs at least 2 sessions, found {found}: add recordings or choose another "
                "protocol."
            )
        folds = []
        for session in sessions:
            train = tuple(unit for unit in sorted(units) if unit.session != session)
            test = tuple(unit for unit in sorted(units) if unit.session == session)
            fold = Fold(f"ses-{session}", train, test)
            check_disjoint(fold, "session")
            folds.append(fold)
        return tuple(folds)
