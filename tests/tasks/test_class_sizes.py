"""How many real windows folds train on, counted from stored features."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from escgan.config import parse_config
from storage.hdf5 import write_arrays
from storage.store import Store
from storage.tables import write_table
from tasks.class_sizes import mean_trained
from tasks.entries import RecordingEntry

# Windows of low and high valence of each subject.
WINDOWS = {"01": (10, 30), "02": (20, 30), "03": (30, 30)}


@pytest.fixture
def recordings(tmp_path):
    store = Store(tmp_path)
    entries = []
    for subject, (low, high) in WINDOWS.items():
        n, key = low + high, f"aaaa00{subject}"
        table = pd.DataFrame({"subject": subject, "session": "1", "trial": np.arange(n) % 2, "window": np.arange(n)})
        table = table.assign(start_s=table["window"] * 2.0, valence=[2.0] * low + [8.0] * high)
        with store.create("features", key) as draft:
            attributes = {"measure": "de", "channels": ["Fz", "Cz"], "bands": ["alpha"]}
            write_arrays(draft.file("features.h5"), {"de": np.zeros((n, 2, 1), np.float32)}, attributes)
            write_table(draft.file("windows.parquet"), table)
        entries.append(RecordingEntry(f"sub-{subject}", None, draft.ref))
    return store, entries


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # Each subject trains in two of three folds.
        ({}, (40, 60)),
        ({"seeds": [0, 1]}, (40, 60)),
        # A tenth of each recording's low windows: 1, 2 and 3.
        ({"scarcity": {"label": "low valence", "keep": 0.1}, "seeds": [0, 1]}, (4, 60)),
        # Two parts of trials of equal length: half of all windows train.
        ({"protocol": {"kind": "cross_trial", "k": 2}}, (30, 45)),
    ],
)
def test_a_fold_trains_on_the_others_windows_that_were_not_taken_away(recordings, changes, expected):
    store, entries = recordings
    values = {"dataset": "simulated", "augmenters": ["none"], "classifiers": ["logistic"]}
    assert mean_trained(store, parse_config(values | changes), entries) == pytest.approx(expected)


def test_subjects_who_do_not_take_part_are_not_counted(recordings):
    store, entries = recordings
    values = {"dataset": "simulated", "augmenters": ["none"], "classifiers": ["logistic"], "training_subjects": 1}
    low, high = mean_trained(store, parse_config(values), entries)
    assert high == 30 and 10 <= low <= 30
