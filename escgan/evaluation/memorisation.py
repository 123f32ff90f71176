"""Whether edits repeat the windows that an augmenter learned from, by distances between windows' DE."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from escgan.seeds import generator
from escgan.windows import WindowSet

Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Memorised:
    """How near windows lie to real windows of their class, beside how near these lie to each other.

    Attributes
    ----------
    distance_ratio
        Median distance to the nearest real window, over the median distance of real windows to their nearest other.
    closer_than_any
        Share of windows nearer to a real window than any two real windows are to each other.
    closer_than_5pct
        Share of windows nearer to a real window than all but 5 % of the real windows are to their nearest other.
    """

    distance_ratio: float
    closer_than_any: float
    closer_than_5pct: float


class RealWindows:
    """The real training windows of one class, and how far each is from its nearest other.

    At most ``most`` of them, drawn by the seed, are asked for their neighbours; they are looked for among all.
    """

    def __init__(self, windows: WindowSet, label: int, most: int, seed: int) -> None:
        own = np.flatnonzero(windows.labels == label)
        self._points = windows.de[own].reshape(len(own), -1).astype(np.float64)
        self._subjects = windows.subjects[own].astype(str)
        self._asked = np.sort(generator(seed, "real windows", label).permutation(len(own))[:most])
        self._apart = self._to_nearest_other()

    def __len__(self) -> int:
        return len(self._points)

    def compare(self, de: NDArray[np.float32]) -> Memorised:
        """Look for edits, ``(n, n_channels, n_bands)``, among the windows; NaN where either are too few."""
        if len(self) < 2 or not len(de):
            return self._judge(np.zeros(0))
        return self._judge(_nearest(de.reshape(len(de), -1).astype(np.float64), self._points))

    def compare_subjects(self) -> Memorised:
        """Look for each subject's windows among those of the others: the yardstick, as nobody copies another.

        NaN where there is one subject.
        """
        names = np.unique(self._subjects)
        if len(names) < 2:
            return self._judge(np.zeros(0))
        distances = []
        for name in names:
            asked = self._asked[self._subjects[self._asked] == name]
            if len(asked):
                distances.append(_nearest(self._points[asked], self._points[self._subjects != name]))
        return self._judge(np.concatenate(distances))

    def count_shared(self) -> int:
        """Count the windows that another subject has too, value for value."""
        owners: dict[bytes, set[str]] = {}
        values = _bytes(self._points)
        for value, subject in zip(values, self._subjects.tolist(), strict=True):
            owners.setdefault(value, set()).add(subject)
        return sum(len(owners[value]) > 1 for value in values)

    def _judge(self, distance: Rows) -> Memorised:
        if not len(distance):
            return Memorised(*[float("nan")] * 3)
        usual = float(np.median(self._apart))
        return Memorised(
            distance_ratio=float(np.median(distance)) / usual if usual > 0 else float("nan"),
            closer_than_any=float((distance < self._apart.min()).mean()),
            closer_than_5pct=float((distance < np.quantile(self._apart, 0.05)).mean()),
        )

    def _to_nearest_other(self) -> Rows:
        if len(self) < 2:
            return np.zeros(0)
        return _nearest(self._points[self._asked], self._points, but=self._asked)


def count_copies(de: NDArray[np.float32], train: WindowSet) -> int:
    """Count edits that are a training window of any class, value for value.

    >>> from escgan.windows import WindowSet
    >>> import pandas as pd
    >>> window = np.ones((1, 3, 2), np.float32)
    >>> train = WindowSet(window, np.array([0]), pd.DataFrame(), ("Fz", "Cz", "Pz"), ("alpha", "beta"), ("calm",))
    >>> count_copies(np.concatenate([window, window + 1]), train)
    1
    """
    known = set(_bytes(train.de))
    return sum(value in known for value in _bytes(de))


def _bytes(windows: NDArray[np.floating]) -> list[bytes]:
    # Adding 0 makes one of the two zeros, whose bytes differ.
    return [window.tobytes() for window in windows + np.zeros((), windows.dtype)]


def _nearest(points: Rows, among: Rows, but: NDArray[np.int64] | None = None) -> Rows:
    """Return each point's distance to the nearest of others, ``(n,)``; ``but`` is the row that the point itself is."""
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=1 if but is None else 2, algorithm="brute").fit(among)
    found = search.kneighbors(points, return_distance=False)
    # Measured again: the search subtracts large numbers from each other, and misses 0 by their rounding.
    apart = np.linalg.norm(points[:, None] - among[found], axis=2)
    if but is not None:
        apart[found == but[:, None]] = np.inf
    return apart.min(axis=1)
