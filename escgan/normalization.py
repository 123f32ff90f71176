"""Bringing features of different people to one scale, without touching test labels.

``none`` leaves the features' own unit. ``global`` subtracts the training windows' mean and divides by their
deviation, per channel and band. ``per_subject`` does the same with each subject's own windows: for a test subject
that uses their unlabelled windows, so results with it are *transductive* and are named so. ``coral`` goes on from
there: it gives each subject's z-scores the covariance that the training subjects have in common
(:mod:`escgan.alignment`), which is as transductive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escgan.alignment import SecondMoments, covariance_power
from escgan.windows import WindowSet

Normalization = Literal["none", "global", "per_subject", "coral"]

IN_WORDS: dict[Normalization, str] = {
    "per_subject": "features were z-scored with each subject's own mean and deviation",
    "coral": "features were z-scored with each subject's own mean and deviation, and given the covariance that the "
    "training subjects share (CORAL, with each subject's own shrunk covariance)",
    "global": "features were z-scored with the mean and deviation of the training windows",
    "none": "features were used without normalisation",
}
"""What each scheme did, as a part of a sentence."""

# Below this deviation (in any unit: nats, decibels) a feature is constant: dividing by it would only magnify rounding.
_SMALLEST_DEVIATION = 1e-6

# What becomes of one subject's windows ``(n, n_channels, n_bands)``.
_Alignment = Callable[[NDArray[np.float32]], NDArray[np.floating]]

# Windows that are computed on at once.
_BLOCK = 500_000


def is_transductive(normalization: Normalization) -> bool:
    """Whether a scheme looks at the test subject's unlabelled windows."""
    return normalization in ("per_subject", "coral")


def normalize_train(
    train: WindowSet, normalization: Normalization, out: NDArray[np.float32] | None = None
) -> WindowSet:
    """Normalise training windows by themselves; into ``out``, which may be ``train.de`` itself, where it is given."""
    if normalization == "none":
        return train
    if normalization == "global":
        return train.with_de(_standardize(train.de, *_moments(train.de), out))
    return _by_subject(train, _alignment(train, normalization), out)


def normalize_test(train: WindowSet, test: WindowSet, normalization: Normalization) -> WindowSet:
    """Normalise test windows by the *raw* training windows, or each test subject by its own windows."""
    if normalization == "none":
        return test
    if normalization == "global":
        return test.with_de(_standardize(test.de, *_moments(train.de)))
    return _by_subject(test, _alignment(train, normalization))


def _by_subject(windows: WindowSet, align: _Alignment, out: NDArray[np.float32] | None = None) -> WindowSet:
    de = np.empty_like(windows.de) if out is None else out
    for own in _rows_by_subject(windows):
        de[own] = align(windows.de[own])
    return windows.with_de(de)


def _rows_by_subject(windows: WindowSet) -> list[NDArray[np.int64]]:
    codes, subjects = pd.factorize(windows.subjects)
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.cumsum(np.bincount(codes, minlength=len(subjects)))[:-1])


def _alignment(train: WindowSet, normalization: Normalization) -> _Alignment:
    """Return what is done to each subject, having looked at the training windows where that asks for it."""
    if normalization == "per_subject":
        return _z_scores
    common = reduce(SecondMoments.__add__, (_second_moments(train.de[own]) for own in _rows_by_subject(train)))
    colour = covariance_power(common.shrunk(), 0.5)

    def align(raw: NDArray[np.float32]) -> NDArray[np.floating]:
        whiten = covariance_power(_second_moments(raw).shrunk(), -0.5)
        return (_flat_z_scores(raw) @ whiten @ colour).reshape(raw.shape)

    return align


def _z_scores(raw: NDArray[np.float32]) -> NDArray[np.float32]:
    return _standardize(raw, *_moments(raw))


def _flat_z_scores(raw: NDArray[np.float32]) -> NDArray[np.float64]:
    return _z_scores(raw).reshape(len(raw), -1).astype(np.float64)


def _second_moments(raw: NDArray[np.float32]) -> SecondMoments:
    return SecondMoments.of(_flat_z_scores(raw))


def _moments(de: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and deviation over windows; in blocks, as NumPy's deviation holds all windows in float64."""
    if len(de) <= _BLOCK:
        return de.mean(axis=0, dtype=np.float64), de.std(axis=0, dtype=np.float64)
    mean = sum(block.sum(axis=0, dtype=np.float64) for block in _blocks(de)) / len(de)
    squares = sum(((block - mean) ** 2).sum(axis=0) for block in _blocks(de))
    return mean, np.sqrt(squares / len(de))


def _standardize(
    de: NDArray[np.float32],
    mean: NDArray[np.float64],
    deviation: NDArray[np.float64],
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    scale = np.where(deviation < _SMALLEST_DEVIATION, 1.0, deviation)
    result = np.empty(de.shape, np.float32) if out is None else out
    for block, into in zip(_blocks(de), _blocks(result), strict=True):
        into[:] = (block - mean) / scale
    return result


def _blocks(de: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    return (de[start : start + _BLOCK] for start in range(0, len(de), _BLOCK))
