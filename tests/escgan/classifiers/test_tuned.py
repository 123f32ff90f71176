"""Settings chosen inside the training side, against scikit-learn's grid search on the same splits."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from escgan.augmenters import Balance
from escgan.augmenters.oversample import OversampleAugmenter
from escgan.augmenters.smote import SmoteAugmenter
from escgan.classifiers.base import TrainingData
from escgan.classifiers.logistic import LogisticClassifier
from escgan.classifiers.mlp import MlpClassifier
from escgan.classifiers.tuned import TunedClassifier
from escgan.errors import ConfigError, DivergedError
from escgan.evaluation.validation import deal_validation
from tests.conftest import make_windows


class Spy(LogisticClassifier):
    """A logistic regression that tells what it was fitted on and what it judged."""

    def fit(self, data, seed, *, device="cpu"):
        model = super().fit(data, seed, device=device)
        record = {"data": data, "judged": []}
        SEEN.append(record)

        class Watching:
            def predict_proba(self, windows):
                record["judged"].append(windows)
                return model.predict_proba(windows)

        return Watching()


SEEN = []


@pytest.fixture(autouse=True)
def nothing_seen():
    SEEN.clear()


def hard(seed=0, n_subjects=7):
    """Few windows of many features, so that the penalty matters."""
    return make_windows(counts=(12, 8), n_subjects=n_subjects, n_bands=4, separation=0.15, seed=seed)


@pytest.mark.parametrize(("metric", "scoring"), [("balanced_accuracy", "balanced_accuracy"), ("auroc", "roc_auc")])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_scikit_learns_grid_search_on_the_same_splits_chooses_the_same(metric, scoring, seed):
    train, values = hard(seed), (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
    model = TunedClassifier(grid={"C": values}, metric=metric, folds=3).fit(TrainingData(train), seed)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000)),
        {"logisticregression__C": values},
        scoring=scoring,
        cv=PredefinedSplit(deal_validation(train, 3, seed)),
    ).fit(train.flat().astype(np.float64), train.labels)
    np.testing.assert_allclose(model.scores, search.cv_results_["mean_test_score"], atol=1e-9)
    assert model.chosen == {"C": search.best_params_["logisticregression__C"]}
    unseen = hard(seed + 100)
    expected = search.predict_proba(unseen.flat().astype(np.float64))
    np.testing.assert_allclose(model.predict_proba(unseen), expected, atol=1e-6)


def test_nobody_is_judged_by_what_was_fitted_on_them_and_the_choice_is_fitted_on_all():
    train = hard(n_subjects=6)
    tuned = TunedClassifier(classifier=Spy(), grid={"C": (0.1, 1.0)}, folds=3)
    tuned.fit(TrainingData(train, reweight=True), 0)
    *inner, last = SEEN
    assert len(inner) == 6 and all(record["data"].reweight for record in SEEN)
    for record in inner:
        (judged,) = record["judged"]
        assert not set(record["data"].train.subjects) & set(judged.subjects)
        assert len(record["data"].train) + len(judged) == len(train)
    assert len(last["data"].train) == len(train) and not last["judged"]


def test_edits_of_those_who_judge_are_not_fitted_on_and_edits_of_nobody_always():
    train = hard(n_subjects=6)
    tuned = TunedClassifier(classifier=Spy(), grid={"C": (1.0,)}, folds=3)
    for augmenter, with_reference in ((OversampleAugmenter(), True), (SmoteAugmenter(), False)):
        SEEN.clear()
        edited = augmenter.generate(None, train, Balance(), 0)
        tuned.fit(TrainingData(train, edited), 0)
        kept = [record["data"].edited for record in SEEN]
        for record, own in zip(SEEN[:-1], kept[:-1], strict=True):
            (judged,) = record["judged"]
            assert len(own.de) == len(own.grid) == len(own.labels) == len(own.edits)
            if with_reference:
                theirs = edited.edits["reference_subject"].isin(judged.subjects)
                np.testing.assert_array_equal(own.de, edited.de[~theirs.to_numpy()])
                assert 0 < theirs.sum() < len(theirs)
            else:
                np.testing.assert_array_equal(own.de, edited.de)
        assert kept[-1] is edited


def test_with_one_subject_the_edits_of_windows_that_judge_are_left_out():
    train = make_windows(counts=(12, 8), n_subjects=1)
    edited = OversampleAugmenter().generate(None, train, Balance(), 0)
    TunedClassifier(classifier=Spy(), grid={"C": (1.0,)}).fit(TrainingData(train, edited), 0)
    assert len(SEEN) == 4
    for record in SEEN[:-1]:
        (judged,) = record["judged"]
        fitted = record["data"].edited.edits[["reference_trial", "reference_window"]].astype(int)
        held = set(judged.table[["trial", "window"]].itertuples(index=False, name=None))
        made = edited.edits[["reference_trial", "reference_window"]].astype(int)
        expected = [row for row in made.itertuples(index=False, name=None) if row not in held]
        assert list(fitted.itertuples(index=False, name=None)) == expected


def test_refused_candidates_are_no_windows():
    train = hard(n_subjects=6)
    edited = OversampleAugmenter().generate(None, train, Balance(), 0)
    refused = edited.edits.assign(accepted=False)
    both = replace(edited, edits=pd.concat([refused, edited.edits], ignore_index=True))
    tuned = TunedClassifier(classifier=Spy(), grid={"C": (1.0,)})
    for own in (edited, both):
        tuned.fit(TrainingData(train, own), 0)
    half = len(SEEN) // 2
    for first, second in zip(SEEN[: half - 1], SEEN[half:-1], strict=True):
        np.testing.assert_array_equal(first["data"].de, second["data"].de)


def test_of_equally_good_combinations_the_first_is_taken():
    train = make_windows(counts=(20, 20), n_subjects=4, separation=4)
    for values in ((1.0, 0.5), (0.5, 1.0)):
        model = TunedClassifier(grid={"C": values}).fit(TrainingData(train), 0)
        assert list(model.scores) == [1, 1] and model.chosen == {"C": values[0]}


def test_all_combinations_of_several_settings_are_tried_in_order():
    tuned = TunedClassifier(classifier="svm", grid={"kernel": ("rbf", "linear"), "C": (1, 10)})
    assert tuned.combinations == [{"kernel": k, "C": c} for k in ("rbf", "linear") for c in (1, 10)]
    assert len(tuned.fit(TrainingData(hard()), 0).scores) == 4


def test_a_combination_that_diverges_is_not_chosen():
    data = TrainingData(make_windows(n_subjects=4))
    quick = MlpClassifier(hidden=(4,), epochs=3, weight_decay=1e30)
    model = TunedClassifier(classifier=quick, grid={"learning_rate": (1e30, 1e-9), "weight_decay": (1e30, 0)}, folds=2)
    assert model.fit(data, 0).chosen["learning_rate"] == 1e-9
    with pytest.raises(DivergedError, match="'mlp' diverges with every combination"):
        TunedClassifier(classifier=quick, grid={"learning_rate": (1e30,)}, folds=2).fit(data, 0)


def test_what_cannot_be_measured_is_said_so():
    # Every person shows one class: no fold of one person has an AUROC.
    windows = make_windows(counts=(10, 10), n_subjects=4)
    own = np.flatnonzero(windows.labels == windows.subjects.astype(int) % 2)
    data = TrainingData(windows.take(own))
    with pytest.raises(ConfigError, match="cannot measure auroc inside the training side"):
        TunedClassifier(metric="auroc", folds=4).fit(data, 0)
    assert TunedClassifier(folds=4).fit(data, 0).chosen


WRONG = {
    "no setting": (
        {"grid": {"c": (1,)}},
        "grid names 'c', which is no setting of classifier 'logistic': name one of C",
    ),
    "kind": ({"grid": {"kind": ("svm",)}}, "grid names 'kind', which is no setting"),
    "no value": ({"grid": {"C": ()}}, "grid lists no value for 'C'"),
    "no grid": ({"grid": {}}, "at least 1 item"),
    "wrong value": (
        {"grid": {"C": (1, -1)}},
        "grid holds {C: -1}, which classifier 'logistic' refuses: Input should be",
    ),
    "wrong together": (
        {"classifier": "transformer", "grid": {"width": (32, 30), "heads": (4,)}},
        "grid holds {width: 30, heads: 4}, which classifier 'transformer' refuses: width 30 cannot be shared",
    ),
    "of another classifier": ({"classifier": "lda"}, "grid names 'C', which is no setting of classifier 'lda'"),
    "itself": ({"classifier": "tuned"}, "'tuned'.* does not match any of the expected tags"),
}


@pytest.mark.parametrize(("settings", "said"), WRONG.values(), ids=WRONG)
def test_a_grid_that_cannot_work_is_refused_before_anything_runs(settings, said):
    with pytest.raises(ValidationError, match=said.replace("{", r"\{").replace("}", r"\}")):
        TunedClassifier(**settings)
