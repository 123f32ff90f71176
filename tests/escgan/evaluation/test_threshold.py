from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from escgan.augmenters import Balance
from escgan.augmenters.noise import NoiseAugmenter
from escgan.augmenters.smote import SmoteAugmenter
from escgan.augmenters.subject_shift import SubjectShiftAugmenter
from escgan.classifiers import LogisticClassifier, TrainingData
from escgan.evaluation.threshold import MovedModel, _made_of_others, choose_offsets, fit_with_moved_threshold
from tests.conftest import make_windows


def moved(probability, offsets):
    return (np.log(np.maximum(probability, 1e-300)) + offsets).argmax(axis=1)


@settings(max_examples=200, deadline=None)
@given(
    # Thousandths: two probabilities that differ in their last bit have one logarithm.
    rows=st.lists(st.tuples(st.integers(0, 1), st.integers(1, 999)), min_size=4, max_size=40).filter(
        lambda rows: len({label for label, _ in rows}) == 2
    )
)
def test_with_two_classes_no_threshold_is_better(rows):
    labels = np.array([label for label, _ in rows])
    second = np.array([p for _, p in rows]) / 1000
    probability = np.stack([1 - second, second], axis=1)
    offsets = choose_offsets(probability, labels)
    found = balanced_accuracy_score(labels, moved(probability, offsets))
    every = [np.inf, *np.unique(second)]
    best = max(balanced_accuracy_score(labels, (second >= threshold).astype(int)) for threshold in every)
    assert found == pytest.approx(best) and offsets[0] == 0 and np.isfinite(offsets).all()


def test_of_equally_good_thresholds_the_middle_of_the_widest_gap_is_taken():
    second = np.array([0.1, 0.2, 0.4, 0.5])
    offsets = choose_offsets(np.stack([1 - second, second], axis=1), np.array([0, 0, 1, 1]))
    logit = np.log(second / (1 - second))
    assert -offsets[1] == pytest.approx((logit[1] + logit[2]) / 2)


def test_decisions_are_those_that_the_offsets_were_chosen_by_where_a_classifier_is_all_but_sure():
    # The second class is found by the logarithm alone: 1e-20 among windows of 1e-40, and 0 among them.
    second = np.array([0.0, 1e-40, 1e-40, 1e-20, 1e-20, 1e-20])
    probability, labels = np.stack([1 - second, second], axis=1), np.array([0, 0, 0, 1, 1, 1])

    class Sure:
        def predict_proba(self, windows):
            return probability

    found = MovedModel(Sure(), choose_offsets(probability, labels)).predict_proba(None)
    np.testing.assert_array_equal(found.argmax(axis=1), labels)
    assert np.isfinite(found).all() and roc_auc_score(labels, found[:, 1]) == 1


def test_three_classes_are_never_worse_off_and_a_planted_offset_is_undone():
    draw = np.random.default_rng(0)
    labels = draw.choice(3, 600, p=[0.6, 0.3, 0.1])
    score = draw.standard_normal((600, 3)) + 3 * np.eye(3)[labels]
    biased = score + np.array([0.0, -3.0, 2.0])
    probability = np.exp(biased) / np.exp(biased).sum(axis=1, keepdims=True)
    offsets = choose_offsets(probability, labels)
    unbiased = balanced_accuracy_score(labels, score.argmax(axis=1))
    assert balanced_accuracy_score(labels, moved(probability, offsets)) > unbiased - 0.01
    assert balanced_accuracy_score(labels, probability.argmax(axis=1)) < unbiased - 0.1
    # A class that never occurs keeps its place.
    assert choose_offsets(np.full((4, 3), 1 / 3), np.array([0, 0, 1, 1]))[2] == 0


def test_a_scarce_class_is_found_more_often_and_the_ranking_stays():
    train = make_windows(counts=(60, 6), n_subjects=6, separation=0.15)
    unseen = make_windows(counts=(200, 200), separation=0.15, seed=1)
    classifier, data = LogisticClassifier(), TrainingData(train)
    plain, model = classifier.fit(data, 0), fit_with_moved_threshold(classifier, data, 0)
    before, after = plain.predict_proba(unseen), model.predict_proba(unseen)
    assert (after.argmax(axis=1) == 1).sum() > (before.argmax(axis=1) == 1).sum()
    found = [balanced_accuracy_score(unseen.labels, p.argmax(axis=1)) for p in (before, after)]
    assert found[1] > found[0] + 0.02
    assert roc_auc_score(unseen.labels, after[:, 1]) == roc_auc_score(unseen.labels, before[:, 1])
    np.testing.assert_allclose(after.sum(axis=1), 1)


