"""Editing without a network: a window, moved by how its class and the target class differ in the mean."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from escgan.augmenters.base import Balance, Edited, GeneratingAugmenter, edited_from_references
from escgan.augmenters.drawing import draw_other_classes
from escgan.windows import WindowSet


class MeanShiftAugmenter(GeneratingAugmenter):
    """Move windows of classes that lack none by the difference of the class means over all training subjects."""

    title: ClassVar[str] = "real windows and windows moved by the classes' mean difference"
    kind: Literal["mean_shift"] = "mean_shift"

    def generate(self, state: Any, train: WindowSet, balance: Balance, seed: int, *, device: str = "cpu") -> Edited:
        """Move each reference once at most: moved again, it would only repeat a window."""
        wanted = balance.wanted(train.counts)
        rows, targets = draw_other_classes(train, wanted, seed, repeat=False)
        means = class_means(train.de, train.labels, len(train.classes))
        de = (train.de[rows] + means[targets] - means[train.labels[rows]]).astype(np.float32)
        return edited_from_references(train, de, rows, targets, wanted)


def class_means(de: NDArray[np.float32], labels: NDArray[np.int64], n_classes: int) -> NDArray[np.float64]:
    """Return each class' mean window, ``(n_classes, n_channels, n_bands)``; NaN for a class without windows."""
    means = np.full((n_classes, *de.shape[1:]), np.nan)
    for label in np.unique(labels):
        means[label] = de[labels == label].mean(axis=0, dtype=np.float64)
    return means
