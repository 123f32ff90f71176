"""SEED in its owners' layout: ``Preprocessed_EEG/{subject}_{date}.mat`` and ``label.mat``, with shortened films."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.escgan.datasets.writers.mat_doubles import mat_bytes
from tests.escgan.datasets.writers.truth import RecordingTruth, TrialTruth

# As printed in the owners' list of channels, in the case of the 10-10 system.
CHANNELS = tuple(
    (
        "Fp1 Fpz Fp2 AF3 AF4 F7 F5 F3 F1 Fz F2 F4 F6 F8 FT7 FC5 FC3 FC1 FCz FC2 FC4 FC6 FT8 T7 C5 C3 C1 Cz C2 C4 C6 T8 "
        "TP7 CP5 CP3 CP1 CPz CP2 CP4 CP6 TP8 P7 P5 P3 P1 Pz P2 P4 P6 P8 PO7 PO5 PO3 POz PO4 PO6 PO8 CB1 O1 Oz O2 CB2"
    ).split()
)
LABELS = (1, 0, -1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 0, 1, -1)
NAMES = {1: "positive", 0: "neutral", -1: "negative"}
# Subjects' days, in the order of the calendar, and their initials.
DAYS: Mapping[str, Sequence[str]] = {
    "1": ("20131027", "20131030", "20131107"),
    "2": ("20140404", "20140413", "20140419"),
    "10": ("20131130", "20131204", "20131211"),
    "15": ("20130709", "20131016", "20131105"),
}
INITIALS = {"1": "djc", "2": "jl", "10": "ww", "15": "zjy"}


def eeg(rng: np.random.Generator, n_times: int, n_channels: int = 62) -> NDArray[np.float64]:
    """White noise of 20 uV around an offset of its own in each channel."""
    return rng.normal(0, 20, (n_channels, n_times)) + rng.normal(0, 50, (n_channels, 1))


def label_bytes(labels: Sequence[float] = LABELS) -> bytes:
    """Build ``label.mat``."""
    return mat_bytes({"label": np.array([labels], dtype=np.float64)})


def shuffled(variables: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Put trial 10 between 1 and 2, as an alphabetical list does."""
    return {name: variables[name] for name in sorted(variables)}


def write_seed(
    folder: Path, n_subjects: int = 2, seed: int = 0, *, n_sessions: int = 1, trial_s: int = 7
) -> tuple[RecordingTruth, ...]:
    """Write subjects 1, 2, 10 and 15 (as many as asked for), each trial of ``trial_s`` seconds and one sample."""
    rng = np.random.default_rng(seed)
    home = folder / "Preprocessed_EEG"
    home.mkdir(parents=True)
    (home / "label.mat").write_bytes(label_bytes())
    (home / "readme.txt").write_text("The labels of the 15 trials are in label.mat.\n")
    truths = []
    for subject in list(DAYS)[:n_subjects]:
        for session, day in enumerate(DAYS[subject][:n_sessions], start=1):
            trials = tuple(
                TrialTruth(i, str(i), eeg(rng, trial_s * 200 + 1), condition=NAMES[label])
                for i, label in enumerate(LABELS, start=1)
            )
            variables = {f"{INITIALS[subject]}_eeg{trial.trial}": np.asarray(trial.eeg) for trial in trials}
            (home / f"{subject}_{day}.mat").write_bytes(mat_bytes(shuffled(variables)))
            truths.append(RecordingTruth(subject, str(session), CHANNELS, 200.0, trials))
    return tuple(truths)
