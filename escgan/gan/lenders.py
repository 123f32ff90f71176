"""How the classes of each training subject differ: what an edit of another person's window can borrow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from escgan.errors import ConfigError
from escgan.gan.sources import GridRows

# Windows that are summed at once.
_BLOCK = 65536


@dataclass(frozen=True)
class Lenders:
    """The class differences of a fold's training subjects.

    Attributes
    ----------
    differences
        ``(n_subjects * n_classes * n_classes, n_bands, height, width)`` float32: of a lender, a source and a target
        class, how far the target's mean window lies from the source's, shrunk towards that of all subjects.
    able
        ``(n_classes, n_classes, n_subjects)`` bool, who can lend: the subjects with windows of both classes, or, where
        there are none, everybody (whose shrunk difference is then that of all).
    """

    differences: NDArray[np.float32]
    able: NDArray[np.bool_]

    def rows(
        self, source: NDArray[np.int64], target: NDArray[np.int64], chance: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """Return for each edit ``(B,)`` the row of ``differences`` of a lender; ``chance``, 0 to below 1, decides who.

        All that are able to lend are equally likely.
        """
        n_classes, _, n_subjects = self.able.shape
        able = self.able[source, target]
        nth = (chance * able.sum(axis=1)).astype(np.int64)
        lender = (np.cumsum(able, axis=1) <= nth[:, None]).sum(axis=1).clip(max=n_subjects - 1)
        return (lender * n_classes + source) * n_classes + target


def lenders_of(
    grid: GridRows,
    labels: NDArray[np.int64],
    subjects: NDArray[np.int64] | None,
    n_classes: int,
    shrinkage: float,
) -> Lenders:
    """Measure the class differences of training subjects.

    Parameters
    ----------
    grid
        ``(n_windows, n_bands, height, width)`` training windows.
    labels, subjects
        ``(n_windows,)``, the class and the person of each.
    shrinkage
        A subject with n windows of the rarer of two classes has its own difference count for ``n / (n + shrinkage)``.

    Raises
    ------
    ConfigError
        If nobody said whose windows they are.
    """
    if subjects is None:
        raise ConfigError(
            "training.borrow moves windows by how the classes of other subjects differ, and nothing says whose "
            "windows these are: name the subjects, or give training.borrow 0."
        )
    names, whose = np.unique(subjects, return_inverse=True)
    counts = np.zeros((len(names), n_classes))
    np.add.at(counts, (whose, labels), 1)
    sums = np.zeros((len(names), n_classes, *grid.shape[1:]))
    for first in range(0, len(labels), _BLOCK):
        part = slice(first, first + _BLOCK)
        block = np.asarray(grid[part], np.float64)
        for subject, label in {*zip(whose[part].tolist(), labels[part].tolist(), strict=True)}:
            sums[subject, label] += block[(whose[part] == subject) & (labels[part] == label)].sum(axis=0)
    own = _differences(sums, counts)
    common = _differences(sums.sum(axis=0, keepdims=True), counts.sum(axis=0, keepdims=True))
    rarer = np.minimum(counts[:, :, None], counts[:, None, :])
    weight = np.divide(rarer, rarer + shrinkage, out=np.zeros_like(rarer), where=rarer > 0)
    weight = weight.reshape(*weight.shape, 1, 1, 1)
    able = rarer.transpose(1, 2, 0) > 0
    able |= ~able.any(axis=2, keepdims=True)
    shrunk = weight * own + (1 - weight) * common
    return Lenders(shrunk.reshape(-1, *grid.shape[1:]).astype(np.float32), able)


def _differences(sums: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``(n_subjects, source, target, ...)`` differences of class means; 0 where a class has no window."""
    size = counts.reshape(*counts.shape, 1, 1, 1)
    means = np.divide(sums, size, out=np.zeros_like(sums), where=size > 0)
    both = ((size > 0)[:, :, None] & (size > 0)[:, None, :]).astype(np.float64)
    return both * (means[:, None, :] - means[:, :, None])
