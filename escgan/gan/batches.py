"""The batches of training, each drawn from (seed, step) alone, so that training resumes anywhere to the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from escgan.gan.config import TrainingConfig
from escgan.gan.sources import GridRows, Resident, Streamed
from escgan.seeds import generator


@dataclass(frozen=True)
class Batch:
    """One step's windows.

    Attributes
    ----------
    x
        ``(B, n_bands, 9, 9)`` float32, channels last in memory; ``(B, folds * n_bands, 9, 9)`` with several folds.
    label, target
        ``(B,)`` int64, the class that each has and the one that it is edited into; ``(B, folds)`` with several.
    partner
        ``(B,)`` int64, the place in the batch of the window that it is paired with for diversity.
    """

    x: Tensor
    label: Tensor
    target: Tensor
    partner: Tensor


class Batches:
    """Training windows of one fold or several on a device, and their batches.

    The drawn indices of many steps go to the device in one transfer, and so do the windows, all of them before the
    first step, where they are arrays; others are read ahead of the steps (:mod:`escgan.gan.sources`).

    Parameters
    ----------
    grids
        Each fold's ``(n_windows, n_bands, 9, 9)`` float32.
    labels
        Each fold's ``(n_windows,)`` int64 in ``range(n_classes)``.
    """

    def __init__(
        self,
        grids: Sequence[GridRows],
        labels: Sequence[NDArray[np.int64]],
        n_classes: int,
        training: TrainingConfig,
        seed: int,
        device: str,
    ) -> None:
        self._labels = labels
        self._n_classes = n_classes
        self._training = training
        self._seed = seed
        self._device = device
        self._orders: dict[tuple[int, int], NDArray[np.int64]] = {}
        arrays = [grid for grid in grids if isinstance(grid, np.ndarray)]
        self._source = Resident(arrays, device) if len(arrays) == len(grids) else Streamed(grids, self._rows_of, device)

    def draw(self, start: int, stop: int, folds: Sequence[int] = (0,)) -> Iterator[Batch]:
        """Yield the batches of steps ``start`` to ``stop`` (excluded) for folds whose batches are of one size."""
        drawn = torch.from_numpy(np.stack([self._draw(step, folds) for step in range(start, stop)]))
        source = self._source
        for step, (rows, label, target, partner) in enumerate(drawn.to(self._device, non_blocking=True), start):
            x = source.take(rows, folds) if isinstance(source, Resident) else source.take(step, folds)
            # (B, folds, 9, 9, n_bands) to (B, 9, 9, folds * n_bands), which for one fold is no copy.
            x = x.permute(0, 2, 3, 1, 4).flatten(3).permute(0, 3, 1, 2)
            if len(folds) == 1:
                label, target = label[:, 0], target[:, 0]
            yield Batch(x, label, target, partner[:, 0])

    def _draw(self, step: int, folds: Sequence[int]) -> NDArray[np.int64]:
        """Return ``(4, B, folds)``: the step's rows, labels, target classes and diversity partners.

        Folds differ in their windows alone: each is what the fold would draw by itself.
        """
        rows = self._rows_of(step, folds)
        label = np.stack([self._labels[fold][own] for fold, own in zip(folds, rows.T, strict=True)], axis=1)
        size = len(rows)
        draw = generator(self._seed, "batch", step)
        shift = np.ones(size, np.int64)
        if self._training.target == "other":
            shift = draw.integers(1, self._n_classes, size)
        # A shift of 1 to n-1 along the batch pairs every window with another one.
        partner = (np.arange(size) + draw.integers(1, size)) % size
        target = (label + shift[:, None]) % self._n_classes
        return np.stack([rows, label, target, np.broadcast_to(partner[:, None], rows.shape)])

    def _rows_of(self, step: int, folds: Sequence[int]) -> NDArray[np.int64]:
        """Return the step's rows of each fold's windows, ``(B, folds)``."""
        return np.stack([self._rows(step, fold) for fold in folds], axis=1)

    def _rows(self, step: int, fold: int) -> NDArray[np.int64]:
        """Return the step's rows of a fold's windows, ``(B,)``."""
        n, size = len(self._labels[fold]), self._training.batch_size
        epoch, place = divmod(step, steps_per_epoch(n, size))
        if (fold, epoch) not in self._orders:
            # Windows that are read ahead may belong to the next pass already.
            self._orders = {key: order for key, order in self._orders.items() if key[0] != fold or key[1] == epoch - 1}
            self._orders[fold, epoch] = generator(self._seed, "order", epoch).permutation(n)
        return self._orders[fold, epoch][place * size : (place + 1) * size]


def steps_per_epoch(n_windows: int, batch_size: int) -> int:
    """Return how many batches one pass has: full ones, or a single smaller one."""
    return max(1, n_windows // batch_size)
