"""How many real windows of each class folds train on: what the windows that augmenters make are added to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escgan.config import PipelineConfig
from storage.store import Store
from tasks.cases import split
from tasks.entries import RecordingEntry
from tasks.sides import TrainingSide
from tasks.windows import recording_windows, training_rows


def mean_trained(store: Store, config: PipelineConfig, recordings: Sequence[RecordingEntry]) -> NDArray[np.float64]:
    """Return the real windows of each class that a fold trains on, mean over folds and seeds, ``(n_classes,)``.

    Subjects who are tested or do not take part, and windows that were taken away to make a class scarce, are not
    counted.
    """
    tables = {entry.features: recording_windows(store, entry.features)[1] for entry in recordings}
    n_classes = len(config.labels.class_names)
    sides = [case.side for case in split(config, recordings)]
    # Where nothing is drawn, every seed has the same sides.
    counted: dict[TrainingSide, NDArray[np.int64]] = {}
    for side in sides:
        if side not in counted:
            table = pd.concat([tables[ref] for ref in side.features], ignore_index=True)
            assigned, _ = training_rows(table, side, config.labels)
            counted[side] = np.bincount(assigned, minlength=n_classes)
    return np.mean([counted[side] for side in sides], axis=0)
