"""Rows of numbers on the networks' 9x9 grids, and back: by place on the scalp, or one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from escgan.montage import GRID_SHAPE, scalp_grid

_CELLS = GRID_SHAPE[0] * GRID_SHAPE[1]


@dataclass(frozen=True)
class RowsOnGrid:
    """Columns in their order on as many 9x9 grids as they need."""

    n_columns: int

    @property
    def mask(self) -> NDArray[np.bool_]:
        """The cells that hold a column on any grid, ``(9, 9)``."""
        return (np.arange(_CELLS) < self.n_columns).reshape(GRID_SHAPE)

    def to_grid(self, rows: NDArray[np.floating]) -> NDArray[np.float32]:
        """Lay rows ``(n, n_columns)`` on grids, ``(n, n_grids, 9, 9)`` float32."""
        n_grids = -(-self.n_columns // _CELLS)
        grid = np.zeros((len(rows), n_grids * _CELLS), np.float32)
        grid[:, : self.n_columns] = rows
        return grid.reshape(len(rows), n_grids, *GRID_SHAPE)

    def to_rows(self, grid: NDArray[np.float32]) -> NDArray[np.float32]:
        """Read rows ``(n, n_columns)`` back."""
        return grid.reshape(len(grid), grid.shape[1] * _CELLS)[:, : self.n_columns]


@dataclass(frozen=True)
class RowsOnScalp:
    """Columns of channels times bands, the bands of the first channel first, on the scalp."""

    channels: tuple[str, ...]
    n_bands: int

    @property
    def mask(self) -> NDArray[np.bool_]:
        """The cells inside the electrodes' hull, ``(9, 9)``."""
        return scalp_grid(self.channels).mask

    def to_grid(self, rows: NDArray[np.floating]) -> NDArray[np.float32]:
        """Spread rows ``(n, n_channels * n_bands)`` over the scalp, ``(n, n_bands, 9, 9)`` float32."""
        return scalp_grid(self.channels).to_grid(rows.reshape(len(rows), len(self.channels), self.n_bands))

    def to_rows(self, grid: NDArray[np.float32]) -> NDArray[np.float32]:
        """Read rows ``(n, n_channels * n_bands)`` back from the electrodes' cells."""
        return scalp_grid(self.channels).to_channels(grid).reshape(len(grid), len(self.channels) * self.n_bands)


def rows_layout(n_columns: int, channels: Sequence[str] | None = None) -> RowsOnGrid | RowsOnScalp:
    """Return where columns lie: on the scalp where ``channels`` names their electrodes, or in their order.

    >>> rows_layout(10, ("Fp1", "Fp2", "C3", "C4", "Oz")).n_bands
    2

    Raises
    ------
    ValueError
        If the columns are no channels times some bands.
    """
    if channels is None:
        return RowsOnGrid(n_columns)
    names = tuple(str(name) for name in channels)
    n_bands, rest = divmod(n_columns, max(len(names), 1))
    if not names or rest or not n_bands:
        raise ValueError(
            f"{n_columns} columns cannot be {len(names)} channels times some bands: name the channels that the columns "
            "hold."
        )
    return RowsOnScalp(names, n_bands)
