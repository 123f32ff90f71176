"""SEED-V's features in their owners' layout: ``EEG_DE_features/{subject}_123.npz``, two pickled dictionaries each."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.escgan.datasets.writers.seed_raw import CHANNELS
from tests.escgan.datasets.writers.seed_v import CLASSES

BANDS = ("delta", "theta", "alpha", "beta", "gamma")
NUMBERS = {"disgust": 0, "fear": 1, "sad": 2, "neutral": 3, "happy": 4}


@dataclass(frozen=True)
class FeatureTrial:
    """One trial; ``values`` is ``(n_windows, n_channels, n_bands)``."""

    trial: int
    stimulus: str
    condition: str
    values: NDArray[np.float64]


@dataclass(frozen=True)
class FeatureTruth:
    """One recording's features."""

    subject: str
    session: str
    channels: tuple[str, ...]
    bands: tuple[str, ...]
    trials: tuple[FeatureTrial, ...]


def write_archive(path: Path, data: object, label: object, protocol: int = 3) -> None:
    """Write an ``.npz`` as the owners' script does, from two pickles."""
    np.savez(path, data=pickle.dumps(data, protocol), label=pickle.dumps(label, protocol))


def draw(number: int, seed: int, n_windows: int = 3) -> dict[int, NDArray[np.float64]]:
    """Draw 45 trials ``(n_windows, 310)``, each a window longer or shorter than the next."""
    rng = np.random.default_rng([seed, number])
    return {trial: rng.normal(20, 3, (n_windows + trial % 2, 310)) for trial in range(45)}


def labels(data: dict[int, NDArray[np.float64]]) -> dict[int, NDArray[np.float64]]:
    """Give every window the number of its trial's class."""
    return {
        trial: np.full(len(values), float(NUMBERS[CLASSES[trial // 15 + 1][trial % 15]]))
        for trial, values in data.items()
    }


def write_seed_v_features(
    folder: Path, n_subjects: int = 2, seed: int = 0, *, protocol: int = 3
) -> tuple[FeatureTruth, ...]:
    """Write subjects 1, 2, ..., each with three sessions of 15 trials."""
    home = folder / "EEG_DE_features"
    home.mkdir(parents=True)
    truths = []
    for subject in range(1, n_subjects + 1):
        data = draw(subject, seed)
        write_archive(home / f"{subject}_123.npz", data, labels(data), protocol)
        for session in (1, 2, 3):
            trials = []
            for film in range(15):
                flat = data[15 * (session - 1) + film]
                # A window's 310 numbers: the five bands of the first electrode, then of the second, and so on.
                values = np.stack([flat[:, 5 * place : 5 * place + 5] for place in range(62)], axis=1)
                trials.append(FeatureTrial(film + 1, f"{session}-{film + 1}", CLASSES[session][film], values))
            truths.append(FeatureTruth(str(subject), str(session), CHANNELS, BANDS, tuple(trials)))
    return tuple(truths)