def test_offsets_come_from_subjects_that_the_classifier_was_not_fitted_on():
    train = make_windows(counts=(20, 8), n_subjects=5)
    seen = []

    class Spy(LogisticClassifier):
        def fit(self, data, seed, *, device="cpu"):
            model, fitted_on = super().fit(data, seed, device=device), set(data.train.subjects)

            class Watching:
                def predict_proba(self, windows):
                    seen.append((fitted_on, set(windows.subjects)))
                    return model.predict_proba(windows)

            return Watching()

    fit_with_moved_threshold(Spy(), TrainingData(train), 0)
    assert len(seen) == 3 and all(not fitted_on & judged for fitted_on, judged in seen)
    assert set().union(*(judged for _, judged in seen)) == set(train.subjects)


@pytest.mark.parametrize("augmenter", [NoiseAugmenter(), SubjectShiftAugmenter()], ids=lambda a: a.kind)
def test_what_was_made_of_validating_subjects_takes_no_part_in_judging_them(augmenter):
    train = make_windows(counts=(20, 8), n_subjects=5)
    edited = augmenter.generate(None, train, Balance(), 0)
    seen = []

    class Spy(LogisticClassifier):
        def fit(self, data, seed, *, device="cpu"):
            seen.append((set(data.train.subjects), data))
            return super().fit(data, seed, device=device)

    fit_with_moved_threshold(Spy(), TrainingData(train, edited), 0)
    everyone = set(train.subjects)
    *parts, (_, whole) = seen
    assert whole.edited is edited and len(parts) == 3
    for fitted_on, data in parts:
        made_of = data.edited.edits["reference_subject"]
        assert set(made_of) <= fitted_on < everyone
        expected = edited.edits["reference_subject"].isin(fitted_on).to_numpy()
        np.testing.assert_array_equal(data.edited.de, edited.de[expected])
        np.testing.assert_array_equal(data.edited.labels, edited.labels[expected])
        assert len(data.subjects) == len(data.de)


def test_windows_that_were_made_of_no_single_reference_stay():
    train = make_windows(counts=(20, 8), n_subjects=4)
    edited = SmoteAugmenter().generate(None, train, Balance(), 0)
    edited.edits[["reference_subject", "reference_session", "reference_trial", "reference_window"]] = None
    kept = _made_of_others(TrainingData(train, edited), np.arange(len(train)))
    np.testing.assert_array_equal(kept.de, edited.de)


def test_refused_candidates_stand_where_they_were_and_are_not_counted():
    train = make_windows(counts=(20, 8), n_subjects=2)
    full = NoiseAugmenter().generate(None, train, Balance(), 0)
    accepted = np.arange(len(full.edits)) % 3 > 0
    table = full.edits.assign(accepted=accepted)
    edited = replace(full, de=full.de[accepted], grid=full.grid[accepted], labels=full.labels[accepted], edits=table)
    held = np.flatnonzero(train.subjects == "00")
    kept = _made_of_others(TrainingData(train, edited), held)
    others = (table["reference_subject"] == "01").to_numpy()
    np.testing.assert_array_equal(kept.de, full.de[accepted & others])
    assert kept.edits["accepted"].sum() == len(kept.de) == len(kept.labels)


def test_a_single_trial_a_class_has_a_threshold_all_the_same():
    train = make_windows(counts=(30, 30), n_subjects=1)
    model = fit_with_moved_threshold(LogisticClassifier(), TrainingData(train), 0)
    assert np.isfinite(model.offsets).all()


def test_no_offset_is_no_change():
    class Fixed:
        def predict_proba(self, windows):
            return np.array([[0.2, 0.8]])

    np.testing.assert_allclose(MovedModel(Fixed(), np.zeros(2)).predict_proba(None), [[0.2, 0.8]])
