"""What limits scores is said, and nothing is said where nothing does."""

import numpy as np
import pandas as pd
import pytest

from escgan.evaluation.caveats import caveats, few_subjects, nothing_added, one_class_subjects
from escgan.evaluation.scarcity import Scarcity
from escgan.evaluation.verdict import verdict_sentences


def scores(n_subjects, one_class=(), folds=1):
    """A row a subject and fold; the subjects of ``one_class`` are tested on joy alone."""
    names = [f"{i:02d}" for i in range(1, n_subjects + 1) for _ in range(folds)]
    calm = [np.nan if name in one_class else 0.5 for name in names]
    return pd.DataFrame({"subject": names, "recall: calm": calm, "recall: joy": 0.5})


def compared(n):
    return pd.DataFrame({"metric": ["balanced_accuracy", "auroc"] * n})


def made(*rows, augmenter="escgan"):
    return pd.DataFrame(rows, columns=["wanted", "tried", "accepted"]).assign(augmenter=augmenter, fold="f", seed=0)


def test_enough_subjects_with_both_classes_and_windows_added_need_no_caveat():
    assert caveats(scores(8), compared(1), made((5, 9, 5), (5, 5, 5))) == ()


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_fewer_than_six_subjects_are_told_the_p_value_that_is_out_of_reach(n):
    said, _ = few_subjects(scores(n))
    # Two of the 2^n ways in which signs can fall are the most extreme.
    assert said.startswith(f"There are {n} subjects: no p value can fall below {2 / 2**n:.3g}")
    assert said.endswith("6 subjects are the fewest that could.")


@pytest.mark.parametrize(("n", "m", "floor", "needed"), [(4, 2, "0.25", 7), (6, 4, "0.125", 8), (4, 0, "0.125", 6)])
def test_the_p_value_that_is_out_of_reach_is_the_verdicts_for_as_many_comparisons(n, m, floor, needed):
    said = caveats(scores(n), compared(m), made())[0]
    among = f" in {m} comparisons" if m else ""
    assert said.startswith(f"There are {n} subjects: no p value can fall below {floor}{among}, so nothing")
    # Holm multiplies the smallest p value by the number of comparisons.
    assert max(m, 1) * 2 / 2**needed < 0.05 <= max(m, 1) * 2 / 2 ** (needed - 1)
    assert said.endswith(f"; {needed} subjects are the fewest that could.")
    row = {"classifier": "svm", "augmenter": "a", "rival": "none", "n_subjects": n, "low": -1, "high": 1, "p_holm": 1}
    row |= {"mean": 0.5, "rival_mean": 0.5, "difference": 0.0, "detectable": np.nan, "verdict": "undecided"}
    names = [f"a{i}" for i in range(max(m, 1))]
    verdict = verdict_sentences(pd.DataFrame([row | {"augmenter": a, "metric": "balanced_accuracy"} for a in names]))
    corrected = f", corrected for {m} comparisons," if m else ""
    assert f"p{corrected} cannot fall below {floor}." in verdict[1]


@pytest.mark.parametrize(("n", "rate"), [(2, 50), (4, 88), (6, 93), (7, 94)])
def test_fewer_than_eight_subjects_are_told_how_often_their_intervals_hold(n, rate):
    said = few_subjects(scores(n))[-1]
    assert said.startswith(f"95 % intervals over {n} subjects are narrow") and f"about {rate} % of cohorts" in said
    assert few_subjects(scores(8)) == ()


def test_one_subject_stands_for_nobody_else():
    (said,) = few_subjects(scores(1))
    assert said.startswith("There is one subject") and "nan" not in said


def test_subjects_tested_on_one_class_are_named_and_the_others_are_not():
    (said,) = one_class_subjects(scores(8, one_class=("03", "07")))
    assert said.startswith("Tested on windows of one class at a time: sub-03, sub-07. ")
    (said,) = one_class_subjects(scores(9, one_class=[f"{i:02d}" for i in range(1, 9)]))
    assert "sub-05 and 3 more." in said


def test_a_subject_who_shows_two_classes_in_one_of_several_folds_is_no_such_subject():
    table = scores(6, folds=2)
    table.loc[0, "recall: calm"] = np.nan
    assert one_class_subjects(table) == ()
    # One trial a fold: both classes are seen, never at once.
    table.loc[1, "recall: joy"] = np.nan
    assert "sub-01." in one_class_subjects(table)[0]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(5, 20, 0), (5, 30, 0)], "escgan added no window: none of its 50 edits was accepted."),
        ([(5, 20, 0), (5, 30, 5)], "escgan added no window in 1 of 2 trainings: none of its 20 edits was accepted."),
        ([(0, 0, 0), (0, 0, 0)], "escgan added no window: no class lacked any."),
        ([(5, 0, 0), (4, 0, 0)], "escgan added no window: it made none of the 9 that classes lacked."),
    ],
)
def test_an_augmenter_that_added_nothing_is_named_with_the_reason(rows, words):
    (said,) = nothing_added(made(*rows))
    assert said.startswith(words) and said.endswith("those of the real windows alone.")


def test_each_augmenter_has_its_own_sentence():
    both = pd.concat([made((5, 9, 0)), made((5, 9, 5), augmenter="noise"), made((5, 0, 0), augmenter="auto")])
    assert [said.split()[0] for said in nothing_added(both)] == ["escgan", "auto"]


def test_what_was_taken_away_from_training_is_said_first_and_nothing_where_nothing_was():
    said = caveats(scores(8), compared(1), made((5, 9, 5)), Scarcity(label="joy", keep=0.125), 3)
    assert len(said) == 2
    assert said[0].startswith("Class joy was made scarce on purpose: 12.5 % of each recording's training windows of it")
    assert said[1].startswith("Training was limited on purpose to 3 subjects a fold")
    assert "to 1 subject a fold" in caveats(scores(8), compared(1), made((5, 9, 5)), None, 1)[0]
    assert caveats(scores(8), compared(1), made((5, 9, 5)), Scarcity(label="joy", keep=1.0), None) == ()
