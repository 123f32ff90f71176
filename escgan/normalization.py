"""Bringing features of different people to one scale, without touching test labels.

``none`` leaves the features' own unit. ``global`` subtracts the training windows' mean and divides by their
deviation, per channel and band. ``per_subject`` does the same with each subject's own windows: for a test subject
that uses their unlabelled windows, so results with it are *transductive* and are named so.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from escgan.windows import WindowSet

Normalization = Literal["none", "global", "per_subject"]

# Below this deviation (in any unit: nats, decibels) a feature is constant: dividing by it would only magnify rounding.
_SMALLEST_DEVIATION = 1e-6


def is_transductive(normalization: Normalization) -> bool:
    """Whether a scheme looks at the test subject's unlabelled windows."""
    return normalization == "per_subject"


def normalize_train(train: WindowSet, normalization: Normalization) -> WindowSet:
    """Normalise training windows by themselves."""
    if normalization == "none":
        return train
    if normalization == "global":
        return train.with_de(_standardize(train.de, *_moments(train.de)))
    return _by_subject(train)


def normalize_test(train: WindowSet, test: WindowSet, normalization: Normalization) -> WindowSet:
    """Normalise test windows by the *raw* training windows, or each test subject by its own windows."""
    if normalization == "none":
        return test
    if normalization == "global":
        return test.with_de(_standardize(test.de, *_moments(train.de)))
    return _by_subject(test)


def _by_subject(windows: WindowSet) -> WindowSet:
    de = np.empty_like(windows.de)
    for subject in np.unique(windows.subjects):
        own = windows.subjects == subject
        de[own] = _standardize(windows.de[own], *_moments(windows.de[own]))
    return windows.with_de(de)


def _moments(de: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return de.mean(axis=0, dtype=np.float64), de.std(axis=0, dtype=np.float64)


def _standardize(
    de: NDArray[np.float32], mean: NDArray[np.float64], deviation: NDArray[np.float64]
) -> NDArray[np.float32]:
    scale = np.where(deviation < _SMALLEST_DEVIATION, 1.0, deviation)
    return ((de - mean) / scale).astype(np.float32)
