from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escgan.evaluation.dealing import deal
from tests.conftest import make_windows


@settings(max_examples=25, deadline=None)
@given(n_subjects=st.integers(2, 9), n_parts=st.integers(2, 5), seed=st.integers(0, 2**31))
def test_subjects_are_dealt_whole_and_evenly(n_subjects, n_parts, seed):
    train = make_windows(counts=(3, 2), n_subjects=n_subjects)
    part = deal(train, n_parts, seed)
    of_subject = [set(part[train.subjects == name]) for name in np.unique(train.subjects)]
    assert all(len(parts) == 1 for parts in of_subject)
    sizes = np.bincount([parts.pop() for parts in of_subject])
    assert len(sizes) == min(n_parts, n_subjects) and sizes.max() - sizes.min() <= 1


def test_with_one_subject_trials_are_dealt_and_with_one_trial_a_class_its_stretches():
    table = pd.DataFrame(
        {"subject": "01", "session": "1", "trial": np.repeat(range(6), 10), "window": np.tile(range(10), 6)}
    )
    train = make_windows(counts=(30, 30), n_subjects=1)
    trials = deal(replace(train, table=table, labels=np.repeat([0, 1, 0, 1, 0, 1], 10)), 3, 0)
    assert len(set(trials)) == 3 and (trials.reshape(6, 10) == trials[::10, None]).all()
    # A trial a class: without one of them there would be one class.
    two = table.assign(trial=np.repeat([1, 2], 30), window=np.tile(range(30), 2))
    stretches = deal(replace(train, table=two, labels=np.repeat([0, 1], 30)), 3, 0)
    np.testing.assert_array_equal(stretches, np.tile(np.repeat([0, 1, 2], 10), 2))


@pytest.mark.parametrize("n_parts", [2, 3, 5])
def test_a_trial_of_one_window_is_a_stretch(n_parts):
    train = make_windows(counts=(1, 1), n_subjects=1)
    assert set(deal(train, n_parts, 0)) <= set(range(n_parts))
