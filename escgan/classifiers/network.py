"""Networks on the channels' DE, trained until validation subjects of the training side see no gain."""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from escgan.classifiers.base import Classifier, Model, TrainingData, spread_classes
from escgan.errors import DivergedError
from escgan.seeds import derive_seed, generator
from escgan.windows import WindowSet

if TYPE_CHECKING:
    from torch import Tensor, nn

_CONSTANT = 1e-6


class NetworkClassifier(Classifier, ABC):
    """Base of networks on ``(n_channels, n_bands)``; a subclass builds its own.

    A share of the training subjects validates: training ends when their loss has not fallen for some passes, and the
    weights of the best pass are kept. Windows that an augmenter made of their windows are left out of training. With
    fewer than three training subjects nobody validates, and all passes are made.
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
    def build(self, n_channels: int, n_bands: int, n_classes: int) -> nn.Module:
        """Build the network ``(B, n_channels, n_bands)`` to ``(B, n_classes)``; its weights are drawn afterwards."""

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
        network = self.build(de.shape[1], de.shape[2], data.n_classes)
        initialize(network, torch.Generator().manual_seed(derive_seed(seed, "weights")))
        network.to(device)
        optimizer = torch.optim.AdamW(network.parameters(), lr=self.learning_rate, weight_decay=self.weight_decay)
        rows, held = self._split(data, seed)
        validating = torch.from_numpy(held).to(device)
        best, best_state, since = float("inf"), deepcopy(network.state_dict()), 0
        for epoch in range(self.epochs):
            network.train()
            seed_dropout(network, torch.Generator(device).manual_seed(derive_seed(seed, "dropout", epoch)))
            order = torch.from_numpy(generator(seed, "order", epoch).permutation(rows)).to(device)
            loss = torch.zeros((), device=device)
            # Batches of nearly equal size: a last one of a single window would have no deviation to be normed by.
            for batch in order.chunk(max(1, len(order) // self.batch_size)):
                loss = _loss(network(x[batch]), y[batch], weight[batch])
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
            if not torch.isfinite(loss):
                raise DivergedError(
                    f"The {self.kind} classifier's loss became {loss.item()} in pass {epoch + 1}: lower its "
                    "learning_rate."
                )
            if not len(held):
                continue
            with torch.no_grad():
                reached = _loss(network.eval()(x[validating]), y[validating], weight[validating]).item()
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
        subjects, n_real = data.train.subjects.astype(str), len(data.train)
        names = np.unique(subjects)
        everything = np.arange(len(data.labels))
        if len(names) < 3:
            return everything, everything[:0]
        n = max(1, round(self.validation * len(names)))
        chosen = generator(seed, "validation").permutation(names)[:n]
        held = np.isin(subjects, chosen)
        made = np.zeros(len(everything) - n_real, bool)
        if data.edited is not None:
            references = data.edited.edits.loc[data.edited.edits["accepted"], "reference_subject"]
            made = references.isin(chosen).to_numpy(dtype=bool)
        rows = everything[~np.concatenate([held, made])]
        if len(np.unique(data.labels[rows])) < len(np.unique(data.labels)):
            # Those who would validate are the only ones who show a class.
            return everything, everything[:0]
        return rows, np.flatnonzero(held)


def _loss(scores: Tensor, labels: Tensor, weight: Tensor) -> Tensor:
    from torch.nn import functional

    return (weight * functional.cross_entropy(scores, labels, reduction="none")).mean()


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
