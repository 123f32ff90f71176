import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from escgan.evaluation.scores import METRICS, class_recalls, confusion, prediction_table, score_table

CLASSES = ("calm", "joy", "fear")


def one_hot(truth, n_classes):
    return np.eye(n_classes, dtype=int)[truth]


# scikit-learn called as a reader of its manual would, for truths in which every class occurs.
TRUTH = {
    "accuracy": lambda y, p, q: sk.accuracy_score(y, p),
    "balanced_accuracy": lambda y, p, q: sk.balanced_accuracy_score(y, p),
    "macro_f1": lambda y, p, q: sk.f1_score(y, p, average="macro", zero_division=0),
    "auroc": lambda y, p, q: (
        sk.roc_auc_score(y, q[:, 1]) if q.shape[1] == 2 else sk.roc_auc_score(y, q, multi_class="ovr", average="macro")
    ),
    "auprc": lambda y, p, q: sk.average_precision_score(one_hot(y, q.shape[1]), q, average="macro"),
    "kappa": lambda y, p, q: sk.cohen_kappa_score(y, p),
}

# Four windows of class 0, 0, 0, 1 with a probability of class 1 of 0.1, 0.4, 0.8, 0.6; all worked out by hand.
BY_HAND = {
    "accuracy": 3 / 4,
    "balanced_accuracy": (2 / 3 + 1) / 2,
    "macro_f1": (4 / 5 + 2 / 3) / 2,
    "auroc": 2 / 3,
    "auprc": ((1 + 1 + 3 / 4) / 3 + 1 / 2) / 2,
    "kappa": (3 / 4 - 1 / 2) / (1 - 1 / 2),
}

every_metric = pytest.mark.parametrize("name", METRICS)


def test_every_metric_is_tested_here():
    assert set(TRUTH) == set(BY_HAND) == set(METRICS)


def draw(n_classes, n, seed, levels=None):
    """Truth with every class, probabilities (with ties when they have few levels) and their predictions."""
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.arange(n) % n_classes)
    raw = rng.random((n, n_classes)) + 0.5 * one_hot(truth, n_classes)
    raw = raw if levels is None else np.round(raw * levels) + 1
    probability = raw / raw.sum(axis=1, keepdims=True)
    return truth, probability.argmax(axis=1), probability


@every_metric
def test_metrics_equal_what_was_worked_out_by_hand(name):
    upper = np.array([0.1, 0.4, 0.8, 0.6])
    probability = np.column_stack([1 - upper, upper])
    value = METRICS[name](np.array([0, 0, 0, 1]), probability.argmax(axis=1), probability)
    assert type(value) is float and value == pytest.approx(BY_HAND[name], abs=1e-12)


@every_metric
@settings(max_examples=25, deadline=None)
@given(
    n_classes=st.integers(2, 4),
    n=st.integers(8, 40),
    seed=st.integers(0, 2**31),
    levels=st.sampled_from([None, 3]),
)
def test_metrics_equal_scikit_learns_with_and_without_ties(name, n_classes, n, seed, levels):
    drawn = draw(n_classes, n, seed, levels)
    assert METRICS[name](*drawn) == pytest.approx(TRUTH[name](*drawn), abs=1e-9)


@every_metric
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), n=st.integers(1, 12))
def test_the_order_of_windows_plays_no_part_and_no_metric_warns(name, seed, n):
    rng = np.random.default_rng(seed)
    truth, predicted = rng.integers(0, 3, n), rng.integers(0, 3, n)
    probability = rng.dirichlet(np.ones(3), n)
    order = rng.permutation(n)
    value = METRICS[name](truth, predicted, probability)
    assert value == pytest.approx(METRICS[name](truth[order], predicted[order], probability[order]), nan_ok=True)


@pytest.mark.parametrize("name", ["auroc", "auprc"])
def test_ranking_one_class_alone_is_undefined(name):
    assert np.isnan(METRICS[name](np.zeros(3, int), np.array([0, 1, 0]), np.full((3, 2), 0.5)))


def test_kappa_is_undefined_where_there_is_one_class_and_zero_where_agreement_is_chance():
    assert np.isnan(METRICS["kappa"](np.ones(3, int), np.ones(3, int), np.full((3, 2), 0.5)))
    assert METRICS["kappa"](np.zeros(4, int), np.array([0, 1, 0, 1]), np.full((4, 2), 0.5)) == 0


def test_a_class_that_does_not_occur_in_truth_counts_in_no_mean_over_recalls_or_rankings():
    truth, predicted = np.array([0, 0, 2, 2]), np.array([0, 1, 2, 2])
    probability = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.1, 0.8], [0.3, 0.0, 0.7]])
    assert METRICS["balanced_accuracy"](truth, predicted, probability) == 0.75
    # Class 0: its windows at 0.8 and 0.2 against 0.1 and 0.3, three pairs of four in order. Class 2: all in order.
    assert METRICS["auroc"](truth, predicted, probability) == pytest.approx((3 / 4 + 1) / 2)
    assert METRICS["auprc"](truth, predicted, probability) == pytest.approx(((1 + 2 / 3) / 2 + 1) / 2)


