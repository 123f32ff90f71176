"""SEED-IV in its owners' layout: ``eeg_raw_data/{1,2,3}/{subject}_{date}.mat``, with shortened films."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tests.escgan.datasets.writers.mat_doubles import mat_bytes
from tests.escgan.datasets.writers.seed import CHANNELS, eeg, shuffled
from tests.escgan.datasets.writers.truth import RecordingTruth, TrialTruth

LABELS: Mapping[str, str] = {
    "1": "123020010121112322330303",
    "2": "213002023323201121030131",
    "3": "122133311210233023002010",
}
NAMES = {"0": "neutral", "1": "sad", "2": "fear", "3": "happy"}
# The later session of one subject is earlier than the first of the next: the folder says which session it is.
DAYS: Mapping[str, tuple[str, str, str]] = {
    "1": ("20160518", "20161125", "20161126"),
    "2": ("20150915", "20150920", "20151012"),
    "10": ("20151014", "20151021", "20151023"),
    "15": ("20150508", "20150514", "20150527"),
}


def write_seed_iv(
    folder: Path, n_subjects: int = 2, seed: int = 0, *, n_sessions: int = 1, trial_s: int = 5
) -> tuple[RecordingTruth, ...]:
    """Write subjects 1, 2, 10 and 15 (as many as asked for), each trial of ``trial_s`` seconds."""
    rng = np.random.default_rng(seed)
    truths = []
    for subject in list(DAYS)[:n_subjects]:
        for session, day in list(zip(LABELS, DAYS[subject], strict=True))[:n_sessions]:
            home = folder / "eeg_raw_data" / session
            home.mkdir(parents=True, exist_ok=True)
            trials = tuple(
                TrialTruth(i, f"{session}-{i}", eeg(rng, trial_s * 200), condition=NAMES[label])
                for i, label in enumerate(LABELS[session], start=1)
            )
            variables = {f"cz_eeg{trial.trial}": np.asarray(trial.eeg) for trial in trials}
            (home / f"{subject}_{day}.mat").write_bytes(mat_bytes(shuffled(variables)))
            truths.append(RecordingTruth(subject, session, CHANNELS, 200.0, trials))
    return tuple(truths)
