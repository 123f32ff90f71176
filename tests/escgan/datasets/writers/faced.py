"""FACED as preprocessed by its owners: ``Processed_data/subNNN.pkl``, one array (28, 32, 7500) a subject."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path

import numpy as np

from tests.escgan.datasets.writers.truth import RecordingTruth, TrialTruth

CHANNELS = tuple(
    "Fp1 Fp2 Fz F3 F4 F7 F8 FC1 FC2 FC5 FC6 Cz C3 C4 T7 T8 CP1 CP2 CP5 CP6 Pz P3 P4 P7 P8 PO3 PO4 Oz O1 O2".split()
)
EMOTIONS = "anger disgust fear sadness neutral amusement inspiration joy tenderness".split()
LABELS = "0001112223334444555666777888"


def array_pickle(array: np.ndarray) -> bytes:
    """Pickle an array with protocol 4 as NumPy 1 did, whose module was not yet called ``numpy._core``."""
    content = pickle.dumps(np.ascontiguousarray(array), protocol=4)
    new, old = b"\x8c\x16numpy._core.multiarray", b"\x8c\x15numpy.core.multiarray"
    assert content[:2] == b"\x80\x04" and content[2:3] == b"\x95" and content[11 : 11 + len(new)] == new
    (frame,) = struct.unpack("<Q", content[3:11])
    return content[:3] + struct.pack("<Q", frame - 1) + old + content[11 + len(new) :]


def draw_clips(number: int, seed: int) -> np.ndarray:
    """Draw (28, 32, 7500) microvolts; clips are shifts of one noise, so no two rows are alike."""
    rng = np.random.default_rng([seed, number])
    noise = rng.normal(0, 12, (32, 7500))
    return np.stack([np.roll(noise, 37 * clip + 1, axis=1) * (1 + clip / 50) for clip in range(28)])


def write_faced(folder: Path, n_subjects: int = 2, seed: int = 0) -> tuple[RecordingTruth, ...]:
    """Write subjects 000, 001, ...; the truth has the nine emotions as conditions."""
    target = folder / "Processed_data"
    target.mkdir(parents=True, exist_ok=True)
    truths = []
    for number in range(n_subjects):
        clips = draw_clips(number, seed)
        (target / f"sub{number:03d}.pkl").write_bytes(array_pickle(clips))
        trials = tuple(
            TrialTruth(clip + 1, str(clip + 1), clips[clip, :30], condition=EMOTIONS[int(LABELS[clip])])
            for clip in range(28)
        )
        truths.append(RecordingTruth(f"{number:03d}", "1", CHANNELS, 250.0, trials))
    return tuple(truths)
