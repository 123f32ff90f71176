"""The batches of training, each drawn from (seed, step) alone, so that training resumes anywhere to the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from escgan.gan.config import TrainingConfig
from escgan.gan.lenders import Lenders, lenders_of
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
    start
        Like ``x``, the windows that are edited into ``target`` where they are not ``x`` itself.
    """

    x: Tensor
    label: Tensor
    target: Tensor
    partner: Tensor
    start: Tensor | None = None


class Batches:
    """Training windows of one fold or several on a device, and their batches.

    The drawn indices of many steps go to the device in one transfer, and so do the windows, all of them before the
    first step, where they are arrays; others are read ahead of the steps (:mod:`escgan.gan.sources`).

    Parameters
    ----------
    grids
        Each fold's ``(n_windows, n_bands, height, width)`` float32.
    labels
        Each fold's ``(n_windows,)`` int64 in ``range(n_classes)``.
    subjects
        Each fold's ``(n_windows,)`` int64, whose window each is; needed where editing starts at a borrowed difference.
    """

    def __init__(
        self,
        grids: Sequence[GridRows],
        labels: Sequence[NDArray[np.int64]],
        n_classes: int,
        training: TrainingConfig,
        seed: int,
        device: str,
        subjects: Sequence[NDArray[np.int64] | None] | None = None,
    ) -> None:
        self._labels = labels
        self._n_classes = n_classes
        self._counts = [np.bincount(own, minlength=n_classes) for own in labels]
        self._training = training
        self._seed = seed
        self._device = device
        self._orders: dict[tuple[int, int], NDArray[np.int64]] = {}
        arrays = [grid for grid in grids if isinstance(grid, np.ndarray)]
        self._source = Resident(arrays, device) if len(arrays) == len(grids) else Streamed(grids, self._rows_of, device)
        self._lenders: list[Lenders] = []
        if training.borrow > 0:
            self._lenders = [
                lenders_of(grid, own, whose, n_classes, training.shrinkage)
                for grid, own, whose in zip(grids, labels, subjects or [None] * len(grids), strict=True)
            ]
            self._differences = Resident([lenders.differences for lenders in self._lenders], device)

    def draw(self, start: int, stop: int, folds: Sequence[int] = (0,)) -> Iterator[Batch]:
        """Yield the batches of steps ``start`` to ``stop`` (excluded) for folds whose batches are of one size."""
        drawn = torch.from_numpy(np.stack([self._draw(step, folds) for step in range(start, stop)]))
        source = self._source
        for step, (rows, label, target, partner, *lent) in enumerate(drawn.to(self._device, non_blocking=True), start):
            x = _side_by_side(source.take(rows, folds) if isinstance(source, Resident) else source.take(step, folds))
            moved = None
            if lent:
                moved = x + self._training.borrow * _side_by_side(self._differences.take(lent[0], folds))
            if len(folds) == 1:
                label, target = label[:, 0], target[:, 0]
            yield Batch(x, label, target, partner[:, 0], moved)

    def _draw(self, step: int, folds: Sequence[int]) -> NDArray[np.int64]:
        """Return ``(4, B, folds)``: the step's rows, labels, target classes and diversity partners.

        Where differences are borrowed, the fifth are their rows in the fold's table.
        Folds differ in their windows alone: each is what the fold would draw by itself.
        """
        rows = self._rows_of(step, folds)
        label = np.stack([self._labels[fold][own] for fold, own in zip(folds, rows.T, strict=True)], axis=1)
        size = len(rows)
        draw = generator(self._seed, "batch", step)
        target = self._targets(label, folds, draw)
        # A shift of 1 to n-1 along the batch pairs every window with another one.
        partner = (np.arange(size) + draw.integers(1, size)) % size
        drawn = [rows, label, target, np.broadcast_to(partner[:, None], rows.shape)]
        if self._lenders:
            chance = draw.random(size)
            lent = [
                self._lenders[fold].rows(source, into, chance)
                for fold, source, into in zip(folds, label.T, target.T, strict=True)
            ]
            drawn.append(np.stack(lent, axis=1))
        return np.stack(drawn)

    def _targets(self, label: NDArray[np.int64], folds: Sequence[int], draw: np.random.Generator) -> NDArray[np.int64]:
        """Draw the classes that windows ``(B, folds)`` of known labels are edited into."""
        size = len(label)
        if self._training.target == "rare":
            chance = draw.random(size)
            drawn = [draw_rare(own, self._counts[fold], chance) for fold, own in zip(folds, label.T, strict=True)]
            return np.stack(drawn, axis=1)
        shift = np.ones(size, np.int64)
        if self._training.target == "other":
            shift = draw.integers(1, self._n_classes, size)
        return (label + shift[:, None]) % self._n_classes

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


def _side_by_side(x: Tensor) -> Tensor:
    """``(B, folds, height, width, n_bands)`` to ``(B, folds * n_bands, height, width)``, for one fold without a copy.

    It stays channels last in memory.
    """
    return x.permute(0, 2, 3, 1, 4).flatten(3).permute(0, 3, 1, 2)


def draw_rare(label: NDArray[np.int64], counts: NDArray[np.int64], chance: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return for each window ``(B,)`` one of the other classes, with a chance inverse to its count ``(n_classes,)``.

    ``chance`` ``(B,)`` from 0 to below 1 decides. Classes without windows are none to edit into.
    """
    inverse = np.divide(1.0, counts, out=np.zeros(len(counts)), where=counts > 0)
    weight = np.where(np.arange(len(counts)) == label[:, None], 0.0, inverse)
    reached = np.cumsum(weight, axis=1)
    # The first class whose share of the line is beyond the chance; one of weight 0 never is the first.
    return (reached <= (chance * reached[:, -1])[:, None]).sum(axis=1)


def steps_per_epoch(n_windows: int, batch_size: int) -> int:
    """Return how many batches one pass has: full ones, or a single smaller one."""
    return max(1, n_windows // batch_size)
