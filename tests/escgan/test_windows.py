from dataclasses import replace

import numpy as np
import pytest

from escgan.errors import ConfigError
from escgan.windows import concatenate
from tests.conftest import make_windows


def test_joined_windows_keep_rows_labels_and_features_together():
    parts = [make_windows(seed=1), make_windows(seed=2)]
    both = concatenate(parts)
    n = len(parts[0])
    np.testing.assert_array_equal(both.de[n:], parts[1].de)
    np.testing.assert_array_equal(both.labels[:n], parts[0].labels)
    assert both.table["window"].tolist() == parts[0].table["window"].tolist() * 2
    assert both.counts.tolist() == (2 * parts[0].counts).tolist()


def test_joining_different_montages_is_refused_with_both_subjects_and_what_only_one_has():
    odd = replace(make_windows(), channels=("Oz", *make_windows().channels[1:]))
    with pytest.raises(ConfigError, match=r"sub-00 and sub-00 differ in channels \(.* has Fp1; sub-00 alone has Oz\)"):
        concatenate([make_windows(), odd])
    odd = replace(make_windows(), bands=("band0", "gamma"))
    with pytest.raises(ConfigError, match="differ in bands"):
        concatenate([make_windows(), odd])


def test_channels_in_another_order_are_joined_by_their_names():
    one, other = make_windows(seed=1), make_windows(seed=2)
    order = np.random.default_rng(0).permutation(len(other.channels))
    shuffled = replace(other, de=other.de[:, order], channels=tuple(other.channels[i] for i in order))
    both = concatenate([one, shuffled])
    np.testing.assert_array_equal(both.de, concatenate([one, other]).de)
    assert both.channels == one.channels and both.de.flags.c_contiguous


def test_joining_nothing_is_refused():
    with pytest.raises(ConfigError, match="no windows to gather"):
        concatenate([])


def test_taken_windows_keep_rows_labels_and_features_together():
    windows, rows = make_windows(), np.array([100, 3, 57])
    some = windows.take(rows)
    np.testing.assert_array_equal(some.de, windows.de[rows])
    np.testing.assert_array_equal(some.labels, windows.labels[rows])
    assert some.table.to_dict("records") == [windows.table.iloc[row].to_dict() for row in rows]
    assert list(some.table.index) == [0, 1, 2] and some.channels == windows.channels
