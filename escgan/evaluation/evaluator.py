"""The network in whose features edits are compared with real windows.

It is trained on the real windows of half of the training subjects. Windows that a network was trained on look more
alike to it than windows of other people do, so that edits, which it never saw, would lose a comparison against windows
it knows for that reason alone. Here neither edits nor the windows of the other half are known to it, and both are held
against those of the first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from escgan.classifiers.base import DifferentiableModel, TrainingData
from escgan.classifiers.cnn import CnnClassifier
from escgan.seeds import derive_seed, generator
from escgan.windows import WindowSet

# Windows embedded at once.
_BATCH = 1024


@dataclass(frozen=True)
class Evaluator:
    """A trained network, and which of the training windows, ``(n_windows,)``, it was trained on."""

    model: DifferentiableModel
    seen: NDArray[np.bool_]


def train_evaluator(train: WindowSet, config: CnnClassifier, seed: int, *, device: str = "cpu") -> Evaluator:
    """Train the paper's recognition model on half of the subjects of the training side.

    Where no half of them shows two classes, as with one subject, it is trained on all windows.
    """
    seen = seen_subjects(train, seed)
    rows = np.flatnonzero(seen)
    part = replace(
        train, de=train.de[rows], labels=train.labels[rows], table=train.table.iloc[rows].reset_index(drop=True)
    )
    model = config.fit(TrainingData(part, reweight=True), derive_seed(seed, "evaluator"), device=device)
    return Evaluator(cast(DifferentiableModel, model), seen)


def seen_subjects(train: WindowSet, seed: int) -> NDArray[np.bool_]:
    """Return which windows are of the half of the subjects that an evaluator is trained on, ``(n_windows,)``.

    Subjects are dealt so that each half has about half of every class.
    """
    names, subject = np.unique(train.subjects.astype(str), return_inverse=True)
    share = np.zeros(len(names))
    # A window weighs the more the rarer its class: what is rare must not end up in one half.
    np.add.at(share, subject, 1 / train.counts[train.labels])
    order = generator(seed, "halves").permutation(len(names))
    order = order[np.argsort(-share[order], kind="stable")]
    first = np.zeros(len(names), bool)
    weight = [0.0, 0.0]
    for name in order:
        half = int(weight[1] < weight[0])
        first[name] = half == 0
        weight[half] += share[name]
    for chosen in (first, ~first):
        seen = chosen[subject]
        if len(np.unique(train.labels[seen])) > 1:
            return seen
    return np.ones(len(train), bool)


def embed(evaluator: Evaluator, grid: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return what the last layer of the network's head is given, ``(n, 8H)``, for ``(n, n_bands, 9, 9)``."""
    import torch
    from torch import nn

    network = evaluator.model.network
    trunk, head = network.children()
    body = nn.Sequential(trunk, *list(head.children())[:-1])
    device = next(network.parameters()).device
    with torch.no_grad():
        parts = [
            body(torch.from_numpy(grid[i : i + _BATCH]).to(device)).cpu().double() for i in range(0, len(grid), _BATCH)
        ]
    return torch.cat(parts).numpy()


def judge(evaluator: Evaluator, grid: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the evaluator's class probabilities, ``(n, n_classes)``, for ``(n, n_bands, 9, 9)``."""
    return evaluator.model.probability(grid)
