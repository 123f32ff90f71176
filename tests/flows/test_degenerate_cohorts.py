"""Cohorts at the edge of what can be told from them: too few people, or too little of a class.

Each ends in a right result, or in one sentence (what, where, the remedy) with a non-zero exit code and everything
finished kept. What is right is known from how the cohort was written.
"""

from __future__ import annotations

import re

import pandas as pd
import pytest

from storage.store import Store
from storage.tables import read_table
from tests.flows.degenerate import GAN, HIGH, LOW, data, kept, report, results, run, sentence

__all__ = ["data", "run"]


def test_a_folder_without_recordings_is_told_what_it_should_hold(run, data):
    code, said = run(data([]))
    assert code == 3 and re.search(
        r"No recording of corpus 'deap' in '.*data': give the folder with s01\.dat", sentence(said)
    )


def test_subjects_that_are_not_there_are_named_with_those_that_are(run, data):
    code, said = run(data([[HIGH, LOW]] * 2), subjects=["77"])
    assert code == 2 and "no subject 77 in the data folder: it holds 01, 02;" in sentence(said)
    assert kept(run, "ingest") == []


def test_one_subject_cannot_be_left_out_but_is_measured_and_serves_a_protocol_within_subjects(run, data):
    folder = data([[HIGH, LOW, HIGH, LOW]])
    four = {"kind": "deap", "n_trials": 4}
    code, said = run(folder, dataset=four)
    assert code == 2 and "'leave_one_subject_out' needs at least 2 subjects, found only 01: add" in sentence(said)
    assert kept(run, "features") == ["sub-01"]
    code, said = run(folder, dataset=four, protocol={"kind": "cross_trial", "k": 2})
    assert code == 0 and "reused 3 from the store" in said
    assert "degenerate: 1 subject, k folds over trials" in said and "one subject: no interval" in said
    assert "Beware: There is one subject: nothing here says how anybody else would score" in said
    scores, comparisons = results(run)
    assert scores["subject"].unique().tolist() == ["01"] and set(comparisons["verdict"]) == {"undecided"}
    assert (comparisons["p_holm"] == 1).all() and comparisons[["low", "high", "detectable"]].isna().all(axis=None)
    assert "There is one subject: nothing here says" in report(run)


def test_more_folds_than_trials_are_refused(run, data):
    folder = data([[HIGH, LOW, HIGH, LOW]])
    code, said = run(folder, dataset={"kind": "deap", "n_trials": 4}, protocol={"kind": "cross_trial", "k": 5})
    assert code == 2 and "A side of a fold holds no window: choose fewer folds" in sentence(said)
    # The other four folds were evaluated, and are not again.
    assert len(kept(run, "evaluate")) == 8


def test_two_subjects_of_one_window_a_class_end_in_a_report_that_claims_nothing(run, data):
    code, said = run(
        data([[HIGH, LOW]] * 2),
        features={"window_s": 60.0, "baseline": "none"},
        augmenters=["none", "threshold", "oversample", "noise"],
    )
    assert code == 0 and "degenerate: 2 subjects" in said
    scores, comparisons = results(run)
    assert (scores["n_windows"] == 2).all() and scores["balanced_accuracy"].isin([0, 0.5, 1]).all()
    # Two subjects have four patterns of signs, of which two are extreme: p is 1/2 at best, before any correction.
    assert (comparisons["p_value"] >= 0.5).all() and (comparisons["p_holm"] >= comparisons["p_value"]).all()
    assert set(comparisons["verdict"]) == {"undecided"} and comparisons["detectable"].isna().all()
    assert "Beware: There are 2 subjects: no p value can fall below 1 in 2 comparisons, so nothing can be shown" in said
    assert "so few subjects can show none, as p, corrected for 2 comparisons, cannot fall below 1" in said
    assert "oversample added no window: no class lacked any." in said
    assert "would likely have shown" not in said and "helped" not in said
    assert "There are 2 subjects: no p value can fall below 1 in 2 comparisons" in report(run)


