"""One person under two names is found by the signals themselves."""

from __future__ import annotations

from escgan.datasets.duplicates import duplicate_trials


def test_recordings_that_share_nothing_are_not_mentioned() -> None:
    assert duplicate_trials({"sub-01": {1: "a", 2: "b"}, "sub-02": {1: "c", 2: "d"}}) == ()


def test_a_copied_recording_is_named_with_all_its_trials() -> None:
    (sentence,) = duplicate_trials({"sub-01": {1: "a", 2: "b"}, "sub-02": {1: "c"}, "sub-07": {1: "a", 2: "b"}})
    assert sentence.startswith("sub-01 and sub-07 hold the same signals (all trials: 1, 2)")


def test_single_trials_are_named_by_both_their_numbers() -> None:
    (sentence,) = duplicate_trials({"sub-01": {1: "a", 2: "b", 3: "c"}, "sub-02": {5: "b"}})
    assert "(1 of 3 trials: 2 as 5)" in sentence


def test_a_signal_repeated_inside_one_recording_is_named() -> None:
    (sentence,) = duplicate_trials({"sub-01": {1: "a", 2: "a"}})
    assert sentence == "sub-01 holds the same signal twice (trials 1 as 2): check its files."


def test_three_copies_make_three_pairs() -> None:
    assert len(duplicate_trials({"a": {1: "x"}, "b": {1: "x"}, "c": {1: "x"}})) == 3


def test_a_long_list_is_cut_short() -> None:
    trials = {i: str(i) for i in range(40)}
    (sentence,) = duplicate_trials({"sub-01": trials, "sub-02": trials})
    assert "7 and 32 more" in sentence
