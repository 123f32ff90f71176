"""Gaussian noise: windows of the lacking class, shaken."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from escgan.augmenters.base import Balance, Edited, GeneratingAugmenter, edited_from_references
from escgan.augmenters.drawing import draw_noise, draw_own_class
from escgan.seeds import generator
from escgan.windows import WindowSet


class NoiseAugmenter(GeneratingAugmenter):
    """Windows of the classes that lack some, with independent noise on every channel and band."""

    title: ClassVar[str] = "real windows and noisy copies of those of small classes"
    kind: Literal["noise"] = "noise"
    share: float = Field(default=0.3, gt=0)
    """The noise's deviation, as a share of that of the training windows in the same channel and band."""

    def generate(self, state: Any, train: WindowSet, balance: Balance, seed: int, *, device: str = "cpu") -> Edited:
        """Copy and shake windows until every class that has any has what the balance asks for."""
        wanted = balance.wanted(train.counts)
        rows = draw_own_class(train, wanted, seed)
        noise = draw_noise(train, len(rows), self.share, generator(seed, "noise"))
        de = (train.de[rows] + noise).astype(np.float32)
        return edited_from_references(train, de, rows, train.labels[rows], wanted)
