"""Power spectral density of a band, in decibels."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from escgan.features.spectrum import SpectralMethod


class Psd(SpectralMethod):
    """Mean power spectral density of the band in each window's periodogram, dB re 1 uV^2/Hz."""

    measure: ClassVar[str] = "psd"
    unit: ClassVar[str] = "dB re 1 uV^2/Hz"

    @property
    def definition(self) -> str:
        """The formula in words."""
        return (
            "10 log10 of the mean over the band of each window's power spectral density in uV^2/Hz: one-sided "
            "periodogram under a Hann window, mean removed"
        )

    def spectrum(self, windows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the one-sided power spectral density in uV^2/Hz, ``(..., window // 2 + 1)``."""
        from scipy.signal import periodogram

        _, density = periodogram(windows, fs=self.sfreq, window="hann", detrend="constant", scaling="density", axis=-1)
        return density

    def value(self, power: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the density in decibels."""
        return 10 * np.log10(power)
