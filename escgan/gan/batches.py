"""The batches of training, each drawn from (seed, step) alone, so that training resumes anywhere to the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from escgan.gan.config import TrainingConfig
from escgan.seeds import generator


@dataclass(frozen=True)
class Batch:
    """One step's windows.

    Attributes
    ----------
    x
        ``(B, n_bands, 9, 9)`` float32, channels last in memory.
    label, target
        ``(B,)`` int64, the class that each has and the one that it is edited into.
    partner
        ``(B,)`` int64, the place in the batch of the window that it is paired with for diversity.
    """

    x: Tensor
    label: Tensor
    target: Tensor
    partner: Tensor


class Batches:
    """Training windows on a device, and their batches.

    Windows lie on the device as one tensor, and the drawn indices of many steps go there in one transfer: nothing
    in the loop waits for the host.

    Parameters
    ----------
    grid
        ``(n_windows, n_bands, 9, 9)`` float32.
    labels
        ``(n_windows,)`` int64 in ``range(n_classes)``.
    """

    def __init__(
        self,
        grid: NDArray[np.float32],
        labels: NDArray[np.int64],
        n_classes: int,
        training: TrainingConfig,
        seed: int,
        device: str,
    ) -> None:
        # Rows of bands, so that a drawn batch is channels last without a copy.
        self._x = torch.from_numpy(grid).permute(0, 2, 3, 1).contiguous().to(device)
        self._labels = labels
        self._n_classes = n_classes
        self._training = training
        self._seed = seed
        self._order: tuple[int, NDArray[np.int64]] = (-1, labels)
        self.per_epoch = max(1, len(labels) // training.batch_size)
        self.n_steps = self.per_epoch * training.epochs

    def draw(self, start: int, stop: int) -> Iterator[Batch]:
        """Yield the batches of steps ``start`` to ``stop`` (excluded)."""
        drawn = np.stack([self._draw(step) for step in range(start, stop)])
        for rows, label, target, partner in torch.from_numpy(drawn).to(self._x.device, non_blocking=True):
            yield Batch(self._x[rows].permute(0, 3, 1, 2), label, target, partner)

    def _draw(self, step: int) -> NDArray[np.int64]:
        """Return ``(4, batch)``: the step's rows, labels, target classes and diversity partners."""
        epoch, place = divmod(step, self.per_epoch)
        if self._order[0] != epoch:
            self._order = (epoch, generator(self._seed, "order", epoch).permutation(len(self._labels)))
        size = self._training.batch_size
        rows = self._order[1][place * size : (place + 1) * size]
        label = self._labels[rows]
        draw = generator(self._seed, "batch", step)
        shift = np.ones(len(rows), np.int64)
        if self._training.target == "other":
            shift = draw.integers(1, self._n_classes, len(rows))
        # A shift of 1 to n-1 along the batch pairs every window with another one.
        partner = (np.arange(len(rows)) + draw.integers(1, len(rows))) % len(rows)
        return np.stack([rows, label, (label + shift) % self._n_classes, partner])
