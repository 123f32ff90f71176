"""Mixup within a class (after Zhang et al. 2018, arXiv:1710.09412): weighted means of two of its windows."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from escgan.augmenters.base import Balance, Edited, GeneratingAugmenter, edited_from_references
from escgan.augmenters.drawing import draw_own_class
from escgan.seeds import generator
from escgan.windows import WindowSet


class MixupAugmenter(GeneratingAugmenter):
    """Means of two windows of a class that lacks some, of any two of its subjects.

    Mixing windows of two classes would give windows of neither, which cannot fill up a class; the ``cnn`` does that
    in its own training.
    """

    title: ClassVar[str] = "real windows and mixtures of two of a small class"
    kind: Literal["mixup"] = "mixup"
    alpha: float = Field(default=0.4, gt=0)
    """Parameter of the Beta distribution of the weights."""

    def generate(self, state: Any, train: WindowSet, balance: Balance, seed: int, *, device: str = "cpu") -> Edited:
        """Mix windows until every class that has any has what the balance asks for."""
        wanted = balance.wanted(train.counts)
        rows = draw_own_class(train, wanted, seed)
        draw = generator(seed, "mixup")
        weight = draw.beta(self.alpha, self.alpha, len(rows))
        # The reference is the window that counts for more.
        weight = np.maximum(weight, 1 - weight)[:, None, None]
        other = np.empty_like(rows)
        for label in np.unique(train.labels[rows]):
            own = train.labels[rows] == label
            other[own] = draw.choice(np.flatnonzero(train.labels == label), own.sum())
        de = (weight * train.de[rows] + (1 - weight) * train.de[other]).astype(np.float32)
        return edited_from_references(train, de, rows, train.labels[rows], wanted)
