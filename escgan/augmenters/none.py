"""No augmentation: the baseline that everything is compared with."""

from __future__ import annotations

from typing import ClassVar, Literal

from escgan.augmenters.base import Augmenter


class NoAugmenter(Augmenter):
    """Train on the real windows as they are."""

    title: ClassVar[str] = "real windows only"
    kind: Literal["none"] = "none"
