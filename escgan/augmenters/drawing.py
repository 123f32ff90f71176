"""Which windows are references of how many new ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from escgan.seeds import generator
from escgan.windows import WindowSet


def draw_own_class(train: WindowSet, wanted: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Draw as many rows of each class as it lacks, every window of the class as often as the others but for one."""
    rows = [np.zeros(0, np.int64)]
    for label in np.flatnonzero((wanted > 0) & (train.counts > 0)):
        own = np.flatnonzero(train.labels == label)
        rows.append(_passes(own, int(wanted[label]), seed, int(label)))
    return np.concatenate(rows)


def draw_other_classes(
    train: WindowSet, wanted: NDArray[np.int64], seed: int, *, repeat: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw, for each class that lacks windows, as many rows of the classes that lack none; with the class of each.

    Rows come in random order; once each, unless they ``repeat`` because what is made of them differs each time.
    """
    references = np.flatnonzero(np.isin(train.labels, np.flatnonzero(wanted == 0)))
    rows, targets = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    # Nothing is made up for a class without one real window.
    for target in np.flatnonzero((wanted > 0) & (train.counts > 0)):
        n = int(wanted[target]) if repeat else min(int(wanted[target]), len(references))
        rows.append(_passes(references, n, seed, int(target)))
        targets.append(np.full(n, target))
    return np.concatenate(rows), np.concatenate(targets)


def draw_noise(train: WindowSet, n: int, share: float, draw: np.random.Generator) -> NDArray[np.float64]:
    """Draw independent noise for n windows, ``(n, n_channels, n_bands)``.

    Its deviation is ``share`` times that of the training windows in the same channel and band.
    """
    deviation = train.de.std(axis=0, dtype=np.float64)
    return share * deviation * draw.standard_normal((n, *deviation.shape))


def _passes(rows: NDArray[np.int64], n: int, seed: int, label: int) -> NDArray[np.int64]:
    draw = generator(seed, "references", label)
    passes = [draw.permutation(rows) for _ in range(-(-n // max(len(rows), 1)))]
    return np.concatenate([np.zeros(0, np.int64), *passes])[:n]
