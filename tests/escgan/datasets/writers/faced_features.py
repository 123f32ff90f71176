"""FACED's features: ``EEG_Features/{DE,PSD}/subNNN.pkl.pkl``, one array (28, 32, 30, 5) a subject and feature."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from tests.escgan.datasets.writers.faced import CHANNELS, EMOTIONS, LABELS, array_pickle

BANDS = ("delta", "theta", "alpha", "beta", "gamma")


@dataclass(frozen=True)
class FeatureTruth:
    """One recording: per trial ``values`` (n_windows, n_channels, n_bands) and the condition."""

    subject: str
    session: str
    channels: tuple[str, ...]
    bands: tuple[str, ...]
    values: tuple[np.ndarray, ...]
    conditions: tuple[str, ...]

    @property
    def trials(self) -> tuple[SimpleNamespace, ...]:
        """The clips one by one, as other writers tell them."""
        pairs = zip(self.values, self.conditions, strict=True)
        return tuple(SimpleNamespace(trial=i, values=v, condition=c) for i, (v, c) in enumerate(pairs, start=1))


def draw_features(number: int, seed: int, feature: str = "de") -> np.ndarray:
    """Draw (28, 32, 30, 5): entropies as of deviations of 1 to 30 uV, or their powers."""
    rng = np.random.default_rng([seed, number])
    deviation = rng.uniform(1, 30, (28, 32, 30, 5)) / np.array([1, 2, 2, 4, 6])
    return 0.5 * np.log(2 * np.pi * np.e * deviation**2) if feature == "de" else 100 * deviation**2


def write_faced_features(folder: Path, n_subjects: int = 2, seed: int = 0) -> tuple[FeatureTruth, ...]:
    """Write both features of subjects 000, 001, ...; the truth is of the entropies and the nine emotions."""
    truths = []
    for number in range(n_subjects):
        for feature in ("de", "psd"):
            target = folder / "EEG_Features" / feature.upper()
            target.mkdir(parents=True, exist_ok=True)
            content = array_pickle(draw_features(number, seed, feature))
            (target / f"sub{number:03d}.pkl.pkl").write_bytes(content)
        de = draw_features(number, seed)
        values = tuple(
            np.stack([[de[clip, channel, second] for channel in range(30)] for second in range(30)])
            for clip in range(28)
        )
        conditions = tuple(EMOTIONS[int(label)] for label in LABELS)
        truths.append(FeatureTruth(f"{number:03d}", "1", CHANNELS, BANDS, values, conditions))
    return tuple(truths)
