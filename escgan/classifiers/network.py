"""Networks on the channels' DE, trained until validation subjects of the training side see no gain."""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from escgan.classifiers.base import Classifier, Model, TrainingData, spread_classes
from escgan.errors import DivergedError
from escgan.seeds import derive_seed, generator
from escgan.windows import WindowSet

if TYPE_CHECKING:
    from torch import Tensor, nn

_CONSTANT = 1e-6


@dataclass(frozen=True)
class Sizes:
    """What a network is built for: its input ``(B, n_channels, n_bands)``, and the classes and people it tells apart.

    ``n_subjects`` counts the subjects who are trained on, without those who validate.
    """

    channels: tuple[str, ...]
    n_bands: int
    n_classes: int
    n_subjects: int

    @property
    def n_channels(self) -> int:
        """Length of the first axis."""
        return len(self.channels)


@dataclass(frozen=True)
class Batch:
    """Windows of one step.

    Attributes
    ----------
    x
        ``(B, n_channels, n_bands)`` standardised.
    labels, weight
        ``(B,)``.
    subject
        ``(B,)``, each window's place among the subjects who are trained on; -1 where it has none.
    progress
        Share of all steps of all passes that were made before, from 0 to 1.
    """

    x: Tensor
    labels: Tensor
    weight: Tensor
    subject: Tensor
    progress: float


