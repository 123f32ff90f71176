"""Steady scalp signals into which bursts are put at known times."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from escgan.recording import RawRecording, Segment, TrialSpan
from tests.escgan.preprocessing.scalp import CHANNELS

SFREQ = 128.0
N_CHANNELS = len(CHANNELS)


def steady(seconds: float, seed: int = 0) -> NDArray[np.float64]:
    """Noise from 1 to 40 Hz of sources that all channels see, 10 microvolts strong, and 1 of each channel's own."""
    rng = np.random.default_rng(seed)
    n, edge = round(seconds * SFREQ), round(SFREQ)
    band = butter(2, [1, 40], "bandpass", fs=SFREQ, output="sos")
    # The filter's own edges are no steady signal.
    sources = sosfiltfilt(band, rng.normal(size=(30, n + 2 * edge)))[:, edge:-edge]
    # Sources and channels on a circle: neighbours see nearly the same, as on a head.
    around = np.exp(1j * 2 * np.pi * np.arange(N_CHANNELS) / N_CHANNELS)
    mixing = np.exp(-(np.abs(around[:, None] - np.exp(1j * np.linspace(0.1, 6.2, 30))) ** 2))
    brain = mixing @ sources
    return 10 * brain / brain.std() + rng.normal(0, 1, (N_CHANNELS, n))


def burst(n_times: int, starts_s: tuple[float, ...], length_s: float = 1.0, seed: int = 1) -> NDArray[np.float64]:
    """Bursts of about 150 microvolts over all channels, each with a map of its own."""
    rng = np.random.default_rng(seed)
    eeg = np.zeros((N_CHANNELS, n_times))
    for start_s in starts_s:
        part = eeg[:, round(start_s * SFREQ) : round((start_s + length_s) * SFREQ)]
        part += 150 * np.outer(rng.choice([-1, 1], N_CHANNELS) * rng.uniform(0.7, 1.3, N_CHANNELS),
                               rng.normal(size=part.shape[1]))  # fmt: skip
    return eeg


def recording(
    eeg: NDArray[np.float64], n_segments: int = 1, spans: tuple[TrialSpan, ...] | None = None
) -> RawRecording:
    """Cut a signal into equal segments, of one trial each unless spans are given."""
    parts = np.split(eeg, n_segments, axis=1)
    if spans is None:
        spans = tuple(TrialSpan(i, i + 1, "film", 0.0, part.shape[1] / SFREQ) for i, part in enumerate(parts))
    segments = tuple(Segment(part, SFREQ) for part in parts)
    return RawRecording("05", "1", CHANNELS, segments, spans, (1.0, 64.0), "linked ears")
