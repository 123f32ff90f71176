"""From what subjects said to classes, against closed forms and pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from escgan.errors import ConfigError
from escgan.labels import (
    LABELS,
    LEFT_OUT,
    ConditionLabels,
    LabelConfig,
    QuadrantLabels,
    TertileLabels,
    ThresholdLabels,
)

EXAMPLES = {
    "classes": ConditionLabels(classes=("film", "rest")),
    "quadrants": QuadrantLabels(),
    "tertiles": TertileLabels(rating="valence"),
    "threshold": ThresholdLabels(rating="valence"),
}


def table(subject=None, **columns):
    n = len(next(iter(columns.values())))
    subjects = subject or ["01"] * n
    return pd.DataFrame({"subject": subjects, "session": "1", "trial": range(n), "start_s": np.zeros(n)} | columns)


def label(labels, rows, training=None):
    return labels.apply(rows, rows if training is None else training).tolist()


def test_every_labelling_has_an_example_here():
    assert EXAMPLES.keys() == LABELS.keys()


@pytest.mark.parametrize("kind", LABELS)
def test_every_labelling_keeps_the_contract(kind):
    labels = EXAMPLES[kind]
    assert (type(labels), labels.kind) == (LABELS[kind], kind)
    assert TypeAdapter(LabelConfig).validate_python(labels.model_dump(mode="json")) == labels
    ratings = np.arange(1.0, 9.0)
    rows = table(valence=ratings, arousal=ratings[::-1].copy(), condition=["film", "rest"] * 4)
    before = rows.copy()
    values = labels.apply(rows, rows)
    assert values.dtype == np.int64
    assert values.shape == (8,)
    assert set(values.tolist()) - {LEFT_OUT} <= set(range(len(labels.class_names)))
    assert all(name in labels.words() for name in labels.class_names)
    pd.testing.assert_frame_equal(rows, before)


def test_a_rating_at_the_threshold_belongs_where_the_direction_says():
    ratings = table(valence=[4.9, 5.0, 5.1])
    assert label(ThresholdLabels(rating="valence"), ratings) == [0, 1, 1]
    assert label(ThresholdLabels(rating="valence", direction=">"), ratings) == [0, 0, 1]


@pytest.mark.parametrize(("how", "border"), [("median", 3.0), ("mean", 4.0)])
def test_a_common_border_comes_from_the_training_subjects_trials_and_not_from_the_test_subjects(how, border):
    training = table(valence=[1.0, 3.0, 8.0])
    rows = table(["09"] * 3, valence=[border - 0.1, border, 100.0])
    assert label(ThresholdLabels(rating="valence", threshold=how), rows, training) == [0, 1, 1]


def test_a_border_of_its_own_is_taken_for_each_subject():
    rows = table(["a"] * 3 + ["b"] * 3, valence=[1.0, 2.0, 3.0, 6.0, 7.0, 8.0])
    labels = ThresholdLabels(rating="valence", threshold="median", scope="per_subject", direction=">")
    assert label(labels, rows) == [0, 0, 1, 0, 0, 1]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (ThresholdLabels(rating="valence", threshold="median", scope="per_subject"), [1, 0]),
        (TertileLabels(rating="valence", middle="keep", scope="per_subject"), [2, 0]),
        (QuadrantLabels(arousal="arousal", threshold="mean", scope="per_subject"), [3, 0]),
    ],
)
def test_a_subject_who_stands_on_both_sides_has_one_border_that_of_the_training_side(labels, expected):
    training = table(["a"] * 4 + ["b"] * 3, valence=[1.0, 2.0, 3.0, 4.0, 7.0, 8.0, 9.0], arousal=[1.0] * 3 + [9.0] * 4)
    tested = table(["a", "a"], valence=[4.0, 1.0], arousal=[4.0, 1.0])
    assert label(labels, tested, training) == expected
    # Of whom nothing is trained on, or rated there, the own ratings are all that there is.
    unrated = training.assign(valence=np.nan, arousal=np.nan)
    alone = [label(labels, tested.assign(subject=name), side) for name, side in (("c", training), ("a", unrated))]
    assert alone[0] == alone[1] == label(labels, tested)


def test_long_trials_weigh_no_more_than_short_ones():
    rows = pd.DataFrame(
        {"subject": "1", "session": "1", "trial": [1] * 10 + [2, 3], "valence": [9.0] * 10 + [1.0, 2.0]}
    )
    # Over windows the median is 9; over trials it is 2.
    assert label(ThresholdLabels(rating="valence", threshold="median"), rows) == [1] * 10 + [0, 1]


@given(st.lists(st.floats(1, 9, width=32), min_size=6, max_size=60, unique=True))
def test_tertiles_of_distinct_ratings_are_thirds(ratings):
    rows = table(valence=np.array(ratings, dtype=np.float64))
    values = np.array(label(TertileLabels(rating="valence", middle="keep"), rows))
    counts = np.bincount(values, minlength=3)
    assert counts.sum() == len(ratings)
    # Each outer third holds its border when that is a rating; no third is further off than that.
    assert np.abs(counts - len(ratings) / 3).max() < 1.5
    assert max(np.array(ratings)[values == 0]) < min(np.array(ratings)[values == 2])


def test_the_middle_third_is_left_out_or_a_class():
    rows = table(valence=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    dropped = TertileLabels(rating="valence")
    kept = TertileLabels(rating="valence", middle="keep")
    assert (dropped.class_names, kept.class_names) == (("low", "high"), ("low", "middle", "high"))
    assert label(dropped, rows) == [0, 0, LEFT_OUT, LEFT_OUT, 1, 1]
    assert label(kept, rows) == [0, 0, 1, 1, 2, 2]


def test_tertiles_per_subject_know_no_other_subject():
    rows = table(["a"] * 3 + ["b"] * 3, valence=[1.0, 2.0, 3.0, 6.0, 7.0, 8.0])
    assert label(TertileLabels(rating="valence", middle="keep", scope="per_subject"), rows) == [0, 1, 2, 0, 1, 2]


def test_coinciding_tertiles_name_the_subject_and_the_remedy():
    rows = table(["a"] * 3, valence=[5.0, 5.0, 5.0])
    with pytest.raises(ConfigError, match=r"of sub-a coincide at 5: .* take the tertiles globally"):
        label(TertileLabels(rating="valence", scope="per_subject"), rows)


def test_quadrants_cross_valence_with_arousal():
    rows = table(valence=[1.0, 1.0, 9.0, 9.0], arousal=[1.0, 9.0, 1.0, 9.0])
    labels = QuadrantLabels()
    assert [labels.class_names[i] for i in label(labels, rows)] == ["LVLA", "LVHA", "HVLA", "HVHA"]


def test_quadrants_per_subject_use_each_ones_medians():
    rows = table(["a", "a", "b", "b"], valence=[1.0, 2.0, 8.0, 9.0], arousal=[2.0, 1.0, 9.0, 8.0])
    labels = QuadrantLabels(threshold="median", scope="per_subject")
    assert label(labels, rows) == [1, 2, 1, 2]


@pytest.mark.parametrize("labels", [EXAMPLES["threshold"], EXAMPLES["tertiles"], EXAMPLES["quadrants"]])
def test_a_missing_rating_is_an_error_or_left_out(labels):
    ratings = [1.0, np.nan, 5.0, 9.0]
    rows = table(valence=ratings, arousal=ratings)
    with pytest.raises(ConfigError, match=r"Trial 1 of sub-01 has no rating 'valence'.*labels\.missing to drop"):
        label(labels, rows)
    dropping = labels.model_copy(update={"missing": "drop"})
    values = label(dropping, rows)
    assert values[1] == LEFT_OUT
    assert values[0] == 0
    assert values[3] == len(labels.class_names) - 1


def test_conditions_become_labels_in_the_order_given():
    rows = table(condition=["task", "rest", "task"])
    assert label(ConditionLabels(classes=("rest", "task")), rows) == [1, 0, 1]
    assert label(ConditionLabels(classes=("task", "rest")), rows) == [0, 1, 0]


def test_several_conditions_may_form_a_class():
    labels = ConditionLabels(classes=("unpleasant", "joy"), groups={"unpleasant": ("fear", "anger")})
    assert label(labels, table(condition=["joy", "anger", "fear"])) == [1, 0, 0]


def test_an_unlisted_condition_is_an_error_or_left_out():
    rows = table(condition=["task", "nap"])
    with pytest.raises(ConfigError, match=r"Trial 1 of sub-01 has condition 'nap'.*labels\.others to drop"):
        label(ConditionLabels(classes=("rest", "task")), rows)
    assert label(ConditionLabels(classes=("rest", "task"), others="drop"), rows) == [1, LEFT_OUT]


def test_an_unknown_rating_names_the_known_ones():
    with pytest.raises(ConfigError, match=r"no rating 'arousl'.*expected one of valence"):
        label(ThresholdLabels(rating="arousl"), table(valence=[1.0]))


@pytest.mark.parametrize("column", ["start_s", "trial", "subject"])
def test_a_column_that_nobody_rated_is_no_rating(column):
    with pytest.raises(ConfigError, match=f"no rating '{column}'"):
        label(ThresholdLabels(rating=column), table(valence=[1.0]))


@pytest.mark.parametrize(
    ("kind", "settings", "sentence"),
    [
        ("classes", {"classes": ["a", "a"]}, "named twice"),
        ("classes", {"classes": ["a"]}, "at least 2"),
        ("classes", {"classes": ["a", "b"], "groups": {"c": ["d"]}}, "'c', which is not among the classes"),
        ("classes", {"classes": ["a", "b"], "groups": {"a": ["b"]}}, "condition 'b' belongs to two classes"),
        ("classes", {"classes": ["a", "b"], "groups": {"a": []}}, "class 'a' has no condition"),
        ("threshold", {"rating": "valence", "names": ["x", "x"]}, "both classes are named 'x'"),
        ("threshold", {"rating": "valence", "scope": "per_subject"}, "threshold of 5 is the same for every subject"),
        ("tertiles", {"rating": "valence", "names": ["x", "y", "x"]}, "named twice"),
        ("quadrants", {"names": ["x", "y", "x", "z"]}, "named twice"),
        ("quadrants", {"arousal": "valence"}, "name two ratings"),
        ("quadrants", {"scope": "per_subject"}, "threshold of 5 is the same for every subject"),
    ],
)
def test_settings_that_cannot_work_are_refused_in_words(kind, settings, sentence):
    with pytest.raises(ValidationError, match=sentence):
        TypeAdapter(LabelConfig).validate_python({"kind": kind} | settings)
