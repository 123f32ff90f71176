"""A moved decision threshold: what much of augmentation's gain in balanced accuracy amounts to, for next to nothing."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from escgan.augmenters.base import Augmenter


class ThresholdAugmenter(Augmenter):
    """Train on the real windows and decide where balanced accuracy was best on subjects of the training side."""

    title: ClassVar[str] = "real windows, the decision threshold moved on training-side validation subjects"
    kind: Literal["threshold"] = "threshold"
    moves_threshold: Literal[True] = Field(default=True, exclude=True)
    """What this one is."""
