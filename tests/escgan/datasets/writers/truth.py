"""What a test file was written from: the truth that a reader's result is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from escgan.recording import RawRecording


@dataclass(frozen=True)
class TrialTruth:
    """One trial; ``eeg`` is ``(n_channels, n_times)`` microvolts, without its baseline.

    A trial that the files mark as missing or unusable has no truth: the reader must leave it out.
    """

    trial: int
    stimulus: str
    eeg: NDArray[np.floating]
    baseline: NDArray[np.floating] | None = None
    ratings: Mapping[str, float] = field(default_factory=dict)
    condition: str | None = None


@dataclass(frozen=True)
class RecordingTruth:
    """One recording; ``channels`` are 10-10 names in the order of the rows of every trial."""

    subject: str
    session: str
    channels: tuple[str, ...]
    sfreq: float
    trials: tuple[TrialTruth, ...]


def compare(raw: RawRecording, truth: RecordingTruth, atol_uv: float) -> None:
    """Assert that a reader returned exactly what was written, to the rounding of the file's numbers."""
    assert (raw.subject, raw.session) == (truth.subject, truth.session)
    assert raw.channels == truth.channels
    assert [(span.trial, span.stimulus, span.condition) for span in raw.spans] == [
        (trial.trial, trial.stimulus, trial.condition) for trial in truth.trials
    ]
    for span, trial in zip(raw.spans, truth.trials, strict=True):
        segment = raw.segments[span.segment]
        assert segment.sfreq == truth.sfreq
        assert segment.eeg.shape[0] == len(truth.channels)
        start, n_times = round(span.start_s * segment.sfreq), round(span.duration_s * segment.sfreq)
        np.testing.assert_allclose(segment.eeg[:, start : start + n_times], trial.eeg, rtol=0, atol=atol_uv)
        n_baseline = round(span.baseline_s * segment.sfreq)
        assert n_baseline == (0 if trial.baseline is None else trial.baseline.shape[1])
        if trial.baseline is not None:
            before = segment.eeg[:, start - n_baseline : start]
            np.testing.assert_allclose(before, trial.baseline, rtol=0, atol=atol_uv)
        assert span.ratings.keys() == trial.ratings.keys()
        for name, rating in trial.ratings.items():
            np.testing.assert_equal(span.ratings[name], rating)
