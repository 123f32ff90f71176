"""Differential entropy as TorchEEG's ``BandDifferentialEntropy`` measures it.

A compatibility mode, to repeat what was published with TorchEEG (the ESC-GAN code among it): a causal Butterworth
band-pass that starts from rest in every window, so that a window of one second holds mostly the filter's
transient in the slow bands.

TorchEEG runs its filters as one quotient of polynomials. For a band that is narrow beside the sampling rate,
rounding ruins such a filter: at 500 Hz, the entropy of 1-4 Hz is wrong by several bits. There agreement would
be agreement on noise, and the measurement is refused.
"""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from escgan.bands import Band
from escgan.errors import RecordingError
from escgan.features.differential_entropy import differential_entropy_bits
from escgan.features.method import Method, cut

# Rounding may change the entropy of a filter's response within a window by this much.
_LARGEST_ERROR_BITS = 0.1


class TorchEEG(Method):
    """Causal Butterworth band-pass inside each window, variance of its output, bits."""

    measure: ClassVar[str] = "de"
    unit: ClassVar[str] = "bits"
    usual_order: ClassVar[int | None] = 5

    @property
    def definition(self) -> str:
        """The formula in words."""
        return (
            "0.5 log2(2 pi e variance) of each window; causal Butterworth band-pass of order "
            f"{self.filter_order}, started at rest in each window, as TorchEEG's BandDifferentialEntropy"
        )

    @cached_property
    def _filters(self) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        return [self._filter(band) for band in self.bands]

    def _filter(self, band: Band) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        from scipy.signal import butter, lfilter, sosfilt

        # The edges as fractions of the Nyquist frequency, as TorchEEG gives them: with fs, SciPy rounds differently.
        edges = [band.low_hz / (0.5 * self.sfreq), band.high_hz / (0.5 * self.sfreq)]
        quotient = butter(self.filter_order, edges, btype="band")
        impulse = np.zeros(self.window)
        impulse[0] = 1
        # Second-order sections do not suffer from the rounding.
        sound = sosfilt(butter(self.filter_order, edges, btype="band", output="sos"), impulse)
        error = 0.5 * np.log2(np.square(lfilter(*quotient, impulse)).sum() / np.square(sound).sum())
        if not abs(error) <= _LARGEST_ERROR_BITS:
            raise RecordingError(
                f"TorchEEG's filter for band {band} is wrong by {abs(error):.2g} bits from rounding at the "
                f"{self.sfreq:g} Hz of {self.recording}: resample to a lower rate or set features.method to zero_phase."
            )
        return quotient

    def power(self, signal: NDArray[np.floating], starts: NDArray[np.int64], trial: str) -> NDArray[np.float64]:
        """Return the variance in uV^2, ``(n_windows, n_channels, n_bands)``; see :meth:`Method.power`."""
        from scipy.signal import lfilter

        windows = cut(signal.astype(np.float64), starts, self.window)
        return np.stack([lfilter(b, a, windows, axis=-1).var(axis=-1).T for b, a in self._filters], axis=-1)

    def value(self, power: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the differential entropy in bits."""
        return differential_entropy_bits(power)
