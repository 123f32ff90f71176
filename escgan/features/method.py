"""What every way of measuring bands in windows has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from escgan.bands import Band

_Real = TypeVar("_Real", bound=np.floating)


@dataclass(frozen=True)
class Method(ABC):
    """A way of measuring bands, made ready for one sampling rate and window length.

    Attributes
    ----------
    bands
        What to measure; every upper edge lies below half the sampling rate.
    sfreq
        Sampling rate in Hz.
    window
        Window length in samples.
    filter_order
        Order of the band-pass; None for a method that filters nothing.
    recording
        Name of the recording, for error messages.
    """

    measure: ClassVar[str]
    """Short name of what is measured: ``de`` or ``psd``."""
    unit: ClassVar[str]
    """Unit of the values."""
    usual_order: ClassVar[int | None] = None
    """Filter order where none is given; None for a method that filters nothing."""

    bands: tuple[Band, ...]
    sfreq: float
    window: int
    filter_order: int | None
    recording: str

    @property
    @abstractmethod
    def definition(self) -> str:
        """The formula in words."""

    @abstractmethod
    def power(self, signal: NDArray[np.floating], starts: NDArray[np.int64], trial: str) -> NDArray[np.float64]:
        """Return the power in each window and band, ``(n_windows, n_channels, n_bands)``.

        Parameters
        ----------
        signal
            A trial and whatever baseline precedes it, ``(n_channels, n_times)`` float32 in microvolts.
        starts
            Where windows begin, in samples of ``signal``.
        trial
            Name of the trial, for error messages.

        Raises
        ------
        RecordingError
            If the signal or its windows do not allow the measurement.
        """

    @abstractmethod
    def value(self, power: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn positive powers into values in ``unit``."""


def cut(signal: NDArray[_Real], starts: NDArray[np.int64], window: int) -> NDArray[_Real]:
    """Return the windows that begin at ``starts``: ``(n_channels, n_windows, window)``, a view where it can be one."""
    every = np.lib.stride_tricks.sliding_window_view(signal, window, axis=-1)
    steps = np.diff(starts)
    if len(starts) > 1 and steps[0] > 0 and (steps == steps[0]).all():
        return every[:, starts[0] : starts[-1] + 1 : steps[0]]
    return every[:, starts]
