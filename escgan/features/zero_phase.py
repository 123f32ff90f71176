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
from escgan.features.method import Method, cut


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
    def _filters(self) -> list[NDArray[np.float64]]:
        from scipy.signal import butter

        return [
            butter(self.filter_order, (band.low_hz, band.high_hz), btype="bandpass", fs=self.sfreq, output="sos")
            for band in self.bands
        ]

    def power(self, signal: NDArray[np.float64], starts: NDArray[np.int64], trial: str) -> NDArray[np.float64]:
        """Return the variance in uV^2, ``(n_windows, n_channels, n_bands)``; see :meth:`Method.power`."""
        from scipy.signal import sosfiltfilt

        bands = []
        for sos, band in zip(self._filters, self.bands, strict=True):
            try:
                filtered = sosfiltfilt(sos, signal, axis=-1)
            except ValueError as cause:
                raise RecordingError(
                    f"The {signal.shape[1]} samples of {trial} are too few to filter for band {band}: drop the trial."
                ) from cause
            bands.append(cut(filtered, starts, self.window).var(axis=-1).T)
        return np.stack(bands, axis=-1)

    def value(self, power: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the differential entropy in nats."""
        return differential_entropy(power)
