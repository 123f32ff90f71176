"""Differential entropy by the Fourier transform, as public re-implementations of SEED's features compute it.

``log2(100 E)`` with E the mean of the band's squared magnitudes. E is not normalised: it grows with the window's
number of samples, so values compare only at one sampling rate and window length. SEED's own code was not
published; the re-implementations differ in details. Here the Hann window is MATLAB's ``hanning``, which has no
zeros at its ends, and the transform is as long as the window: a shorter one, such as 200 points for
windows of 800 samples, discards the rest of the window without a word. Some versions in Python kept MATLAB's
counting from 1 and so average one frequency too low; the band's own frequencies are averaged here.
"""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from escgan.features.spectrum import SpectralMethod


class Stft(SpectralMethod):
    """Mean squared magnitude of the Hann-windowed Fourier transform, ``log2(100 E)``."""

    measure: ClassVar[str] = "de"
    unit: ClassVar[str] = "log2(100 E)"

    @property
    def definition(self) -> str:
        """The formula in words."""
        return (
            "log2(100 E) of each window, E the mean over the band of the squared magnitudes in uV^2 of its "
            f"{self.window}-point Fourier transform under a Hann window, not normalised"
        )

    @cached_property
    def _taper(self) -> NDArray[np.float64]:
        return np.hanning(self.window + 2)[1:-1]

    def spectrum(self, windows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the squared magnitudes in uV^2, ``(..., window // 2 + 1)``."""
        transform = np.fft.rfft(windows * self._taper, axis=-1)
        return np.square(transform.real) + np.square(transform.imag)

    def value(self, power: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ``log2(100 E)``."""
        return np.log2(100 * power)
