"""Scores from stored predictions.

Every metric is a function of truth, prediction and class probabilities; adding one is one function and one
line in ``METRICS``. A metric that is undefined for the windows at hand (an AUROC with one class) is NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Truth = NDArray[np.int64]
Probability = NDArray[np.float64]
Metric = Callable[[Truth, Truth, Probability], float]


def accuracy(truth: Truth, predicted: Truth, probability: Probability) -> float:
    """Share of windows predicted right."""
    return float((truth == predicted).mean())


def balanced_accuracy(truth: Truth, predicted: Truth, probability: Probability) -> float:
    """Mean recall over the classes that occur in truth."""
    recalls = class_recalls(truth, predicted, probability.shape[1])
    return float(np.nanmean(recalls))


def macro_f1(truth: Truth, predicted: Truth, probability: Probability) -> float:
    """Mean F1 over the classes that occur in truth or prediction."""
    from sklearn.metrics import f1_score

    return float(f1_score(truth, predicted, average="macro", zero_division=0))


def auroc(truth: Truth, predicted: Truth, probability: Probability) -> float:
    """Area under the ROC curve; one class against the rest, averaged, for more than two classes."""
    from sklearn.metrics import roc_auc_score

    # With two classes both directions give one value, up to rounding.
    return _mean_over_classes(roc_auc_score, truth, probability)


def auprc(truth: Truth, predicted: Truth, probability: Probability) -> float:
    """Average precision, each class against the rest, averaged over the classes.

    Averaging also for two classes keeps the rare one in view: the common class' precision is high by itself.
    """
    from sklearn.metrics import average_precision_score

    return _mean_over_classes(average_precision_score, truth, probability)


def kappa(truth: Truth, predicted: Truth, probability: Probability) -> float:
    """Cohen's kappa; NaN where truth and prediction hold one and the same class only."""
    from sklearn.metrics import cohen_kappa_score

    if len(np.union1d(truth, predicted)) < 2:
        return float("nan")
    return float(cohen_kappa_score(truth, predicted))


METRICS: dict[str, Metric] = {
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "macro_f1": macro_f1,
    "auroc": auroc,
    "auprc": auprc,
    "kappa": kappa,
}


def class_recalls(truth: Truth, predicted: Truth, n_classes: int) -> NDArray[np.float64]:
    """Recall of each class, ``(n_classes,)``; NaN for classes that do not occur in truth."""
    support = np.bincount(truth, minlength=n_classes).astype(np.float64)
    hits = np.bincount(truth[truth == predicted], minlength=n_classes)
    return np.divide(hits, support, out=np.full(n_classes, np.nan), where=support > 0)


def confusion(truth: Truth, predicted: Truth, n_classes: int) -> NDArray[np.int64]:
    """Return counts ``(n_classes, n_classes)``; rows are truth, columns prediction."""
    return np.bincount(truth * n_classes + predicted, minlength=n_classes**2).reshape(n_classes, n_classes)


def prediction_table(
    table: pd.DataFrame, truth: Truth, probability: Probability, classes: Sequence[str]
) -> pd.DataFrame:
    """One row a test window: subject, session, trial, window, y_true, y_pred, ``p: <class>`` for each class."""
    predictions = table[["subject", "session", "trial", "window"]].reset_index(drop=True)
    predictions["y_true"] = truth
    predictions["y_pred"] = probability.argmax(axis=1).astype(np.int64)
    for i, name in enumerate(classes):
        predictions[f"p: {name}"] = probability[:, i]
    return predictions


def score_table(predictions: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Score a fold: one row for all its windows (``level`` fold), one for each test subject (``level`` subject).

    Columns: level, subject (missing on the fold's row), n_windows, every metric of ``METRICS`` and
    ``recall: <class>`` for each class.
    """
    rows: list[dict[str, object]] = [{"level": "fold", "subject": None, **_scores(predictions, classes)}]
    for subject, own in predictions.groupby("subject", sort=True):
        rows.append({"level": "subject", "subject": subject, **_scores(own, classes)})
    return pd.DataFrame(rows).astype({"level": "str", "subject": "str"})


def _scores(predictions: pd.DataFrame, classes: Sequence[str]) -> dict[str, float | int]:
    truth = predictions["y_true"].to_numpy(dtype=np.int64)
    predicted = predictions["y_pred"].to_numpy(dtype=np.int64)
    probability = predictions[[f"p: {name}" for name in classes]].to_numpy(dtype=np.float64)
    row: dict[str, float | int] = {"n_windows": len(truth)}
    row |= {name: metric(truth, predicted, probability) for name, metric in METRICS.items()}
    recalls = class_recalls(truth, predicted, len(classes))
    return row | {f"recall: {name}": float(value) for name, value in zip(classes, recalls, strict=True)}


def _mean_over_classes(
    score: Callable[[NDArray[np.bool_], NDArray[np.float64]], float], truth: Truth, probability: Probability
) -> float:
    values = [
        float(score(truth == c, probability[:, c])) if 0 < (truth == c).sum() < len(truth) else np.nan
        for c in range(probability.shape[1])
    ]
    present = [value for value in values if not np.isnan(value)]
    return float(np.mean(present)) if present else float("nan")
