"""Across trials: the same people, another clip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from escgan.evaluation.folds import Fold, Level, Unit, folds_by_part
from escgan.evaluation.protocols.base import Protocol, subjects_of


class CrossTrial(Protocol):
    """Every recording's trials are shuffled and dealt into k parts; each part is tested once.

    Subjects stand on both sides, so that scores say nothing about unseen people.
    """

    title: ClassVar[str] = "k folds over trials (subjects on both sides)"
    level: ClassVar[Level] = "trial"
    tested: ClassVar[str] = "unseen trials of known subjects"
    kind: Literal["cross_trial"] = "cross_trial"
    k: int = Field(default=5, ge=2)
    """Number of folds."""
    shuffle_seed: int = 0
    """Seed of the deal."""

    def folds(self, units: Sequence[Unit]) -> tuple[Fold, ...]:
        """Return k folds; all recordings stand on both sides of each."""
        subjects_of(units, 1, self.kind)
        return folds_by_part(sorted(units), "trial", self.k, self.shuffle_seed)
