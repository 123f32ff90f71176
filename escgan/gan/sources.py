"""Where a batch's windows come from: the device's memory, or rows that are read while the device computes.

Both give the same bytes, so that training depends neither on a machine's memory nor on where windows lie.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# Batches that are read before they are needed, and how many at a time: a disk answers many scattered requests in
# the time that it takes for one.
AHEAD = 48
READERS = 8


class GridRows(Protocol):
    """Windows on the grid of which some are asked for at a time; an array is one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """``(n_windows, n_bands, height, width)``."""

    def __getitem__(self, rows: NDArray[np.int64] | slice, /) -> NDArray[np.float32]:
        """Return some windows."""


class Resident:
    """All windows on the device, as one tensor: nothing in the loop waits for the host."""

    def __init__(self, grids: Sequence[NDArray[np.float32]], device: str) -> None:
        self._starts = np.cumsum([0, *(len(grid) for grid in grids)])
        # Rows of bands, so that a drawn batch is channels last without a copy.
        _, n_bands, height, width = grids[0].shape
        self._x = torch.empty((int(self._starts[-1]), height, width, n_bands), device=device)
        for start, grid in zip(self._starts, grids, strict=False):
            self._x[start : start + len(grid)] = torch.from_numpy(grid).permute(0, 2, 3, 1)
        self._offsets: dict[tuple[int, ...], Tensor] = {}

    def take(self, rows: Tensor, folds: Sequence[int]) -> Tensor:
        """Return the windows of rows ``(B, folds)`` of their folds, ``(B, folds, height, width, n_bands)``."""
        chosen = tuple(folds)
        if chosen not in self._offsets:
            # Kept on the device: a transfer a step would be waited for.
            self._offsets[chosen] = torch.from_numpy(self._starts[list(chosen)]).to(rows.device)
        return self._x[rows + self._offsets[chosen]]


class Streamed:
    """Windows that are read batch by batch, ahead of the steps that need them.

    Parameters
    ----------
    grids
        Each fold's windows.
    rows_of
        From a step and folds to the step's rows, ``(B, folds)``.
    """

    def __init__(
        self, grids: Sequence[GridRows], rows_of: Callable[[int, Sequence[int]], NDArray[np.int64]], device: str
    ) -> None:
        self._grids = grids
        self._rows_of = rows_of
        self._device = device
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="windows")
        self._reading: OrderedDict[tuple[int, tuple[int, ...]], Future[Tensor]] = OrderedDict()

    def take(self, step: int, folds: Sequence[int]) -> Tensor:
        """Return the windows of a step's batch, ``(B, folds, height, width, n_bands)``."""
        wanted = (step, tuple(folds))
        if wanted not in self._reading:
            for future in self._reading.values():
                future.cancel()
            self._reading.clear()
            self._read(*wanted)
        last, _ = next(reversed(self._reading))
        for ahead in range(last + 1, step + AHEAD):
            self._read(ahead, wanted[1])
        return self._reading.pop(wanted).result().to(self._device, non_blocking=True)

    def _read(self, step: int, folds: tuple[int, ...]) -> None:
        rows = self._rows_of(step, folds)
        self._reading[step, folds] = self._readers.submit(self._rows, rows, folds)

    def _rows(self, rows: NDArray[np.int64], folds: tuple[int, ...]) -> Tensor:
        grids = []
        for fold, own in zip(folds, rows.T, strict=True):
            # Read in the order in which they lie.
            order = np.argsort(own)
            read = self._grids[fold][own[order]]
            grid = np.empty_like(read)
            grid[order] = read
            grids.append(grid)
        x = torch.from_numpy(np.stack(grids, axis=1).transpose(0, 1, 3, 4, 2).copy())
        return x.pin_memory() if self._device.startswith("cuda") else x
