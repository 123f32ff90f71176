"""The mean over a band of each window's spectrum."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from escgan.errors import RecordingError
from escgan.features.method import Method, cut


class SpectralMethod(Method):
    """A method that averages the frequencies of a window's Fourier transform that lie in a band.

    The transform is as long as the window, so its frequencies are the multiples of one over the window's length.
    Both edges of a band belong to it: the bands of SEED (1-3, 4-7, ... Hz) are made for that.
    """

    @abstractmethod
    def spectrum(self, windows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the power at every frequency from 0 upwards, ``(..., window // 2 + 1)``."""

    @cached_property
    def _means(self) -> NDArray[np.float64]:
        """One column a band, which averages its frequencies: ``(n_frequencies, n_bands)``."""
        # In units of the distance between frequencies; the tolerance admits an edge that is met but for rounding.
        index = np.arange(self.window // 2 + 1)[:, None]
        spacing = self.sfreq / self.window
        low = np.array([band.low_hz for band in self.bands]) / spacing
        high = np.array([band.high_hz for band in self.bands]) / spacing
        inside = (index >= low - 1e-6) & (index <= high + 1e-6)
        counts = inside.sum(axis=0)
        if not counts.all():
            band = self.bands[int(np.argmin(counts))]
            raise RecordingError(
                f"No multiple of {spacing:g} Hz, which is all that a window of {1 / spacing:g} s resolves, lies in "
                f"band {band} in {self.recording}: lengthen the window."
            )
        return inside / counts

    def power(self, signal: NDArray[np.floating], starts: NDArray[np.int64], trial: str) -> NDArray[np.float64]:
        """Return the mean power, ``(n_windows, n_channels, n_bands)``; see :meth:`Method.power`."""
        means = self._means
        return (self.spectrum(cut(signal.astype(np.float64), starts, self.window)) @ means).swapaxes(0, 1)
