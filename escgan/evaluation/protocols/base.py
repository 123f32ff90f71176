"""The contract of every protocol: recordings in, folds out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from escgan.errors import ConfigError
from escgan.evaluation.folds import Fold, Level, Unit
from escgan.settings import Settings


class Protocol(Settings, ABC):
    """Base of every protocol's settings.

    ``level`` is what may not stand on both sides of a fold; ``leaky`` protocols carry the word in every table, and
    every sentence on the scores says what was ``tested``.
    """

    kind: str
    title: ClassVar[str]
    level: ClassVar[Level]
    leaky: ClassVar[bool] = False
    tested: ClassVar[str] = "unseen subjects"

    @abstractmethod
    def folds(self, units: Sequence[Unit]) -> tuple[Fold, ...]:
        """Split recordings into folds; the order of ``units`` plays no part.

        Raises
        ------
        ConfigError
            If there are too few subjects.
        LeakageError
            If the sides of a fold overlap at the declared level.
        """


def subjects_of(units: Sequence[Unit], at_least: int, protocol: str) -> list[str]:
    """Return the subjects in order, or raise ConfigError when there are too few."""
    subjects = sorted({unit.subject for unit in units})
    if len(subjects) < at_least:
        found = f"only {', '.join(subjects)}" if subjects else "none"
        raise ConfigError(
            f"Protocol '{protocol}' needs at least {at_least} subjects, found {found}: "
            "add recordings or choose another protocol."
        )
    return subjects
