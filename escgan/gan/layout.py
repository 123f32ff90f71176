"""How a fold's windows are laid out for the networks: on the scalp grid, or channel below channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from escgan.gan.sources import GridRows
from escgan.montage import scalp_grid


class Layout(Protocol):
    """The way from channel values ``(n, n_channels, n_bands)`` to planes ``(n, n_bands, height, width)`` and back."""

    @property
    def mask(self) -> NDArray[np.bool_]:
        """``(height, width)``, where windows have values."""

    def to_grid(self, de: NDArray[np.floating]) -> NDArray[np.float32]:
        """Lay channel values out."""

    def paint(self, de: NDArray[np.float32]) -> GridRows:
        """Lay channel values out, those in a file only when they are asked for."""

    def to_channels(self, grid: NDArray[np.floating]) -> NDArray[np.float32]:
        """Read the channels' values back."""


@dataclass(frozen=True)
class ChannelColumn:
    """Channels one below the other: planes are ``(n, n_bands, n_channels, 1)``, whatever the electrodes' places."""

    n_channels: int

    @property
    def mask(self) -> NDArray[np.bool_]:
        """``(n_channels, 1)``: every place is a channel's."""
        return np.ones((self.n_channels, 1), bool)

    def to_grid(self, de: NDArray[np.floating]) -> NDArray[np.float32]:
        """Lay channel values out."""
        return np.ascontiguousarray(de.transpose(0, 2, 1)[..., None], dtype=np.float32)

    def paint(self, de: NDArray[np.float32]) -> GridRows:
        """Lay channel values out, those in a file only when they are asked for."""
        return ColumnRows(self, de) if isinstance(de, np.memmap) else self.to_grid(de)

    def to_channels(self, grid: NDArray[np.floating]) -> NDArray[np.float32]:
        """Read the channels' values back."""
        return np.ascontiguousarray(grid[..., 0].transpose(0, 2, 1), dtype=np.float32)


@dataclass(frozen=True)
class ColumnRows:
    """Windows as columns of channels whose values stay where they are, such as in a file."""

    column: ChannelColumn
    de: NDArray[np.float32]

    @property
    def shape(self) -> tuple[int, ...]:
        """``(n_windows, n_bands, n_channels, 1)``."""
        return (len(self.de), self.de.shape[2], self.column.n_channels, 1)

    def __getitem__(self, rows: NDArray[np.int64] | slice) -> NDArray[np.float32]:
        """Return some windows, ``(n, n_bands, n_channels, 1)`` float32."""
        return self.column.to_grid(np.asarray(self.de[rows]))


def layout_of(channels: Sequence[str], form: str) -> Layout:
    """Return the layout that networks of a form (``NetworkConfig.form``) work on.

    Raises
    ------
    ConfigError
        If the form is ``grid`` and the montage has no grid: see :func:`escgan.montage.scalp_grid`.
    """
    return scalp_grid(channels) if form == "grid" else ChannelColumn(len(channels))
