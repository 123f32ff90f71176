"""Where electrodes sit on the 9x9 scalp grid, and the linear map that spreads their values over it.

The grid follows the 10-10 system: a row for each coronal line from Fp to O, a column for each sagittal line
from 9/7 on the left to 8/10 on the right. Values between electrodes come from cubic (Clough-Tocher)
interpolation. For fixed electrodes that interpolation is linear in the values, so it is computed once as a
matrix and applied to any number of windows by one product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from escgan.errors import ConfigError

GRID_SHAPE = (9, 9)

# Names that older recordings use for the same place.
RENAMED = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}

_ROWS = {
    "FP": 0, "AF": 1, "F": 2, "FT": 3, "FC": 3, "T": 4, "C": 4, "TP": 5, "CP": 5, "P": 6, "PO": 7, "O": 8, "CB": 8,
}  # fmt: skip
_COLUMNS = {"Z": 4, "1": 3, "2": 5, "3": 2, "4": 6, "5": 1, "6": 7, "7": 0, "8": 8}
# On the short rows near the front and the back the head is narrower: 3 stands where 1 stands elsewhere.
_NARROW_COLUMNS = {"Z": 4, "1": 3, "2": 5, "3": 3, "4": 5, "5": 2, "6": 6, "7": 1, "8": 7}
_CEREBELLAR_COLUMNS = {"1": 2, "2": 6}


def canonical_name(name: str) -> str:
    """Return a channel's 10-10 name in the usual capitals.

    >>> canonical_name("FP1"), canonical_name("FZ"), canonical_name("T3"), canonical_name("CPz")
    ('Fp1', 'Fz', 'T7', 'CPz')
    """
    upper = name.strip().upper()
    upper = RENAMED.get(upper, upper)
    if upper.startswith("FP"):
        upper = "Fp" + upper[2:]
    return upper[:-1] + "z" if upper.endswith("Z") else upper


def grid_cell(name: str) -> tuple[int, int]:
    """Return an electrode's (row, column) on the 9x9 grid.

    >>> grid_cell("Cz"), grid_cell("Fp1"), grid_cell("T8")
    ((4, 4), (0, 3), (4, 8))

    Raises
    ------
    ConfigError
        If the name is not one of the 10-10 places that the grid holds.
    """
    upper = canonical_name(name).upper()
    site = upper.rstrip("Z0123456789")
    place = upper[len(site) :]
    columns = _COLUMNS
    if site in ("FP", "AF", "PO", "O"):
        columns = _NARROW_COLUMNS
    elif site == "CB":
        columns = _CEREBELLAR_COLUMNS
    if site not in _ROWS or place not in columns:
        raise ConfigError(
            f"Channel '{name}' has no place on the 9x9 scalp grid, which holds 10-10 names: "
            "drop the channel or give it its 10-10 name."
        )
    return _ROWS[site], columns[place]


@dataclass(frozen=True)
class ScalpGrid:
    """The projection between channels and the 9x9 grid.

    ``weights`` is ``(81, n_channels)`` float64; ``mask`` is ``(9, 9)`` bool, the cells inside the electrodes'
    convex hull; ``cells`` is ``(n_channels,)``, each channel's flat cell index.
    """

    channels: tuple[str, ...]
    weights: NDArray[np.float64]
    mask: NDArray[np.bool_]
    cells: NDArray[np.int64]

    def to_grid(self, de: NDArray[np.floating]) -> NDArray[np.float32]:
        """Spread channel values over the grid.

        Parameters
        ----------
        de
            ``(n_windows, n_channels, n_bands)``.

        Returns
        -------
        numpy.ndarray
            ``(n_windows, n_bands, 9, 9)`` float32, 0 outside the mask.
        """
        n_windows, _, n_bands = de.shape
        # float32 throughout: the weights are at most of order 1, so the rounding stays near 1e-6 of the values.
        grid = np.matmul(self.weights.astype(np.float32), de.astype(np.float32, copy=False))
        return np.ascontiguousarray(grid.transpose(0, 2, 1)).reshape(n_windows, n_bands, *GRID_SHAPE)

    def paint(self, de: NDArray[np.float32]) -> NDArray[np.float32] | PaintedRows:
        """Spread channel values over the grid, those in a file only when they are asked for."""
        return PaintedRows(self, de) if isinstance(de, np.memmap) else self.to_grid(de)

    def to_channels(self, grid: NDArray[np.floating]) -> NDArray[np.float32]:
        """Read the channels' values back: ``(n, n_bands, 9, 9)`` to ``(n, n_channels, n_bands)`` float32.

        Cubic interpolation passes through its nodes, so the electrodes' own cells hold their values exactly.
        """
        flat = grid.reshape(*grid.shape[:2], self.mask.size)
        return np.ascontiguousarray(flat[:, :, self.cells].transpose(0, 2, 1), dtype=np.float32)


@dataclass(frozen=True)
class PaintedRows:
    """Windows on the grid whose channel values stay where they are, such as in a file.

    Rows that are asked for are the bytes that :meth:`ScalpGrid.to_grid` gives for all windows at once, as it treats
    each window by itself.
    """

    scalp: ScalpGrid
    de: NDArray[np.float32]

    @property
    def shape(self) -> tuple[int, ...]:
        """``(n_windows, n_bands, 9, 9)``."""
        return (len(self.de), self.de.shape[2], *GRID_SHAPE)

    def __getitem__(self, rows: NDArray[np.int64] | slice) -> NDArray[np.float32]:
        """Return some windows, ``(n, n_bands, 9, 9)`` float32."""
        return self.scalp.to_grid(np.asarray(self.de[rows]))


@lru_cache(maxsize=32)
def _scalp_grid(channels: tuple[str, ...]) -> ScalpGrid:
    from scipy.interpolate import CloughTocher2DInterpolator
    from scipy.spatial import QhullError

    cells: dict[tuple[int, int], str] = {}
    for name in channels:
        cell = grid_cell(name)
        if cell in cells:
            raise ConfigError(
                f"Channels '{cells[cell]}' and '{name}' share one cell of the 9x9 scalp grid: drop one of them."
            )
        cells[cell] = name
    places = np.array(list(cells), dtype=np.float64)
    rows, columns = np.indices(GRID_SHAPE)
    try:
        # The gradient estimate is iterative: a tight tolerance makes the map linear to rounding.
        interpolate = CloughTocher2DInterpolator(
            places, np.eye(len(channels)), fill_value=np.nan, tol=1e-13, maxiter=10_000
        )
    except (QhullError, ValueError) as cause:
        raise ConfigError(
            f"{len(channels)} channels ({', '.join(channels)}) do not span an area of the scalp grid: "
            "give at least three that do not lie on one line."
        ) from cause
    weights = interpolate(np.column_stack([rows.ravel(), columns.ravel()]).astype(np.float64))
    covered = np.isfinite(weights).all(axis=1)
    weights[~covered] = 0.0
    flat = np.array([row * GRID_SHAPE[1] + column for row, column in cells], dtype=np.int64)
    # An electrode on the hull's edge can fall outside it by rounding: its own cell is its own value.
    weights[flat] = np.eye(len(channels))
    covered[flat] = True
    return ScalpGrid(channels, weights, covered.reshape(GRID_SHAPE), flat)


def scalp_grid(channels: Sequence[str]) -> ScalpGrid:
    """Build the projection for a montage.

    Raises
    ------
    ConfigError
        If a channel has no place on the grid, two share a cell, or all lie on one line.
    """
    return _scalp_grid(tuple(channels))
