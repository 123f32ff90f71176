import numpy as np
import pandas as pd
import pytest

from escgan.errors import LeakageError
from escgan.evaluation.parts import Part, check_apart


def table(n_subjects=4, n_trials=10, n_windows=12):
    rows = [
        (f"{subject:02d}", "1", trial, window)
        for subject in range(n_subjects)
        for trial in range(1, n_trials + 1)
        for window in range(n_windows)
    ]
    return pd.DataFrame(rows, columns=["subject", "session", "trial", "window"])


@pytest.mark.parametrize("of", ["trial", "window"])
def test_every_window_is_in_one_part_and_parts_are_nearly_equal_in_every_recording(of):
    windows = table()
    parts = np.stack([Part(of=of, k=5, number=i).tested(windows) for i in range(5)])
    assert (parts.sum(axis=0) == 1).all()
    within = ["subject"] if of == "trial" else ["subject", "trial"]
    for _, own in windows.groupby(within):
        sizes = parts[:, own.index].sum(axis=1)
        assert sizes.max() - sizes.min() <= (0 if of == "trial" else 1)


def test_trials_stay_whole_and_windows_do_not():
    windows = table()
    whole = Part(of="trial", k=5, number=0).tested(windows)
    assert set(windows.assign(tested=whole).groupby(["subject", "trial"])["tested"].nunique()) == {1}
    torn = Part(of="window", k=5, number=0).tested(windows)
    assert set(windows.assign(tested=torn).groupby(["subject", "trial"])["tested"].nunique()) == {2}


@pytest.mark.parametrize("of", ["trial", "window"])
def test_a_deal_depends_on_its_own_recording_and_seed_alone(of):
    windows, part = table(), Part(of=of, k=5, number=2)
    own = (windows["subject"] == "02").to_numpy()
    np.testing.assert_array_equal(part.tested(windows[own]), part.tested(windows)[own])
    mixed = windows.sample(frac=1, random_state=0)
    np.testing.assert_array_equal(part.tested(mixed), part.tested(windows)[mixed.index])
    other = Part(of=of, k=5, number=2, seed=1)
    assert (other.tested(windows) != part.tested(windows)).any()


def test_with_fewer_trials_than_parts_no_part_is_left_empty_by_all_recordings():
    windows = table(n_subjects=30, n_trials=2)
    assert all(Part(of="trial", k=5, number=i).tested(windows).any() for i in range(5))


def test_sides_that_share_what_is_dealt_are_refused():
    windows = table(n_windows=3)
    trial, window = Part(of="trial", k=5, number=0), Part(of="window", k=3, number=0)
    check_apart(windows[windows["trial"] > 2], windows[windows["trial"] <= 2], trial)
    check_apart(windows[windows["window"] > 0], windows[windows["window"] == 0], window)
    with pytest.raises(LeakageError, match="trial 1 of sub-00 stands on both sides"):
        check_apart(windows[windows["window"] > 0], windows[windows["window"] == 0], trial)
    with pytest.raises(LeakageError, match="window 0 of sub-00"):
        check_apart(windows, windows, window)