def test_a_perfect_and_a_perfectly_wrong_prediction_have_the_extreme_scores():
    truth = np.array([0, 0, 1, 1, 1])
    right, wrong = one_hot(truth, 2).astype(float), one_hot(1 - truth, 2).astype(float)
    for name, metric in METRICS.items():
        assert metric(truth, truth, right) == 1, name
    worst = {name: metric(truth, 1 - truth, wrong) for name, metric in METRICS.items()}
    assert worst["accuracy"] == worst["balanced_accuracy"] == worst["macro_f1"] == worst["auroc"] == 0
    assert worst["kappa"] < 0 < worst["auprc"]


@settings(max_examples=25, deadline=None)
@given(n_classes=st.integers(2, 4), n=st.integers(8, 40), seed=st.integers(0, 2**31))
def test_recalls_and_confusion_equal_scikit_learns(n_classes, n, seed):
    truth, predicted, _ = draw(n_classes, n, seed)
    labels = list(range(n_classes))
    np.testing.assert_allclose(
        class_recalls(truth, predicted, n_classes),
        sk.recall_score(truth, predicted, labels=labels, average=None, zero_division=0),
    )
    np.testing.assert_array_equal(
        confusion(truth, predicted, n_classes), sk.confusion_matrix(truth, predicted, labels=labels)
    )


def test_recall_of_a_class_that_does_not_occur_is_undefined():
    np.testing.assert_array_equal(class_recalls(np.array([0, 0]), np.array([0, 2]), 3), [0.5, np.nan, np.nan])


def predictions(classes=CLASSES, seed=0):
    """Three subjects; the third has windows of one class only."""
    rng = np.random.default_rng(seed)
    k = len(classes)
    truth = np.concatenate([np.arange(30) % k, np.arange(24) % k, np.zeros(9, int)])
    subjects = np.repeat(["02", "01", "03"], [30, 24, 9])
    order = rng.permutation(63)
    table = pd.DataFrame(
        {
            "subject": subjects[order], "session": "1", "trial": np.arange(63), "window": np.arange(63)[::-1],
            "start_s": 0.5,
        },
        index=rng.permutation(63),
    )  # fmt: skip
    return table, truth[order], rng.dirichlet(np.ones(k), 63)


def test_a_prediction_row_says_which_window_what_was_true_and_what_was_predicted():
    table, truth, probability = predictions()
    rows = prediction_table(table, truth, probability, CLASSES)
    assert list(rows.columns) == "subject session trial window y_true y_pred".split() + [f"p: {c}" for c in CLASSES]
    assert rows.index.tolist() == list(range(63))
    for i in (0, 17, 62):
        row = rows.loc[i]
        assert row["subject"] == table["subject"].iloc[i] and row["window"] == table["window"].iloc[i]
        assert row["y_true"] == truth[i] and row["y_pred"] == max(range(3), key=lambda c: probability[i][c])
        assert [row[f"p: {c}"] for c in CLASSES] == probability[i].tolist()


@pytest.mark.parametrize("classes", [CLASSES[:2], CLASSES], ids=["two", "three"])
def test_the_rows_of_a_fold_and_of_its_subjects_equal_scikit_learn_on_their_windows(classes):
    table, truth, probability = predictions(classes)
    scores = score_table(prediction_table(table, truth, probability, classes), classes)
    assert scores["level"].tolist() == ["fold", "subject", "subject", "subject"]
    assert scores["subject"].isna().tolist() == [True, False, False, False]
    assert scores["subject"].tolist()[1:] == ["01", "02", "03"]
    assert list(scores.columns) == ["level", "subject", "n_windows", *METRICS, *(f"recall: {c}" for c in classes)]
    who = table["subject"].to_numpy()
    for place, rows in enumerate([np.full(63, True), who == "01", who == "02"]):
        y, q = truth[rows], probability[rows]
        row = scores.iloc[place]
        assert row["n_windows"] == rows.sum()
        for name, score in TRUTH.items():
            assert row[name] == pytest.approx(score(y, q.argmax(axis=1), q), abs=1e-12), name
        recalls = sk.recall_score(y, q.argmax(axis=1), average=None)
        assert row[[f"recall: {c}" for c in classes]].tolist() == pytest.approx(recalls.tolist())


def test_a_subject_with_one_class_has_no_ranking_score_but_has_its_accuracy():
    table, truth, probability = predictions()
    scores = score_table(prediction_table(table, truth, probability, CLASSES), CLASSES)
    row = scores[scores["subject"] == "03"].iloc[0]
    own = (probability.argmax(axis=1) == 0)[table["subject"].to_numpy() == "03"].mean()
    assert np.isnan(row["auroc"]) and np.isnan(row["auprc"])
    assert row["accuracy"] == row["balanced_accuracy"] == row["recall: calm"] == pytest.approx(own)
    assert np.isnan(row["recall: joy"]) and np.isnan(row["recall: fear"])
