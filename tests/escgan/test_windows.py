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


def test_joining_different_montages_is_refused_with_both_subjects_named():
    odd = replace(make_windows(), channels=tuple(reversed(make_windows().channels)))
    with pytest.raises(ConfigError, match="sub-00 and sub-00 differ in channels"):
        concatenate([make_windows(), odd])


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
