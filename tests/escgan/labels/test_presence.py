"""Whether asked classes occur, in cohorts whose trials are known."""

import numpy as np
import pandas as pd
import pytest

from escgan.errors import ConfigError
from escgan.labels import ConditionLabels, QuadrantLabels, ThresholdLabels, refuse_absent_classes
from escgan.labels.presence import conditions_of, found_in, trials_by_class


def table(**columns):
    n = len(next(iter(columns.values())))
    # Two windows a trial: what is counted are trials.
    rows = pd.DataFrame({"subject": "01", "session": "1", "trial": np.arange(n)} | columns)
    return rows.loc[rows.index.repeat(2)].reset_index(drop=True)


def test_two_classes_that_occur_are_enough_and_one_is_not():
    rows = table(condition=["neg", "pos", "pos", "odd"])
    refuse_absent_classes(ConditionLabels(classes=("neg", "pos", "joy"), others="drop"), rows)
    with pytest.raises(ConfigError, match=r"class 'negative'; they have the conditions 'pos' \(2 trials\), "):
        refuse_absent_classes(ConditionLabels(classes=("negative", "pos"), others="drop"), rows)


def test_ratings_on_one_side_of_the_border_are_told_with_their_range():
    rows = table(valence=[1.0, 2.5, 4.0], condition=[None] * 3)
    with pytest.raises(ConfigError, match="belongs to class 'high'; they have ratings of valence from 1 to 4: ask for"):
        refuse_absent_classes(ThresholdLabels(rating="valence"), rows)
    refuse_absent_classes(ThresholdLabels(rating="valence", threshold=2.5), rows)


@pytest.mark.parametrize("labels", [ThresholdLabels(rating="valence"), QuadrantLabels()])
def test_recordings_without_ratings_are_answered_by_labels_of_their_conditions(labels):
    with pytest.raises(ConfigError) as refused:
        refuse_absent_classes(labels, table(condition=["neg", "pos"]))
    assert "There is no rating 'valence', nor any other" in str(refused.value)
    assert str(refused.value).endswith("labels: {kind: classes, classes: [neg, pos]}.")


def test_trials_are_counted_once_however_many_windows_they_have():
    rows = table(condition=["neg", "pos", "pos"], valence=[1.0, 7.0, 9.0])
    assert conditions_of(rows) == {"neg": 1, "pos": 2}
    assert trials_by_class(ThresholdLabels(rating="valence"), rows) == (("low", 1), ("high", 2))
    assert found_in(table(condition=[None])) == "neither conditions nor ratings"
