"""DREAMER as distributed: one ``DREAMER.mat`` with a struct, a cell a subject, and cells a film inside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import savemat

from tests.escgan.datasets.writers.truth import RecordingTruth, TrialTruth

CHANNELS = tuple("AF3 F7 F3 FC5 T7 P7 O1 O2 P8 T8 FC6 F4 F8 AF4".split())
TARGETS = (
    "calmness surprise amusement fear excitement disgust happiness anger sadness "
    "disgust calmness amusement happiness anger fear excitement sadness surprise"
).split()
N_FILMS = 18
OFFSET_UV = 4200.0


@dataclass(frozen=True)
class Drawn:
    """One subject: films and the neutral films before them (n, 14), scores (18, 1) by their field."""

    films: list[np.ndarray]
    neutral: list[np.ndarray]
    scores: dict[str, np.ndarray]


def column(values: list[Any]) -> np.ndarray:
    """Build an (n, 1) cell array."""
    cells = np.empty((len(values), 1), dtype=object)
    for i, value in enumerate(values):
        cells[i, 0] = value
    return cells


def draw_subject(index: int, seed: int) -> Drawn:
    """Draw films of 5 to 7 s and neutral films of 4 s, each channel with its own constant near 4200 uV."""
    rng = np.random.default_rng([seed, index])
    lengths = rng.integers(5 * 128, 7 * 128, N_FILMS)

    def signal(n_times: int) -> np.ndarray:
        return rng.normal(0, 20, (n_times, 14)) + OFFSET_UV + rng.uniform(-100, 100, 14)

    return Drawn(
        films=[signal(int(n)) for n in lengths],
        neutral=[signal(512) for _ in lengths],
        scores={
            name: rng.integers(1, 6, (N_FILMS, 1)).astype(float)
            for name in ("ScoreValence", "ScoreArousal", "ScoreDominance")
        },
    )


def subject_struct(drawn: Drawn) -> dict[str, Any]:
    """Lay a subject out as in the file, its electrocardiogram at twice the rate."""
    return {
        "Age": "22",
        "Gender": "male",
        "EEG": {"baseline": column(drawn.neutral), "stimuli": column(drawn.films)},
        "ECG": {
            "baseline": column([np.full((2 * len(film), 2), 2048.0) for film in drawn.neutral]),
            "stimuli": column([np.full((2 * len(film), 2), 2048.0) for film in drawn.films]),
        },
        **drawn.scores,
    }


def save(path: Path, subjects: list[dict[str, Any]], compressed: bool = True) -> None:
    """Write the file."""
    data = np.empty((1, len(subjects)), dtype=object)
    for i, subject in enumerate(subjects):
        data[0, i] = subject
    electrodes = np.empty((1, 14), dtype=object)
    electrodes[0, :] = CHANNELS
    content = {
        "Data": data,
        "EEG_SamplingRate": 128.0,
        "ECG_SamplingRate": 256.0,
        "EEG_Electrodes": electrodes,
        "noOfSubjects": float(len(subjects)),
        "noOfVideoSequences": 18.0,
        "Disclaimer": "While every care has been taken ...",
        "Provider": "University of the West of Scotland",
        "Version": "1.0.2",
        "Acknowledgement": "The authors would like to thank ...",
    }
    savemat(path, {"DREAMER": content}, do_compression=compressed)


def write_dreamer(folder: Path, n_subjects: int = 2, seed: int = 0) -> tuple[RecordingTruth, ...]:
    """Write the file; the truth is without the neutral films, which are not read unless told."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = [draw_subject(index, seed) for index in range(n_subjects)]
    save(folder / "DREAMER.mat", [subject_struct(subject) for subject in drawn])
    return tuple(
        RecordingTruth(f"{index + 1:02d}", "1", CHANNELS, 128.0, tuple(trial_truth(subject, i) for i in range(18)))
        for index, subject in enumerate(drawn)
    )


def trial_truth(drawn: Drawn, film: int) -> TrialTruth:
    """Say what is true of one film."""
    ratings = {name.removeprefix("Score").lower(): float(scores[film, 0]) for name, scores in drawn.scores.items()}
    return TrialTruth(film + 1, str(film + 1), drawn.films[film].T, None, ratings, TARGETS[film])
