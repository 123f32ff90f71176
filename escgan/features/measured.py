"""What measuring one recording gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class Features:
    """Features of one recording's windows.

    Attributes
    ----------
    values
        ``(n_windows, n_channels, n_bands)`` float32, in ``unit``.
    table
        Row i describes window i: subject, session, trial, window, start_s (seconds from the start of the
        segment that the trial was cut from), stimulus, condition and every rating.
    channels, bands
        Names along the axes.
    band_edges_hz
        Lower and upper edge of each band.
    sfreq
        Sampling rate in Hz of the signal that was measured.
    measure
        Short name of what was measured: ``de``, ``psd``, or as the corpus' owners call it.
    unit
        Such as ``nats``; ``log2(100 E)`` for the features distributed with SEED.
    definition
        The formula in words, for methods sections.
    dropped_windows
        Windows left out because they overlap a stretch that preprocessing rejected.
    """

    values: NDArray[np.float32]
    table: pd.DataFrame
    channels: tuple[str, ...]
    bands: tuple[str, ...]
    band_edges_hz: tuple[tuple[float, float], ...]
    sfreq: float
    measure: str
    unit: str
    definition: str
    dropped_windows: int = 0
