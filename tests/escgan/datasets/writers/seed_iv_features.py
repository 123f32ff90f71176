"""SEED-IV's features in their owners' layout: ``eeg_feature_smooth/{1,2,3}/{subject}_{date}.mat``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.escgan.datasets.writers.seed_features import FeatureTruth, feature_bytes, feature_truth, feature_variables
from tests.escgan.datasets.writers.seed_iv import DAYS, LABELS, NAMES


def write_seed_iv_features(
    folder: Path,
    n_subjects: int = 2,
    seed: int = 0,
    *,
    n_sessions: int = 1,
    variables: Sequence[str] = ("de_LDS", "de_movingAve", "psd_LDS", "psd_movingAve"),
) -> tuple[FeatureTruth, ...]:
    """Write subjects 1, 2, 10 and 15 (as many as asked for), 3 to 8 windows of 4 s a film."""
    rng = np.random.default_rng(seed)
    truths = []
    for subject in list(DAYS)[:n_subjects]:
        for session, day in list(zip(LABELS, DAYS[subject], strict=True))[:n_sessions]:
            home = folder / "eeg_feature_smooth" / session
            home.mkdir(parents=True, exist_ok=True)
            values = feature_variables(rng, variables, [int(n) for n in rng.integers(3, 9, 24)])
            (home / f"{subject}_{day}.mat").write_bytes(feature_bytes(values))
            stimuli = [f"{session}-{i}" for i in range(1, 25)]
            conditions = [NAMES[label] for label in LABELS[session]]
            truths.append(feature_truth(subject, session, 4.0, stimuli, conditions, values))
    return tuple(truths)
