"""Training windows in a file against training windows in memory."""

import numpy as np
import pandas as pd
import pytest

from escgan import normalization
from escgan.errors import ConfigError
from escgan.evaluation.parts import Part
from escgan.evaluation.scarcity import Scarcity
from escgan.labels.threshold import ThresholdLabels
from storage.hdf5 import map_array, write_arrays
from storage.store import Store
from storage.tables import write_table
from tasks import training_windows as module
from tasks.sides import TrainingSide
from tasks.stage import UnitRun
from tasks.training_windows import free_memory, training_windows

LABELS = ThresholdLabels(rating="valence", missing="drop")


@pytest.fixture
def run(tmp_path):
    return UnitRun(store=Store(tmp_path), stage="train", key="ab" * 32, unit="fold-01", device="cpu")


def put(store, key, subject, channels="abcd", ratings=(2.0, 8.0)):
    n = 30
    draw = np.random.default_rng(int(key[-4:]))
    table = pd.DataFrame({"subject": subject, "session": "1", "trial": np.arange(n) % 2, "window": np.arange(n)})
    table = table.assign(start_s=table["window"] * 2.0, valence=np.resize(ratings, n))
    with store.create("features", key) as draft:
        attributes = {"measure": "de", "channels": list(channels), "bands": ["x", "y"]}
        values = draw.normal(3, 2, (n, len(channels), 2)).astype(np.float32)
        write_arrays(draft.file("features.h5"), {"de": values}, attributes)
        write_table(draft.file("windows.parquet"), table)
    return draft.ref


def gathered(run, features, scheme, monkeypatch, free, part=None, scarcity=None):
    monkeypatch.setattr(module, "free_memory", lambda: free)
    return training_windows(run, TrainingSide(tuple(features), part, scarcity), LABELS, scheme)


@pytest.mark.parametrize("scheme", ["none", "global", "per_subject", "coral"])
@pytest.mark.parametrize("ratings", [(2.0, 8.0), (2.0, np.nan, 8.0)])
@pytest.mark.parametrize("part", [None, Part(of="window", k=3, number=1)])
@pytest.mark.parametrize("scarcity", [None, Scarcity(label="high", keep=0.3)])
def test_windows_in_a_file_are_those_in_memory(run, monkeypatch, scheme, ratings, part, scarcity):
    # Two recordings of one subject with another's between them; unrated windows are left out.
    people = [("aaaa0001", "01"), ("aaaa0002", "02"), ("aaaa0003", "01")]
    features = [put(run.store, key, subject, ratings=ratings) for key, subject in people]
    memory = gathered(run, features, scheme, monkeypatch, free=2**40, part=part, scarcity=scarcity)
    file = gathered(run, features, scheme, monkeypatch, free=0, part=part, scarcity=scarcity)
    assert isinstance(file.de, np.memmap) and not isinstance(memory.de, np.memmap)
    np.testing.assert_array_equal(file.de, memory.de)
    np.testing.assert_array_equal(file.labels, memory.labels)
    pd.testing.assert_frame_equal(file.table, memory.table)
    assert (file.channels, file.bands, file.classes) == (memory.channels, memory.bands, memory.classes)
    np.testing.assert_array_equal(map_array(run.workspace / "windows.h5", "de"), memory.de)


def test_the_file_is_gone_with_the_units_workspace(run, monkeypatch):
    gathered(run, [put(run.store, "aaaa0001", "01")], "none", monkeypatch, free=0)
    assert list(run.workspace.iterdir())
    run.store.clear_workspace(run.stage, run.key)
    assert not (run.store.root / "work" / run.stage / run.key).exists()


def test_recordings_that_differ_and_windows_of_no_class_are_refused_as_in_memory(run, monkeypatch):
    differing = [put(run.store, "aaaa0001", "01"), put(run.store, "aaaa0002", "02", channels="abce")]
    unrated = [put(run.store, "aaaa0003", "03", ratings=(np.nan,))]
    for features, message in ((differing, "differ in channels"), (unrated, "belongs to any of the classes")):
        for free in (0, 2**40):
            with pytest.raises(ConfigError, match=message):
                gathered(run, features, "none", monkeypatch, free)


def test_folds_side_by_side_share_the_memory(run, monkeypatch):
    features = [put(run.store, "aaaa0001", "01")]
    size = run.store.open(features[0]).file("features.h5").stat().st_size
    monkeypatch.setattr(module, "free_memory", lambda: 16 * size * 3)
    in_file = [
        isinstance(training_windows(run, TrainingSide(tuple(features)), LABELS, "none", side_by_side=n).de, np.memmap)
        for n in (1, 3, 4)
    ]
    assert in_file == [False, False, True]


def test_free_memory_is_that_of_the_machine_or_less():
    assert 2**20 < free_memory() <= 2**50


def test_moments_in_blocks_are_those_of_all_windows(monkeypatch):
    de = np.random.default_rng(0).normal(50, 0.1, (1000, 3, 2)).astype(np.float32)
    whole = normalization._moments(de)
    monkeypatch.setattr(normalization, "_BLOCK", 64)
    for blocked, at_once in zip(normalization._moments(de), whole, strict=True):
        np.testing.assert_allclose(blocked, at_once, rtol=1e-9)
    np.testing.assert_allclose(normalization._standardize(de, *whole), (de - whole[0]) / whole[1], atol=1e-6)
