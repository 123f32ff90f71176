"""Recordings of noise, whose trials differ in length, condition and rating."""

from __future__ import annotations

import numpy as np

from escgan.recording import Recording, Trial


def make_recording(
    subject="01",
    session="1",
    channels=("Fz", "Cz", "Pz", "Oz"),
    sfreq=128.0,
    lengths=(640, 900, 700),
    baseline=128,
    conditions=("calm", "joy"),
    rejected=((), ((1.0, 2.0),)),
):
    """Trials take their conditions and rejected stretches in turn; a baseline of 0 samples is none."""
    draw = np.random.default_rng(int(subject[-1]))

    def noise(n):
        return draw.normal(0, 15, (len(channels), n)).astype(np.float32)

    trials = tuple(
        Trial(
            trial=number,
            stimulus=f"film {number}",
            start_s=100.0 * number,
            eeg=noise(n),
            baseline=noise(baseline) if baseline else None,
            ratings={"valence": 1.5 * number},
            condition=conditions[(number - 1) % len(conditions)],
            rejected=rejected[(number - 1) % len(rejected)],
        )
        for number, n in enumerate(lengths, start=1)
    )
    log = ({"kind": "bandpass", "low_hz": 1.0},)
    return Recording(subject, session, channels, sfreq, trials, (1.0, 45.0), "average", log)
