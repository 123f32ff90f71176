"""Training the recognition model on one fold's windows, or on those of several folds as one program.

Every batch, mixture and dropout mask derives from (seed, step). Folds are drawn for alike and never meet: each network
is what it would be alone, but for rounding (:mod:`escgan.gan.stacking`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from escgan.classifiers.base import TrainingData
from escgan.gan.stacking import Trained, join, part
from escgan.gan.trunk import ConvTrunk, initialize, lay_out, mlp_head, seed_dropout
from escgan.seeds import derive_seed, generator

if TYPE_CHECKING:
    from escgan.classifiers.cnn import CnnClassifier


@dataclass
class Outcome:
    """A fold's trained network, and its loss in the last step."""

    network: nn.Module
    loss: float
    steps: int


@dataclass(frozen=True)
class _Fold:
    place: int
    data: TrainingData
    batch: int
    per_epoch: int
    steps: int


def train_networks(folds: Sequence[TrainingData], config: CnnClassifier, seed: int, device: str) -> list[Outcome]:
    """Train a network a fold; the folds' windows have the same bands and classes."""
    outcomes: dict[int, Outcome] = {}
    members = []
    for place, data in enumerate(folds):
        n = len(data.labels)
        per_epoch = max(1, n // config.batch_size)
        members.append(_Fold(place, data, min(n, config.batch_size), per_epoch, per_epoch * config.epochs))
    # Folds side by side take batches of one size; the first to end stand first.
    members.sort(key=lambda fold: (fold.batch, fold.steps))
    for _, group in groupby(members, key=lambda fold: fold.batch):
        for fold, outcome in _train(list(group), config, seed, device):
            outcomes[fold.place] = outcome
    return [outcomes[place] for place in range(len(folds))]


def _train(folds: list[_Fold], config: CnnClassifier, seed: int, device: str) -> Iterator[tuple[_Fold, Outcome]]:
    n_bands, n_classes = folds[0].data.grid.shape[1], folds[0].data.n_classes

    def build(n: int) -> Trained:
        network = nn.Sequential(
            ConvTrunk(n_bands, config.hidden, nn.SELU, folds=n),
            mlp_head(config.hidden, n_classes, config.dropout, nn.SELU, folds=n),
        )
        initialize(network, torch.Generator().manual_seed(derive_seed(seed, "weights")))
        lay_out(network, device).train()
        return Trained(network, torch.optim.Adam(network.parameters(), lr=config.learning_rate, fused=True))

    rest = [(fold, build(1)) for fold in folds]
    windows = _Windows([fold.data for fold in folds], device)
    done = 0
    while rest:
        parts = [one for _, one in rest]
        whole = parts[0] if len(parts) == 1 else build(len(parts))
        if len(parts) > 1:
            join(parts, whole)
        stop = rest[0][0].steps
        first = len(folds) - len(rest)
        losses = torch.zeros(len(rest))
        for step in range(done, stop):
            losses = _step(whole, windows, folds, first, config, seed, step)
        if len(parts) > 1:
            part(whole, parts)
        done = stop
        for (fold, one), loss in zip(rest, losses.tolist(), strict=True):
            if fold.steps == stop:
                yield fold, Outcome(one.network.eval(), loss, stop)
        rest = [(fold, one) for fold, one in rest if fold.steps > stop]


class _Windows:
    """The folds' windows on the device, and each fold's order of them in the present pass."""

    def __init__(self, folds: Sequence[TrainingData], device: str) -> None:
        self.device = device
        self.starts = np.cumsum([0, *(len(data.labels) for data in folds)])
        n_bands, n_classes = folds[0].grid.shape[1], folds[0].n_classes
        n = int(self.starts[-1])
        # Rows of bands, so that a drawn batch is channels last without a copy.
        self.x = torch.empty((n, 9, 9, n_bands), device=device)
        # Weighted before they are mixed: a mixture of a common and a rare class has as much of each as its loss counts.
        self.y = torch.empty((n, n_classes), device=device)
        for start, data in zip(self.starts, folds, strict=False):
            own = slice(int(start), int(start) + len(data.labels))
            self.x[own] = torch.from_numpy(data.grid).permute(0, 2, 3, 1)
            weight = torch.from_numpy(data.weights.astype(np.float32))
            self.y[own] = functional.one_hot(torch.from_numpy(data.labels), n_classes) * weight[:, None]
        self._orders: dict[int, Tensor] = {}

    def rows(self, fold: _Fold, number: int, seed: int, step: int) -> Tensor:
        """Return the rows of a fold's batch, ``(B,)``."""
        epoch, place = divmod(step, fold.per_epoch)
        if place == 0:
            order = generator(seed, "order", epoch).permutation(len(fold.data.labels)) + self.starts[number]
            # One transfer a pass: a step waits for the device nowhere.
            self._orders[number] = torch.from_numpy(order).to(self.device)
        return self._orders[number][place * fold.batch : (place + 1) * fold.batch]


def _step(
    whole: Trained, windows: _Windows, folds: list[_Fold], first: int, config: CnnClassifier, seed: int, step: int
) -> Tensor:
    """Take a step of the folds from ``first`` on and return their losses, ``(folds,)``, detached."""
    members = folds[first:]
    rows = torch.stack([windows.rows(fold, first + i, seed, step) for i, fold in enumerate(members)], dim=1)
    x, y = windows.x[rows], windows.y[rows]
    # (B, folds, 9, 9, n_bands) to (B, folds * n_bands, 9, 9), channels last.
    x = x.permute(0, 2, 3, 1, 4).flatten(3).permute(0, 3, 1, 2)
    seed_dropout(whole.network, torch.Generator(windows.device).manual_seed(derive_seed(seed, "dropout", step)))
    if config.mixup:
        draw = generator(seed, "mixup", step)
        share = float(draw.beta(config.mixup, config.mixup))
        other = torch.from_numpy(draw.permutation(len(rows))).to(windows.device)
        x, y = share * x + (1 - share) * x[other], share * y + (1 - share) * y[other]
    # (B, folds, n_classes) to (B * folds, n_classes): a window's loss is its own.
    scores = whole.network(x).view(-1, y.shape[-1])
    losses = functional.cross_entropy(scores, y.flatten(0, 1), reduction="none").view(rows.shape).mean(0)
    whole.optimizer.zero_grad(set_to_none=True)
    losses.sum().backward()
    whole.optimizer.step()
    return losses.detach()
