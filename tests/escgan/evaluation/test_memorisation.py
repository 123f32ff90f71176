from dataclasses import astuple, replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from escgan.evaluation.memorisation import Memorised, RealWindows, count_copies
from tests.conftest import make_windows


def at(places, labels=None, subjects=None):
    """Windows whose first value is given and whose others are 0."""
    whole = make_windows(counts=(len(places),), n_subjects=1)
    de = np.zeros_like(whole.de)
    de[:, 0, 0] = places
    table = whole.table.assign(subject=["a"] * len(places) if subjects is None else subjects)
    labels = np.zeros(len(places), np.int64) if labels is None else np.array(labels)
    return replace(whole, de=de, labels=labels, table=table, classes=("calm", "joy"))


def test_distances_are_compared_with_those_between_real_windows():
    # To the nearest other: 1, 1, 2, 4. The 5 % quantile is 1, the median 1.5.
    real = RealWindows(at([0, 1, 3, 7]), 0, 100, 0)
    found = real.compare(at([0.5, 0.9, 10, 12]).de)
    # To the nearest real window: 0.5, 0.1, 3 and 5.
    assert astuple(found) == pytest.approx((1.75 / 1.5, 2 / 4, 2 / 4))


def test_windows_of_another_class_are_not_looked_at():
    real = RealWindows(at([0, 1, 3, 7, 0.5], labels=[0, 0, 0, 0, 1]), 0, 100, 0)
    assert real.compare(at([0.5]).de).distance_ratio == pytest.approx(0.5 / 1.5)
    assert len(real) == 4


def test_between_any_and_5_percent_stand_distances_that_few_real_windows_have():
    # 99 windows one apart, and two that are 0.1 apart.
    real = RealWindows(at([*range(99), 500, 500.1]), 0, 1000, 0)
    found = real.compare(at([40.5]).de)
    assert (found.closer_than_any, found.closer_than_5pct) == (0, 1)
    assert real.compare(at([500.05]).de).closer_than_any == 1


def test_planted_copies_are_found_and_fresh_windows_are_not():
    train = make_windows(counts=(60, 40), separation=0.5)
    fresh = make_windows(counts=(60, 40), separation=0.5, seed=7)
    own = np.flatnonzero(train.labels == 1)
    mixed = np.concatenate([train.de[own[:30]], fresh.de[fresh.labels == 1][:70]])
    assert count_copies(mixed, train) == 30
    found = RealWindows(train, 1, 1000, 0).compare(mixed)
    # The copies, and those that come near by chance.
    assert 0.3 <= found.closer_than_any <= found.closer_than_5pct < 0.4
    # A third lies at 0, the others as far as real windows do.
    assert found.distance_ratio == pytest.approx(1, abs=0.1)
    all_copies = RealWindows(train, 1, 1000, 0).compare(train.de[own])
    assert astuple(all_copies) == (0, 1, 1)


def test_a_copy_of_any_class_counts_and_the_sign_of_zero_does_not():
    train = at([0, 1], labels=[0, 1])
    edits = at([1, 0, 0.5]).de
    edits[1] = -0.0
    assert count_copies(edits, train) == 2


def test_in_the_yardstick_windows_are_looked_for_among_other_subjects():
    # Within a subject the nearest is 1 away, among the other's windows 10, 9, 9 and 10.
    real = RealWindows(at([0, 1, 10, 11], subjects=["a", "a", "b", "b"]), 0, 100, 0)
    assert real.compare_subjects() == Memorised(9.5, 0, 0)
    assert real.count_shared() == 0
    shared = RealWindows(at([0, 1, 1, 11, 11], subjects=["a", "a", "b", "b", "b"]), 0, 100, 0)
    assert shared.count_shared() == 2


def test_one_subject_or_one_window_gives_no_comparison():
    one_subject = RealWindows(at([0, 1, 3]), 0, 100, 0)
    one_window = RealWindows(at([0, 1], labels=[0, 1]), 0, 100, 0)
    for found in (one_subject.compare_subjects(), one_window.compare(at([0]).de), one_subject.compare(at([0]).de[:0])):
        assert np.isnan(astuple(found)).all()


def test_of_many_windows_some_are_asked_and_neighbours_are_looked_for_among_all():
    train = make_windows(counts=(400,), n_subjects=2)
    whole, some = (RealWindows(train, 0, most, 0).compare(train.de[:50] + 0.1) for most in (10_000, 200))
    assert whole.distance_ratio == pytest.approx(some.distance_ratio, rel=0.05)
    again = RealWindows(train, 0, 200, 0).compare(train.de[:50] + 0.1)
    assert again == some


def test_repeated_real_windows_do_not_hide_that_they_are_each_others_nearest():
    real = RealWindows(at([5, 5, 5, 0, 1, 2]), 0, 100, 0)
    assert_allclose(np.sort(real._apart), [0, 0, 0, 1, 1, 1])
