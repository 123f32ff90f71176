"""Protocols and metrics where there is hardly anything to split or to score."""

import numpy as np
import pandas as pd
import pytest

from escgan.errors import ConfigError
from escgan.evaluation.folds import Unit
from escgan.evaluation.protocols import PROTOCOLS
from escgan.evaluation.scores import METRICS, prediction_table, score_table
from escgan.evaluation.significance import compare_augmenters
from escgan.evaluation.verdict import verdict_sentences

every_protocol = pytest.mark.parametrize("kind", PROTOCOLS)
every_metric = pytest.mark.parametrize("name", METRICS)

UNDEFINED_IN_ONE_CLASS = {"auroc", "auprc"}


def people(n, sessions=("1",)):
    return [Unit(f"{i:02d}", session) for i in range(n) for session in sessions]


@every_protocol
def test_nobody_cannot_be_split(kind):
    with pytest.raises(ConfigError, match=rf"'{kind}' needs at least \d .*, found none: add recordings"):
        PROTOCOLS[kind]().folds([])


@every_protocol
def test_one_person_is_split_by_what_is_within_and_refused_by_name_where_people_are_dealt(kind):
    protocol = PROTOCOLS[kind]()
    if protocol.level in ("subject", "session"):
        with pytest.raises(
            ConfigError, match=rf"'{kind}' needs at least \d .*, found only .*: add recordings or choose"
        ):
            protocol.folds(people(1))
    else:
        folds = protocol.folds(people(1))
        assert len(folds) == protocol.k and all(fold.train == fold.test == tuple(people(1)) for fold in folds)


@every_protocol
def test_two_people_with_two_sessions_are_each_tested(kind):
    protocol = PROTOCOLS[kind](**({"k": 2} if "k" in PROTOCOLS[kind].model_fields else {}))
    units = people(2, ("1", "2"))
    folds = protocol.folds(units)
    assert {unit for fold in folds for unit in fold.test} == set(units)
    assert all(fold.train and fold.test for fold in folds)


def score(name, truth, probability):
    probability = np.asarray(probability, np.float64)
    return METRICS[name](np.asarray(truth, np.int64), probability.argmax(axis=1), probability)


@every_metric
@pytest.mark.parametrize("n", [1, 5])
def test_windows_of_one_class_have_the_scores_that_are_defined_and_no_others(name, n):
    right = score(name, [1] * n, [[0.2, 0.8]] * n)
    wrong = score(name, [1] * n, [[0.8, 0.2]] * n)
    if name in UNDEFINED_IN_ONE_CLASS:
        assert np.isnan(right) and np.isnan(wrong)
    elif name == "kappa":
        # Agreement beyond chance has no meaning where chance agrees always.
        assert np.isnan(right) and wrong == 0
    else:
        assert (right, wrong) == (1, 0)


@every_metric
def test_equal_probabilities_for_everything_are_chance(name):
    truth, even = [0, 1, 0, 1], [[0.5, 0.5]] * 4
    # All are predicted to be of the first class; macro F1 is the mean of 2/3 and 0.
    chance = {"accuracy": 0.5, "balanced_accuracy": 0.5, "auroc": 0.5, "auprc": 0.5, "kappa": 0, "macro_f1": 1 / 3}
    assert score(name, truth, even) == pytest.approx(chance[name])


@every_metric
def test_a_class_that_nobody_shows_counts_for_nothing_where_it_is_not_predicted(name):
    two = score(name, [0, 1, 1], [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    three = score(name, [0, 1, 1], [[0.9, 0.1, 0.0], [0.6, 0.4, 0.0], [0.2, 0.8, 0.0]])
    assert three == pytest.approx(two) and np.isfinite(two)


def subject(name, truth, probability, augmenter):
    table = pd.DataFrame({"subject": name, "session": "1", "trial": 1, "window": np.arange(len(truth))})
    predictions = prediction_table(table, np.asarray(truth, np.int64), np.asarray(probability), ("calm", "joy"))
    own = score_table(predictions, ("calm", "joy")).query("level == 'subject'")
    return own.assign(augmenter=augmenter, classifier="logistic", seed=0)


def cohort(one_class):
    """Three people, of whom some are tested on joy alone; everyone's windows are recognised, or all but one."""
    parts = []
    for augmenter, first in (("none", [0.4, 0.6]), ("smote", [0.6, 0.4])):
        for i in range(3):
            joy = [[0.1, 0.9]] * 2
            alone = i < one_class
            truth, p = ([1, 1], joy) if alone else ([0, 0, 1, 1], [first, [0.9, 0.1], *joy])
            parts.append(subject(f"{i:02d}", truth, p, augmenter))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("one_class", [0, 1, 2, 3])
def test_a_mean_is_over_the_subjects_whose_score_is_defined_and_the_verdict_counts_them(one_class):
    scores = cohort(one_class)
    assert scores["auroc"].isna().sum() == 2 * one_class and not (scores["auroc"] == 0).any()
    rows = compare_augmenters(scores).set_index("metric")
    assert rows.loc["auroc", "n_subjects"] == 3 - one_class
    # One of two calm windows is missed without augmentation: three quarters, and 1 for those tested on joy alone.
    assert rows.loc["balanced_accuracy", "rival_mean"] == pytest.approx((0.75 * (3 - one_class) + one_class) / 3)
    if one_class < 3:
        assert rows.loc["auroc", "mean"] == 1
    assert set(rows["verdict"]) == {"undecided"}
    said = " ".join(verdict_sentences(rows.reset_index()))
    assert "nan" not in said and ("AUROC is undefined for every subject" in said) == (one_class == 3)
