"""SEED's features in their owners' layout: ``ExtractedFeatures*/{subject}_{date}.mat`` and ``label.mat``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from escgan.features.measured import Features
from tests.escgan.datasets.writers.mat_doubles import mat_bytes
from tests.escgan.datasets.writers.seed import CHANNELS, DAYS, LABELS, NAMES, label_bytes, shuffled

BANDS = ("delta", "theta", "alpha", "beta", "gamma")
FILM_S = (235, 233, 206, 238, 185, 195, 237, 216, 265, 237, 235, 233, 235, 238, 206)
ROWS = {"de": 62, "psd": 62, "dasm": 27, "rasm": 27, "asm": 54, "dcau": 23}
# The middle of each feature's values: no two features can be taken for one another.
LEVELS = {"de": 20.0, "psd": 5000.0, "dasm": 0.5, "rasm": 1.0, "asm": 0.7, "dcau": -0.5}


@dataclass(frozen=True)
class FeatureTrialTruth:
    """One film; ``values`` of what is read by default are ``(n_windows, n_channels, n_bands)``."""

    trial: int
    stimulus: str
    condition: str
    values: NDArray[np.float64]


@dataclass(frozen=True)
class FeatureTruth:
    """One recording's features; ``variables`` maps every one in the file, such as ``de_LDS``, to its trials' values."""

    subject: str
    session: str
    channels: tuple[str, ...]
    bands: tuple[str, ...]
    window_s: float
    trials: tuple[FeatureTrialTruth, ...]
    variables: Mapping[str, tuple[NDArray[np.float64], ...]]


def feature_truth(
    subject: str,
    session: str,
    window_s: float,
    stimuli: Sequence[str],
    conditions: Sequence[str],
    variables: Mapping[str, tuple[NDArray[np.float64], ...]],
) -> FeatureTruth:
    """Collect what was written; the trials' values are the distributed DE where the file has it."""
    first = variables.get("de_LDS") or next(iter(variables.values()))
    rows = zip(stimuli, conditions, first, strict=True)
    trials = tuple(FeatureTrialTruth(i, *row) for i, row in enumerate(rows, start=1))
    return FeatureTruth(subject, session, CHANNELS, BANDS, window_s, trials, variables)


def compare_features(features: Features, truth: FeatureTruth) -> None:
    """Assert that a reader returned exactly what was written, to the rounding of float32, row by row."""
    written = truth.variables[features.measure]
    np.testing.assert_array_equal(features.values, np.concatenate(written).astype(np.float32))
    assert features.values.dtype == np.float32
    assert features.bands == truth.bands
    if features.values.shape[1] == len(truth.channels):
        assert features.channels == truth.channels
    rows = [
        (truth.subject, truth.session, trial.trial, window, window * truth.window_s, trial.stimulus, trial.condition)
        for trial, values in zip(truth.trials, written, strict=True)
        for window in range(len(values))
    ]
    columns = ["subject", "session", "trial", "window", "start_s", "stimulus", "condition"]
    assert list(features.table.columns) == columns
    assert list(features.table.itertuples(index=False, name=None)) == rows
    assert [str(kind) for kind in features.table.dtypes] == ["str", "str", "int64", "int64", "float64", "str", "str"]


def feature_variables(
    rng: np.random.Generator, names: Sequence[str], n_windows: Sequence[int]
) -> dict[str, tuple[NDArray[np.float64], ...]]:
    """Draw trials ``(n_windows, n_rows, 5)`` for each variable."""
    drawn = {}
    for name in names:
        feature = name.split("_")[0]
        level = LEVELS[feature]
        drawn[name] = tuple(rng.normal(level, 0.05 * abs(level), (n, ROWS[feature], 5)) for n in n_windows)
    return drawn


def feature_bytes(values: Mapping[str, Sequence[NDArray[np.float64]]]) -> bytes:
    """Build a file of ``{variable}{trial}`` arrays, rows first."""
    variables = {
        f"{name}{i}": trial.transpose(1, 0, 2)
        for name, trials in values.items()
        for i, trial in enumerate(trials, start=1)
    }
    return mat_bytes(shuffled(variables))


def write_seed_features(
    folder: Path,
    n_subjects: int = 2,
    seed: int = 0,
    *,
    n_sessions: int = 1,
    variables: Sequence[str] = ("asm_LDS", "dasm_LDS", "de_LDS"),
    window_s: int = 4,
    film_s: Sequence[int] = FILM_S,
) -> tuple[FeatureTruth, ...]:
    """Write complete films in windows of 4 s (``ExtractedFeatures_4s``) or 1 s (``ExtractedFeatures``)."""
    rng = np.random.default_rng(seed)
    home = folder / ("ExtractedFeatures_4s" if window_s == 4 else "ExtractedFeatures")
    home.mkdir(parents=True)
    (home / "label.mat").write_bytes(label_bytes())
    truths = []
    for subject in list(DAYS)[:n_subjects]:
        for session, day in enumerate(DAYS[subject][:n_sessions], start=1):
            values = feature_variables(rng, variables, [seconds // window_s for seconds in film_s])
            (home / f"{subject}_{day}.mat").write_bytes(feature_bytes(values))
            stimuli = [str(i) for i in range(1, 16)]
            conditions = [NAMES[label] for label in LABELS]
            truths.append(feature_truth(subject, str(session), float(window_s), stimuli, conditions, values))
    return tuple(truths)
