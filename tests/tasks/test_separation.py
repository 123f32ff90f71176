"""The cohort's features, subject by subject, to the bands that give a class away."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from escgan.errors import ConfigError
from escgan.labels import LABELS
from storage.hdf5 import write_arrays
from storage.store import Store
from storage.tables import write_table
from tasks.separation import read_notices, separation

LABELLING = LABELS["threshold"](rating="valence", threshold=5.0)
N_TRIALS, N_WINDOWS = 6, 10


def put(store, subject, *, session="1", by=0.0, channels=("Fz", "Pz"), missing=False):
    """Store features in which trials of high valence lie higher in the second band."""
    draw = np.random.default_rng(int(subject))
    values = draw.standard_normal((N_TRIALS * N_WINDOWS, len(channels), 2)).astype(np.float32)
    trial = np.repeat(np.arange(N_TRIALS), N_WINDOWS)
    valence = np.where(trial % 2, 8.0, 2.0)
    values[valence > 5, :, 1] += by
    if missing:
        valence[trial == 0] = np.nan
    table = pd.DataFrame({"subject": subject, "session": session, "trial": trial, "window": np.arange(len(trial))})
    table = table.assign(start_s=0.0, valence=valence)
    with store.create("features", f"{int(subject):07x}{session}") as draft:
        attributes = {"measure": "de", "channels": list(channels), "bands": ["beta", "gamma"]}
        write_arrays(draft.file("features.h5"), {"de": values}, attributes)
        write_table(draft.file("windows.parquet"), table)
    return draft.ref


def notices(store, refs, labels=LABELLING):
    ref, _ = separation.execute(store, "cohort", (tuple(refs), labels))
    return read_notices(store.open(ref))


def test_a_planted_difference_is_named_and_a_cohort_without_one_is_not(tmp_path):
    store = Store(tmp_path)
    planted = [put(store, f"{i:02d}", by=5.0) for i in range(7)]
    (sentence,) = notices(store, planted)
    assert sentence.startswith("Band 'gamma' separates 'high' from the rest by itself in 7 of 7 subjects")
    other = Store(tmp_path / "other")
    assert notices(other, [put(other, f"{i:02d}") for i in range(7)]) == ()


def test_sessions_of_one_subject_count_once(tmp_path):
    store = Store(tmp_path)
    refs = [put(store, f"{i:02d}", session=session, by=5.0) for i in range(6) for session in "12"]
    (sentence,) = notices(store, refs)
    assert "6 of 6 subjects" in sentence


def test_windows_that_belong_to_no_class_are_left_out(tmp_path):
    store = Store(tmp_path)
    refs = [put(store, f"{i:02d}", by=5.0, missing=True) for i in range(6)]
    labels = LABELLING.model_copy(update={"missing": "drop"})
    assert len(notices(store, refs, labels)) == 1


def test_recordings_of_different_montages_are_refused_by_name(tmp_path):
    store = Store(tmp_path)
    refs = [*(put(store, f"{i:02d}") for i in range(6)), put(store, "06", channels=("Fz", "Cz"))]
    with pytest.raises(ConfigError, match="sub-00 and sub-06 differ in channels"):
        notices(store, refs)
