"""Small raw recordings, made of known signals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from escgan.recording import RawRecording, Segment, TrialSpan

MakeRaw = Callable[..., RawRecording]


@pytest.fixture
def make_raw() -> MakeRaw:
    """Build a one-segment recording of four channels at 500 Hz, noise where no signal is given."""

    def make(
        eeg: NDArray[np.floating] | None = None,
        *,
        spans: tuple[TrialSpan, ...] | None = None,
        channels: tuple[str, ...] = ("Fz", "Cz", "Pz", "Oz"),
        sfreq: float = 500.0,
        passband_hz: tuple[float, float] = (0.1, 250.0),
        reference: str = "linked ears",
    ) -> RawRecording:
        if eeg is None:
            eeg = np.random.default_rng(0).normal(0, 10, (len(channels), round(30 * sfreq)))
        if spans is None:
            spans = (TrialSpan(0, 1, "film", 0.0, eeg.shape[1] / sfreq),)
        return RawRecording("05", "1", channels, (Segment(eeg, sfreq),), spans, passband_hz, reference)

    return make
