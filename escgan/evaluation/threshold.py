"""Moving a classifier's decision threshold instead of its training: the cheapest cure for unequal classes.

Every class gets an offset that is added to the logarithm of its probability. The offsets are those with the best
balanced accuracy on people of the training side that the classifier was not fitted on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escgan.augmenters.base import Edited
from escgan.classifiers.base import Classifier, Model, TrainingData
from escgan.evaluation.validation import deal_validation
from escgan.windows import WindowSet

# Parts that the training side is dealt into, each judged by a classifier that was fitted on the others.
_PARTS = 3
_ROUNDS = 20
_SMALLEST = 1e-12
# A classifier that is sure says 0, which has no logarithm; the offset that makes up for this one can be a number still.
_LEAST_PROBABILITY = 1e-300


def fit_with_moved_threshold(classifier: Classifier, data: TrainingData, seed: int, *, device: str = "cpu") -> Model:
    """Fit a classifier, and move its decisions to where they were best on validation subjects."""
    probability, labels = _validation(classifier, data, seed, device)
    offsets = choose_offsets(probability, labels)
    return MovedModel(classifier.fit(data, seed, device=device), offsets)


@dataclass(frozen=True)
class MovedModel:
    """A model whose classes' probabilities are multiplied by the exponential of an offset each."""

    model: Model
    offsets: NDArray[np.float64]

    def predict_proba(self, windows: WindowSet) -> NDArray[np.float64]:
        """Return ``(n_windows, n_classes)``, rows summing to 1; with two classes, in the model's own order."""
        # As where the offsets were chosen: 0 would stay 0, whatever the offset.
        moved = np.maximum(self.model.predict_proba(windows), _LEAST_PROBABILITY) * np.exp(self.offsets)
        return moved / moved.sum(axis=1, keepdims=True)


def choose_offsets(probability: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the offsets ``(n_classes,)`` with the best balanced accuracy, the first one 0.

    With two classes they are the best there are. With more, one class' offset after the other is set to its best until
    none improves. Of a range of equally good ones the middle is taken.

    Parameters
    ----------
    probability
        ``(n, n_classes)``.
    labels
        ``(n,)``; classes that do not occur keep offset 0.
    """
    score = np.log(np.maximum(probability, _LEAST_PROBABILITY))
    offsets = np.zeros(probability.shape[1])
    weight = 1 / np.maximum(np.bincount(labels, minlength=len(offsets)), 1)[labels]
    best = -np.inf
    for _ in range(_ROUNDS):
        before = best
        for label in np.unique(labels)[1:]:
            offsets[label], best = _best_offset(score, offsets, labels, weight, int(label))
        if best <= before + _SMALLEST or len(np.unique(labels)) <= 2:
            break
    return offsets


def _best_offset(
    score: NDArray[np.float64],
    offsets: NDArray[np.float64],
    labels: NDArray[np.int64],
    weight: NDArray[np.float64],
    label: int,
) -> tuple[float, float]:
    """Return one class' best offset, and the sum of recalls that it gives."""
    others = score + offsets
    others[:, label] = -np.inf
    # A window is given to the class when its offset exceeds this; until then to the best of the others.
    gap = others.max(axis=1) - score[:, label]
    order = np.argsort(gap, kind="stable")
    gained = np.where(labels == label, weight, 0)
    lost = np.where(labels == others.argmax(axis=1), weight, 0)
    # The sum of recalls when the first k windows in order are given to the class, where the gaps allow that.
    recalls = lost.sum() + np.concatenate([[0.0], np.cumsum((gained - lost)[order])])
    edges = np.concatenate([[gap[order[0]] - 1], gap[order], [gap[order[-1]] + 1]])
    possible = edges[1:] > edges[:-1]
    recalls = np.where(possible, recalls, -np.inf)
    best = np.flatnonzero(recalls >= recalls.max() - _SMALLEST)
    # The widest run of equally good steps that follow each other.
    runs = np.split(best, np.flatnonzero(np.diff(best) > 1) + 1)
    widest = max(runs, key=lambda run: edges[run[-1] + 1] - edges[run[0]])
    return float((edges[widest[0]] + edges[widest[-1] + 1]) / 2), float(recalls.max())


def _validation(
    classifier: Classifier, data: TrainingData, seed: int, device: str
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Predict training windows by classifiers that were fitted on other parts of them.

    Windows made of a reference go with it. What an augmenter made of no single reference, or learned of all training
    subjects, has seen those who validate: the threshold may then be chosen too confidently, and test subjects are still
    unknown to it.
    """
    part = deal_validation(data.train, _PARTS, seed)
    probability = np.zeros((len(data.train), data.n_classes))
    done = np.zeros(len(data.train), bool)
    for number in np.unique(part):
        held, rest = np.flatnonzero(part == number), np.flatnonzero(part != number)
        if len(np.unique(data.train.labels[rest])) < 2:
            continue
        inner = TrainingData(data.train.take(rest), _made_of_others(data, held), data.reweight)
        probability[held] = classifier.fit(inner, seed, device=device).predict_proba(data.train.take(held))
        done[held] = True
    return probability[done], data.train.labels[done]


def _made_of_others(data: TrainingData, held: NDArray[np.int64]) -> Edited | None:
    """Return the made windows but for those whose reference window is held out."""
    if data.edited is None:
        return None
    edited, columns = data.edited, ["subject", "session", "trial", "window"]
    accepted = edited.edits["accepted"].to_numpy(dtype=bool)
    references = edited.edits.loc[accepted, [f"reference_{name}" for name in columns]]
    out = pd.MultiIndex.from_frame(data.train.table.iloc[held][columns].astype(str))
    kept = ~pd.MultiIndex.from_frame(references.astype(str).set_axis(columns, axis=1)).isin(out)
    rows = ~accepted
    rows[accepted] = kept
    return Edited(
        edited.de[kept],
        edited.grid[kept],
        edited.labels[kept],
        edited.edits[rows].reset_index(drop=True),
        edited.wanted,
    )
