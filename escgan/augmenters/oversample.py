"""Random oversampling: windows of the lacking class once more."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np

from escgan.augmenters.base import Balance, Edited, GeneratingAugmenter, edited_from_references
from escgan.augmenters.drawing import draw_own_class
from escgan.windows import WindowSet


class OversampleAugmenter(GeneratingAugmenter):
    """Repeat windows of the classes that lack some, each as often as the others but for one."""

    title: ClassVar[str] = "real windows, those of small classes repeated"
    kind: Literal["oversample"] = "oversample"

    def generate(self, state: Any, train: WindowSet, balance: Balance, seed: int, *, device: str = "cpu") -> Edited:
        """Repeat windows until every class that has any has what the balance asks for."""
        wanted = balance.wanted(train.counts)
        rows = draw_own_class(train, wanted, seed)
        return edited_from_references(train, np.ascontiguousarray(train.de[rows]), rows, train.labels[rows], wanted)
