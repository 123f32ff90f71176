"""Whole cohorts with a known truth, left one subject out: what is there is found, what is not there is not claimed."""

import pandas as pd
import pytest
from scipy.stats import binom

from benchmarks.cohorts import RARE, chosen, cohort, compared_metrics, every_metric, left_one_out, trained
from escgan.evaluation.significance import compare_augmenters, compare_paired


def test_the_metrics_of_calibration_are_those_of_runs():
    windows = cohort(0.7, 3, n_subjects=4)
    model = trained(windows, chosen("class_weight")["class_weight"])
    own, runs = (score(model, windows).set_index("subject") for score in (compared_metrics, every_metric))
    pd.testing.assert_frame_equal(own, runs[list(own.columns)], check_dtype=False, check_index_type=False)


def recall_gain(scores):
    recall = scores.pivot_table(index="subject", columns="augmenter", values=f"recall: {RARE}")
    return compare_paired(recall["escgan"].to_numpy(), recall["none"].to_numpy())


def test_the_recall_that_escgan_wins_for_a_rare_class_is_detected():
    escgan = {"preset": "cross_subject", "training": {"epochs": 5}}
    scores = left_one_out(cohort(effect=0.7, seed=1), chosen("none", "escgan", escgan=escgan), every_metric)
    gained = recall_gain(scores)
    assert gained.outcome() == "helped" and gained.difference > 0.1
    # The truth is that the classes differ: people are told apart from chance.
    assert scores.loc[scores["augmenter"] == "escgan", "auroc"].mean() > 0.7


@pytest.mark.slow
def test_where_the_classes_do_not_differ_escgan_does_not_help_either():
    escgan = {"preset": "cross_subject", "training": {"epochs": 5}}
    claimed = 0
    for seed in range(10):
        compared = compare_augmenters(
            left_one_out(cohort(0.0, seed), chosen("none", "class_weight", "escgan", escgan=escgan), compared_metrics)
        )
        claimed += (compared["verdict"] == "helped").any()
    assert claimed <= binom.ppf(0.99, 10, 0.1)
