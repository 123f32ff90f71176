"""Within trials, as in the ESC-GAN paper: leaky, for comparison with published figures alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from escgan.evaluation.folds import Fold, Level, Unit, folds_by_part
from escgan.evaluation.protocols.base import Protocol, subjects_of


class WithinTrial(Protocol):
    """Every trial's windows are shuffled and dealt into k parts; each part is tested once.

    The paper's protocol. Neighbouring windows of one trial, which are nearly alike, stand on both sides: scores are
    optimistic by as much as that tells, and are marked as leaky.
    """

    title: ClassVar[str] = "k folds over the windows inside each trial (the paper's)"
    level: ClassVar[Level] = "window"
    tested: ClassVar[str] = "windows of known trials"
    leaky: ClassVar[bool] = True
    kind: Literal["within_trial"] = "within_trial"
    k: int = Field(default=5, ge=2)
    """Number of folds."""
    shuffle_seed: int = 0
    """Seed of the deal."""

    def folds(self, units: Sequence[Unit]) -> tuple[Fold, ...]:
        """Return k folds; all recordings stand on both sides of each."""
        subjects_of(units, 1, self.kind)
        return folds_by_part(sorted(units), "window", self.k, self.shuffle_seed)
