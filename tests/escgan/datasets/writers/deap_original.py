"""DEAP's original recordings, as both sites made them, and the table of ratings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.escgan.datasets.writers.bdf import bdf_bytes, electrode, trigger
from tests.escgan.datasets.writers.truth import RecordingTruth, TrialTruth

SFREQ = 512
# fmt: off
TWENTE = (
    "Fp1", "AF3", "F7", "F3", "FC1", "FC5", "T7", "C3", "CP1", "CP5", "P7", "P3", "Pz", "PO3", "O1", "Oz",
    "O2", "PO4", "P4", "P8", "CP6", "CP2", "C4", "T8", "FC6", "FC2", "F4", "F8", "AF4", "Fp2", "Fz", "Cz",
)
GENEVA = (
    "Fp1", "AF3", "F3", "F7", "FC5", "FC1", "C3", "T7", "CP5", "CP1", "P3", "P7", "PO3", "O1", "Oz", "Pz",
    "Fp2", "AF4", "Fz", "F4", "F8", "FC6", "FC2", "Cz", "C4", "T8", "CP6", "CP2", "P4", "P8", "PO4", "O2",
)
# fmt: on
OTHERS = (*(f"EXG{i}" for i in range(1, 9)), "GSR1", "GSR2", "Erg1", "Erg2", "Resp", "Plet", "Temp")
# One of each kind first: Twente, Geneva without a name for the triggers, no familiarity, two channels unnamed.
SUBJECTS = (1, 24, 2, 29, 23, 15)
# By subject: Experiment_id in the order of presentation. None is its own inverse.
VIDEOS = {1: (17, 40, 3), 24: (8, 30, 21), 2: (5, 33, 12), 29: (31, 2, 19), 23: (9, 25, 4), 15: (14, 36, 7)}
NOT_ASKED = (2, 15, 23)
HEAD = ["Participant_id", "Trial", "Experiment_id", "Start_time", "Valence", "Arousal", "Dominance", "Liking"]


def write_deap_original(folder: Path, n_subjects: int = 2, seed: int = 0) -> tuple[RecordingTruth, ...]:
    """Write ``data_original`` and ``metadata_csv`` with three videos a subject; returns the truth of each."""
    rng = np.random.default_rng(seed)
    (folder / "data_original").mkdir(parents=True)
    (folder / "metadata_csv").mkdir()
    rows, truths = [], []
    for subject in sorted(SUBJECTS[:n_subjects]):
        truth, ratings = write_subject(folder / "data_original" / f"s{subject:02d}.bdf", subject, rng)
        truths.append(truth)
        rows += ratings
    write_table(folder / "metadata_csv" / "participant_ratings.csv", rows)
    return tuple(truths)


def write_table(path: Path, rows: list[list[object]]) -> None:
    lines = [[*HEAD, "Familiarity"], *rows]
    path.write_bytes("".join(",".join(map(str, line)) + "\r\n" for line in lines).encode("ascii"))


def write_subject(path: Path, subject: int, rng: np.random.Generator) -> tuple[RecordingTruth, list[list[object]]]:
    """Write one recording; returns its truth and its rows of the table, in an order of their own."""
    videos = VIDEOS[subject]
    codes, starts = phases(len(videos), pulses=subject % 2 == 0)
    order = TWENTE if subject <= 22 else GENEVA
    # Electrodes carry offsets of millivolts, as amplifiers coupled to direct current do.
    microvolts = {
        name: rng.uniform(-20_000, 20_000) + 20 * rng.standard_normal(codes.size, np.float32)
        for name in (*order, *OTHERS[:4])
    }
    still = np.zeros(codes.size)
    signals = [electrode(name, microvolts.get(name, still)) for name in (*order, *OTHERS)]
    if subject < 24:
        signals.append(trigger("Status", 0x180000 | codes))
    else:
        # The high bits change during the recording.
        words = np.where(np.arange(codes.size) < codes.size // 2, 0x18FF00, 0x58FF00) | codes
        signals += [electrode("", still)] * (subject >= 29) + [trigger("", words)]
    path.write_bytes(bdf_bytes(signals, SFREQ))
    trials, rows = [], []
    for presented, (video, start) in enumerate(zip(videos, starts, strict=True), 1):
        given = {name: float(np.round(rng.uniform(1, 9), 2)) for name in ("valence", "arousal", "dominance", "liking")}
        familiar = float("nan") if subject in NOT_ASKED else float(rng.integers(1, 6))
        rows.append(
            [
                subject,
                presented,
                video,
                1_000_000 * presented,
                *given.values(),
                "" if familiar != familiar else familiar,
            ]
        )
        eeg = np.stack([microvolts[name][start - 3 * SFREQ : start + 60 * SFREQ] for name in GENEVA])
        trials.append(
            TrialTruth(
                trial=video,
                stimulus=str(video),
                eeg=eeg[:, 3 * SFREQ :],
                baseline=eeg[:, : 3 * SFREQ],
                ratings={**given, "familiarity": familiar},
            )
        )
    trials.sort(key=lambda trial: trial.trial)
    rows.sort(key=lambda row: row[2])
    return RecordingTruth(f"{subject:02d}", "1", GENEVA, float(SFREQ), tuple(trials)), rows


def phases(n_videos: int, pulses: bool) -> tuple[NDArray[np.int64], list[int]]:
    """Return the trigger code at every sample and the samples at which the videos start.

    A code stands for as long as its phase, or for a few samples only where ``pulses``.
    """
    # Start, baseline and synchronisation screen, shortened; the first trial is not at a whole second.
    plan = [(0, 7.3), (1, 6.0), (1, 2.0), (2, 1.0)]
    plan += [(3, 5.0), (4, 60.0), (5, 3.0), (1, 1.2)] * n_videos + [(2, 1.0), (7, 2.0)]
    parts, starts, at = [], [], 0
    for code, seconds in plan:
        length = round(seconds * SFREQ)
        part = np.zeros(length, np.int64)
        part[: 4 if pulses else length] = code
        if code == 4:
            starts.append(at)
        parts.append(part)
        at += length
    codes = np.concatenate(parts)
    return np.pad(codes, (0, -codes.size % SFREQ)), starts
