import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from escgan.errors import ConfigError
from escgan.evaluation.scarcity import Scarcity

CLASSES = ("calm", "joy")


def recordings(*counts):
    """Windows of a recording each; counts are of calm and joy."""
    rows = [
        (f"{place:02d}", "1", label)
        for place, own in enumerate(counts)
        for label, n in enumerate(own)
        for _ in range(n)
    ]
    table = pd.DataFrame(rows, columns=["subject", "session", "label"])
    return table[["subject", "session"]], table["label"].to_numpy(np.int64)


@given(
    counts=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=4),
    keep=st.floats(0.01, 1),
    seed=st.integers(0, 5),
)
def test_each_recording_keeps_its_share_of_the_class_and_all_of_the_others(counts, keep, seed):
    table, labels = recordings(*counts)
    kept = Scarcity(label="joy", keep=keep, seed=seed).kept(table, labels, CLASSES)
    for place, (calm, joy) in enumerate(counts):
        own = kept & (table["subject"] == f"{place:02d}").to_numpy()
        assert own[labels == 0].sum() == calm
        n = int(own[labels == 1].sum())
        assert n == (joy and 1) or abs(n - keep * joy) <= 0.5


def test_a_recording_loses_the_same_windows_whoever_stands_beside_it():
    alone, labels = recordings((10, 30))
    both, all_labels = recordings((10, 30), (5, 50))
    scarcity = Scarcity(label="joy", keep=0.2)
    np.testing.assert_array_equal(scarcity.kept(both, all_labels, CLASSES)[:40], scarcity.kept(alone, labels, CLASSES))


def test_seeds_take_other_windows_away():
    table, labels = recordings((10, 30))
    draws = {Scarcity(label="joy", keep=0.2, seed=seed).kept(table, labels, CLASSES).tobytes() for seed in range(5)}
    assert len(draws) == 5


def test_a_class_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(ConfigError, match=r"scarcity\.label is 'sad', expected one of: calm, joy\."):
        Scarcity(label="sad", keep=0.5).kept(*recordings((1, 1)), CLASSES)
