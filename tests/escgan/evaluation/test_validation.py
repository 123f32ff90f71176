from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escgan.evaluation.validation import deal_validation
from tests.conftest import make_windows


@settings(max_examples=30, deadline=None)
@given(n_subjects=st.integers(2, 7), parts=st.integers(2, 5), seed=st.integers(0, 2**31))
def test_a_subject_is_in_one_part_and_parts_differ_by_one_subject_at_most(n_subjects, parts, seed):
    train = make_windows(counts=(4, 2), n_subjects=n_subjects, channels=("Cz", "Fz", "C3"))
    dealt = deal_validation(train, parts, seed)
    by_subject = pd.Series(dealt).groupby(train.subjects).unique()
    assert by_subject.map(len).eq(1).all()
    sizes = np.bincount([own[0] for own in by_subject])
    assert len(sizes) == min(parts, n_subjects) and sizes.max() - sizes.min() <= 1


def test_the_same_seed_deals_alike_and_others_do_not():
    train = make_windows(counts=(4, 2), n_subjects=9)
    deals = {deal_validation(train, 3, seed).tobytes() for seed in range(10)}
    np.testing.assert_array_equal(deal_validation(train, 3, 1), deal_validation(train, 3, 1))
    assert len(deals) > 5


def test_the_deal_depends_on_names_and_classes_alone():
    train = make_windows(counts=(4, 2), n_subjects=5)
    other = train.with_de(np.random.default_rng(1).standard_normal(train.de.shape).astype(np.float32))
    np.testing.assert_array_equal(deal_validation(train, 3, 0), deal_validation(other, 3, 0))


def test_with_one_subject_trials_validate_and_with_one_trial_a_class_its_stretches():
    table = pd.DataFrame(
        {"subject": "01", "session": "1", "trial": np.repeat(range(6), 10), "window": np.tile(range(10), 6)}
    )
    train = make_windows(counts=(30, 30), n_subjects=1)
    trials = deal_validation(replace(train, table=table, labels=np.repeat([0, 1, 0, 1, 0, 1], 10)), 3, 0)
    assert len(set(trials)) == 3 and (trials.reshape(6, 10) == trials[::10, None]).all()
    # A trial a class: without one of them there would be one class.
    two = table.assign(trial=np.repeat([1, 2], 30), window=np.tile(range(30), 2))
    stretches = deal_validation(replace(train, table=two, labels=np.repeat([0, 1], 30)), 3, 0)
    np.testing.assert_array_equal(stretches, np.tile(np.repeat([0, 1, 2], 10), 2))


@pytest.mark.parametrize("parts", [2, 3, 5])
def test_a_trial_of_one_window_is_a_stretch(parts):
    train = make_windows(counts=(1, 1), n_subjects=1)
    assert set(deal_validation(train, parts, 0)) <= set(range(parts))


def test_rows_keep_a_windows_values_label_and_name_together():
    train = make_windows(counts=(4, 2), n_subjects=2)
    rows = np.array([11, 0, 5])
    some = train.take(rows)
    np.testing.assert_array_equal(some.de, train.de[rows])
    np.testing.assert_array_equal(some.labels, train.labels[rows])
    assert some.table["window"].tolist() == train.table["window"].to_numpy()[rows].tolist()
    assert some.subjects.tolist() == ["01", "00", "00"] and isinstance(some.table.index, pd.RangeIndex)
    assert (some.channels, some.bands, some.classes) == (train.channels, train.bands, train.classes)
