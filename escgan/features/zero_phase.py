"""Differential entropy of a band that was filtered without delay over the whole trial.

Filtering inside a one-second window leaves a transient that drowns the slow bands, so the trial is filtered as a
whole, forwards and backwards, and then cut. The price is that a window hears its neighbours: beside a rejected
stretch, the ringing of what was rejected stays in the slow bands for about a period of their lower edge.
"""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from escgan.errors import RecordingError
from escgan.features.differential_entropy import differential_entropy
from escgan.features.filter_bank import FilterBank
from escgan.features.method import Method, cut

# Single precision rounds a filtered trial by at most 5e-6 of its root mean square, mostly by a tenth of that: the
# entropy of a window that is louder than this share of it is known to 1e-5 nats.
_PRECISE = 0.02

# Channels that are filtered at a time: few enough for their transforms to stay in the processor's cache.
_CHANNELS = 16


class ZeroPhase(Method):
    """Zero-phase Butterworth band-pass of the whole trial, variance of each window, nats."""

    measure: ClassVar[str] = "de"
    unit: ClassVar[str] = "nats"
    usual_order: ClassVar[int | None] = 4

    @property
    def definition(self) -> str:
        """The formula in words."""
        return (
            "0.5 ln(2 pi e variance) of each window; Butterworth band-pass of order "
            f"{self.filter_order}, zero-phase over the whole trial"
        )

    @cached_property
    def _bank(self) -> FilterBank:
        from scipy.signal import butter

        edges = [(band.low_hz, band.high_hz) for band in self.bands]
        return FilterBank([butter(self.filter_order, e, btype="bandpass", fs=self.sfreq, output="sos") for e in edges])

    def power(self, signal: NDArray[np.floating], starts: NDArray[np.int64], trial: str) -> NDArray[np.float64]:
        """Return the variance in uV^2, ``(n_windows, n_channels, n_bands)``; see :meth:`Method.power`."""
        if signal.shape[1] <= self._bank.padding:
            raise RecordingError(
                f"The {signal.shape[1]} samples of {trial} are too few to filter for band {self.bands[0]}: "
                "drop the trial."
            )
        variance = self._variance(signal, starts, np.float32)
        if (variance < _PRECISE**2 * variance.mean(axis=0)).any():
            return self._variance(signal, starts, np.float64)
        return variance

    def _variance(
        self, signal: NDArray[np.floating], starts: NDArray[np.int64], precision: type[np.float32 | np.float64]
    ) -> NDArray[np.float64]:
        variance = np.empty((len(starts), len(signal), len(self.bands)))
        ones = np.ones(self.window, precision)
        for first in range(0, len(signal), _CHANNELS):
            some = slice(first, first + _CHANNELS)
            for band, filtered in enumerate(self._bank.outputs(signal[some], precision)):
                windows = cut(filtered, starts, self.window)
                # A band-pass leaves hardly any mean, so that nothing is lost in the difference.
                squares, mean = np.vecdot(windows, windows), windows @ ones / self.window
                variance[:, some, band] = np.maximum(squares / self.window - mean**2, 0).T
        return variance

    def value(self, power: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the differential entropy in nats."""
        return differential_entropy(power)