class NetworkClassifier(Classifier, ABC):
    """Base of networks on ``(n_channels, n_bands)``; a subclass builds its own.

    A share of the training subjects validates: training ends when their loss has not fallen for some passes, and the
    weights of the best pass are kept. Windows that an augmenter made of one of their windows are left out of training;
    what it made of several (SMOTE), or drew from all training subjects, may know them, so that training may end later
    than it should. With fewer than three training subjects nobody validates, and all passes are made.
    """

    differentiable: ClassVar[bool] = True
    epochs: int = Field(default=100, ge=1)
    """Most passes over the training windows."""
    patience: int = Field(default=15, ge=1)
    """Passes without a gain after which training ends."""
    validation: float = Field(default=0.2, gt=0, lt=1)
    """Share of the training subjects who validate, at least one."""
    batch_size: int = Field(default=256, ge=2)
    """Windows in a step."""
    learning_rate: float = Field(default=1e-3, gt=0)
    """Step size of Adam."""
    weight_decay: float = Field(default=1e-4, ge=0)
    """Decoupled decay of the weights."""
    dropout: float = Field(default=0.3, ge=0, lt=1)
    """Dropout before the last layer."""

    @abstractmethod
    def build(self, sizes: Sizes) -> nn.Module:
        """Build the network ``(B, n_channels, n_bands)`` to ``(B, n_classes)``.

        Weights of linear layers, convolutions and embeddings are drawn afterwards.
        """

    def objective(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return what a step lowers: the weighted cross-entropy, unless a subclass adds to it."""
        return class_loss(network(batch.x), batch.labels, batch.weight)

    def parameter_groups(self, network: nn.Module) -> list[dict[str, Any]]:
        """Return what is learnt, as Adam's groups; those that do not say their ``lr`` learn at ``learning_rate``."""
        return [{"params": list(network.parameters())}]

    def fit(self, data: TrainingData, seed: int, *, device: str = "cpu") -> Model:
        """Train; every batch derives from (seed, pass)."""
        import torch

        from escgan.gan.trunk import initialize, seed_dropout

        de = data.de
        mean, deviation = de.mean(axis=0, dtype=np.float64), de.std(axis=0, dtype=np.float64)
        scale = np.where(deviation < _CONSTANT, 1.0, deviation)
        x = torch.from_numpy(((de - mean) / scale).astype(np.float32)).to(device)
        y = torch.from_numpy(data.labels).to(device)
        weight = torch.from_numpy(data.weights.astype(np.float32)).to(device)
        rows, held = self._split(data, seed)
        people = sorted({name for name in data.subjects[rows] if name is not None})
        subject = torch.from_numpy(_places(data.subjects, people)).to(device)
        network = self.build(Sizes(data.train.channels, de.shape[2], data.n_classes, len(people)))
        initialize(network, torch.Generator().manual_seed(derive_seed(seed, "weights")))
        network.to(device)
        groups = self.parameter_groups(network)
        optimizer = torch.optim.AdamW(groups, lr=self.learning_rate, weight_decay=self.weight_decay)
        validating = torch.from_numpy(held).to(device)
        best, best_state, since = float("inf"), deepcopy(network.state_dict()), 0
        for epoch in range(self.epochs):
            network.train()
            seed_dropout(network, torch.Generator(device).manual_seed(derive_seed(seed, "dropout", epoch)))
            order = torch.from_numpy(generator(seed, "order", epoch).permutation(rows)).to(device)
            loss = torch.zeros((), device=device)
            # Batches of nearly equal size: a last one of a single window would have no deviation to be normed by.
            chunks = order.chunk(max(1, len(order) // self.batch_size))
            for step, chosen in enumerate(chunks):
                progress = (epoch + step / len(chunks)) / self.epochs
                batch = Batch(x[chosen], y[chosen], weight[chosen], subject[chosen], progress)
                loss = self.objective(network, batch)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
            if not torch.isfinite(loss):
                raise DivergedError(
                    f"The {self.kind} classifier's loss became {loss.item()} in pass {epoch + 1}: lower its "
                    "learning_rate or check the features for extreme values."
                )
            if not len(held):
                continue
            with torch.no_grad():
                reached = class_loss(network.eval()(x[validating]), y[validating], weight[validating]).item()
            if reached < best:
                best, best_state, since = reached, deepcopy(network.state_dict()), 0
            else:
                since += 1
            if since == self.patience:
                break
        if len(held):
            network.load_state_dict(best_state)
        return _Fitted(network.eval(), mean, scale, device, np.unique(data.labels), data.n_classes)

    def _split(self, data: TrainingData, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the rows that are trained on, and those of the subjects who validate."""
        subjects, n_real = data.subjects, len(data.train)
        names = np.unique(subjects[:n_real].astype(str))
        everything = np.arange(len(data.labels))
        if len(names) < 3:
            return everything, everything[:0]
        n = max(1, round(self.validation * len(names)))
        chosen = generator(seed, "validation").permutation(names)[:n]
        theirs = pd.Series(subjects, dtype=object).isin(chosen).to_numpy()
        rows = everything[~theirs]
        if len(np.unique(data.labels[rows])) < len(np.unique(data.labels)):
            # Those who would validate are the only ones who show a class.
            return everything, everything[:0]
        return rows, np.flatnonzero(theirs[:n_real])


def _places(subjects: NDArray[np.object_], people: list[str]) -> NDArray[np.int64]:
    """Return each window's place among ``people``, -1 for others and nobody."""
    return pd.Index(people, dtype=object).get_indexer(pd.Index(subjects, dtype=object)).astype(np.int64)


def class_loss(scores: Tensor, labels: Tensor, weight: Tensor, smoothing: float = 0.0) -> Tensor:
    """Return the weighted mean of the cross-entropy with labels of which a share is spread evenly over the classes."""
    from torch.nn import functional

    each = functional.cross_entropy(scores, labels, reduction="none", label_smoothing=smoothing)
    return (weight * each).mean()


@dataclass(frozen=True)
class _Fitted:
    network: nn.Module
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    device: str
    present: NDArray[np.int64]
    n_classes: int

    @property
    def mask(self) -> NDArray[np.bool_]:
        return np.ones(self.mean.shape, bool)

    def inputs(self, windows: WindowSet) -> NDArray[np.float32]:
        return ((windows.de - self.mean) / self.scale).astype(np.float32)

    def predict_proba(self, windows: WindowSet) -> NDArray[np.float64]:
        return self.probability(self.inputs(windows))

    def probability(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        import torch

        x = torch.from_numpy(inputs)
        with torch.no_grad():
            scores = torch.cat([self.network(some.to(self.device)).cpu().double() for some in x.split(4096)])
        # A class that training did not hold was never told apart from the others: it takes no share.
        probability = scores[:, torch.from_numpy(self.present)].softmax(dim=1).numpy()
        return spread_classes(probability, self.present, self.n_classes)