def test_one_class_in_the_whole_cohort_is_said_once(run, data):
    code, said = run(data([[HIGH, 5.0]] * 3))
    # A rating that sits on the threshold belongs above it.
    assert code == 2 and "No trial of these recordings belongs to class 'low valence'" in sentence(said)
    assert sentence(said).endswith("valence from 5 to 8: ask for classes that they have, under 'labels'.")
    assert kept(run, "features") == ["sub-01", "sub-02", "sub-03"] and kept(run, "train") == []


def test_a_class_that_only_the_tested_subject_shows_ends_its_fold_by_name_and_no_other(run, data):
    code, said = run(data([[HIGH, HIGH], [HIGH, HIGH], [HIGH, 4.999]]), augmenters=["none", "noise"])
    assert code == 2
    assert sentence(said).startswith(
        "escgan: sub-03 none logistic, sub-03 noise logistic: The training side holds only class 'high valence', and a "
        "classifier needs two classes: choose other labels or another protocol, or add recordings."
    )
    assert kept(run, "evaluate") == [f"sub-{i} {a} logistic" for i in ("01", "02") for a in ("noise", "none")]


def test_a_class_of_one_window_is_refused_by_what_needs_two_and_the_fold_is_named(run, data):
    whole = {"window_s": 60.0, "baseline": "none"}
    code, said = run(data([[HIGH, LOW], [HIGH, LOW], [HIGH, HIGH]]), features=whole)
    assert code == 2
    assert sentence(said).startswith("escgan: sub-01 smote, sub-02 smote: SMOTE needs two windows of a class to")
    assert sentence(said).endswith("'low valence' has one in this training set: leave smote out or gather more data.")
    assert kept(run, "augment") == ["sub-03 smote"]


def test_a_subject_of_one_class_has_no_auroc_and_takes_none_from_the_others(run, data):
    code, said = run(data([[HIGH, LOW], [HIGH, LOW], [HIGH, HIGH]]))
    assert code == 0
    scores, comparisons = results(run)
    alone = scores["subject"] == "03"
    assert scores[alone][["auroc", "auprc", "recall: low valence"]].isna().all(axis=None)
    assert scores[~alone][["auroc", "auprc", "recall: low valence"]].notna().all(axis=None)
    pd.testing.assert_series_equal(
        scores[alone]["balanced_accuracy"], scores[alone]["recall: high valence"], check_names=False
    )
    ranked = comparisons[comparisons["metric"] == "auroc"].iloc[0]
    means = scores.groupby("augmenter")["auroc"].mean()
    assert ranked["n_subjects"] == 2 and ranked["mean"] == means["smote"] and ranked["rival_mean"] == means["none"]
    caveat = "Tested on windows of one class at a time: sub-03."
    assert f"Beware: {caveat}" in said and caveat in report(run)


@pytest.mark.slow
def test_where_every_subject_has_one_class_the_table_says_undefined(run, data):
    code, said = run(data([[HIGH, HIGH], [LOW, LOW], [HIGH, HIGH], [LOW, LOW]]))
    assert code == 0 and "undefined" in said and "AUROC is undefined for every subject." in said
    assert "one class at a time: sub-01, sub-02, sub-03, sub-04." in report(run)


@pytest.mark.slow
def test_a_class_that_nobody_shows_is_made_by_no_augmenter_and_ends_none(run, data):
    augmenters = ["none", "smote", "adasyn", "mixup", GAN | {"delta": 1e9}]
    code, _ = run(data([[HIGH, LOW]] * 3), labels={"kind": "quadrants"}, augmenters=augmenters)
    assert code == 0
    for manifest in Store(run.store).list("augment"):
        edits = read_table(Store(run.store).open(manifest.ref).file("edits.parquet"))
        # All arousal ratings are 5: LVLA and HVLA, classes 0 and 2, do not exist.
        assert not edits["target_label"].isin([0, 2]).any()
