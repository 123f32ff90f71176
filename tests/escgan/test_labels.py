import numpy as np
import pandas as pd
import pytest

from escgan.errors import ConfigError
from escgan.labels import ConditionLabels, ThresholdLabels


def table(**columns):
    n = len(next(iter(columns.values())))
    return pd.DataFrame({"subject": ["01"] * n, "trial": range(n), "start_s": np.zeros(n)} | columns)


def test_a_rating_at_the_threshold_belongs_where_the_direction_says():
    ratings = table(valence=[4.9, 5.0, 5.1])
    assert ThresholdLabels(rating="valence").apply(ratings).tolist() == [0, 1, 1]
    assert ThresholdLabels(rating="valence", direction=">").apply(ratings).tolist() == [0, 0, 1]


def test_conditions_become_labels_in_the_order_given():
    labels = ConditionLabels(classes=("rest", "task")).apply(table(condition=["task", "rest", "task"]))
    assert labels.tolist() == [1, 0, 1]
    assert labels.dtype == np.int64


def test_an_unknown_rating_names_the_known_ones():
    with pytest.raises(ConfigError, match=r"no rating 'arousl'.*expected one of valence"):
        ThresholdLabels(rating="arousl").apply(table(valence=[1.0]))


def test_a_missing_rating_names_trial_and_subject():
    with pytest.raises(ConfigError, match=r"Trial 1 of sub-01 has no rating 'valence'"):
        ThresholdLabels(rating="valence").apply(table(valence=[1.0, np.nan]))


def test_an_unlisted_condition_names_trial_and_subject():
    with pytest.raises(ConfigError, match=r"Trial 1 of sub-01 has condition 'nap'"):
        ConditionLabels(classes=("rest", "task")).apply(table(condition=["task", "nap"]))


def test_classes_named_twice_are_refused():
    with pytest.raises(ValueError, match="named twice"):
        ConditionLabels(classes=("rest", "rest"))


def test_two_classes_of_one_name_are_refused():
    with pytest.raises(ValueError, match="both classes are named 'x'"):
        ThresholdLabels(rating="valence", names=("x", "x"))


@pytest.mark.parametrize("column", ["start_s", "trial", "subject"])
def test_a_column_that_nobody_rated_is_no_rating(column):
    with pytest.raises(ConfigError, match=f"no rating '{column}'"):
        ThresholdLabels(rating=column).apply(table(valence=[1.0]))
