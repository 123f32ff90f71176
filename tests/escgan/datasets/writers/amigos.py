"""AMIGOS as distributed: ``Data_Preprocessed_PNN.mat``, 20 cells a subject, with what the real files lack.

Subject 01 lies in a folder of its own name, as the archives unpack; its cells come in another order than the
corpus' list, two of its short videos are missing and one holds NaN. Subject 02 lies in the folder itself, in
the list's order and complete; from 03 on as 02, without the long videos.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import savemat

from tests.escgan.datasets.writers.truth import RecordingTruth, TrialTruth

CHANNELS = tuple("AF3 F7 F3 FC5 T7 P7 O1 O2 P8 T8 FC6 F4 F8 AF4".split())
VIDEO_LIST = "4 5 9 10 13 18 19 20 23 30 31 34 36 58 80 138 N1 P1 B1 U1".split()
SCALES = "arousal valence dominance liking familiarity".split()
EMOTIONS = "neutral disgust happiness surprise anger fear sadness".split()
N_BASELINE = 5 * 128
MISSING, WITH_NAN, NOT_ANNOTATED = ("9", "58"), "20", "30"


def cells(values: list[Any]) -> np.ndarray:
    """Build a (1, n) cell array."""
    row = np.empty((1, len(values)), dtype=object)
    for i, value in enumerate(values):
        row[0, i] = value
    return row


def draw(rng: np.random.Generator, n_times: int) -> dict[str, np.ndarray]:
    """Draw one video's cells: data (n, 17), self-assessment (1, 12), external annotation (k, 3)."""
    data = rng.normal(0, 15, (n_times, 17))
    data[:, 14:16] *= 40
    data[:, 16] = 5e5 + rng.normal(0, 1e3, n_times)
    own = np.concatenate([rng.uniform(1, 9, 5), rng.integers(0, 2, 7)])[np.newaxis]
    k = int(rng.integers(3, 6))
    external = np.column_stack([np.arange(1, k + 1), rng.uniform(-1, 0, k), rng.uniform(0, 1, k)])
    return {"data": data, "own": own, "external": external}


def save(path: Path, videos: dict[str, dict[str, np.ndarray]], order: list[str]) -> None:
    """Write one subject's file with its cells in the order given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(
        path,
        {
            "joined_data": cells([videos[video]["data"] for video in order]),
            "labels_selfassessment": cells([videos[video]["own"] for video in order]),
            "labels_ext_annotation": cells([videos[video]["external"] for video in order]),
            "VideoIDs": cells(list(order)),
        },
        do_compression=True,
    )


def truth_of(video: str, drawn: dict[str, np.ndarray]) -> TrialTruth:
    """Say what is true of one video."""
    signal, external = drawn["data"].T[:14], drawn["external"]
    ratings = dict(zip([*SCALES, *EMOTIONS], drawn["own"][0].tolist(), strict=True))
    annotated = external.size > 0
    ratings["external_valence"] = float(np.mean(external[:, 1])) if annotated else np.nan
    ratings["external_arousal"] = float(np.mean(external[:, 2])) if annotated else np.nan
    return TrialTruth(
        trial=VIDEO_LIST.index(video) + 1,
        stimulus=video,
        eeg=signal[:, N_BASELINE:],
        baseline=signal[:, :N_BASELINE],
        ratings=ratings,
    )


def draw_subject(number: int, seed: int) -> dict[str, dict[str, np.ndarray]]:
    """Draw a subject's 20 videos, 4 to 8 s long after the baseline."""
    rng = np.random.default_rng([seed, number])
    videos = {video: draw(rng, N_BASELINE + int(rng.integers(4 * 128, 8 * 128))) for video in VIDEO_LIST}
    absent = {"data": np.zeros((0, 0)), "own": np.zeros((1, 0)), "external": np.zeros((0, 0))}
    if number == 1:
        for video in MISSING:
            videos[video] = absent
        videos[WITH_NAN]["data"][700:, 3] = np.nan
        videos[NOT_ANNOTATED]["external"] = np.zeros((0, 0))
    elif number > 2:
        for video in VIDEO_LIST[16:]:
            videos[video] = absent
    return videos


def write_amigos(folder: Path, n_subjects: int = 2, seed: int = 0) -> tuple[RecordingTruth, ...]:
    """Write subjects; the truth is of the short videos, which are read unless told otherwise."""
    truths = []
    for number in range(1, n_subjects + 1):
        name = f"Data_Preprocessed_P{number:02d}"
        videos = draw_subject(number, seed)
        order = list(VIDEO_LIST)
        if number == 1:
            np.random.default_rng(seed).shuffle(order)
        save(folder / name / f"{name}.mat" if number == 1 else folder / f"{name}.mat", videos, order)
        usable = [v for v in VIDEO_LIST[:16] if number > 1 or v not in (*MISSING, WITH_NAN)]
        trials = tuple(truth_of(video, videos[video]) for video in usable)
        truths.append(RecordingTruth(f"{number:02d}", "1", CHANNELS, 128.0, trials))
    return tuple(truths)
