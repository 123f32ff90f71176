"""Class weights: the cheapest cure for imbalance, and the rival that an augmenter must beat."""

from __future__ import annotations

from typing import ClassVar, Literal

from escgan.augmenters.base import Augmenter


class ClassWeightAugmenter(Augmenter):
    """Train on the real windows with every class weighing the same."""

    title: ClassVar[str] = "real windows, classes weighted equally"
    kind: Literal["class_weight"] = "class_weight"
    reweights: ClassVar[bool] = True
