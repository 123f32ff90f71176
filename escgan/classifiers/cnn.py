"""The paper's recognition model: the discriminator's trunk with SELU and one head, trained with mixup."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from escgan.classifiers.base import Classifier, Model, TrainingData, spread_classes
from escgan.errors import DivergedError, EscganError
from escgan.montage import ScalpGrid, scalp_grid
from escgan.windows import WindowSet

if TYPE_CHECKING:
    from torch import nn


class CnnClassifier(Classifier):
    """A convolutional network on the 9x9 scalp grid; the defaults are the paper's."""

    title: ClassVar[str] = "convolutional network of the paper"
    packs: ClassVar[bool] = True
    differentiable: ClassVar[bool] = True
    kind: Literal["cnn"] = "cnn"
    hidden: int = Field(default=128, ge=1)
    """Channels after the first convolution (H in the paper)."""
    dropout: float = Field(default=0.3, ge=0, lt=1)
    """Dropout in the head."""
    epochs: int = Field(default=100, ge=1)
    """Passes over the training windows."""
    batch_size: int = Field(default=256, ge=2)
    """Windows in a step."""
    learning_rate: float = Field(default=1e-4, gt=0)
    """Step size of Adam."""
    mixup: float = Field(default=0.2, ge=0)
    """Parameter of mixup's Beta distribution; 0 turns mixup off."""

    def fit(self, data: TrainingData, seed: int, *, device: str = "cpu") -> Model:
        """Train; every batch derives from (seed, step)."""
        (model,) = self.fit_together([data], seed, device=device)
        if isinstance(model, EscganError):
            raise model
        return model

    def fit_together(
        self, data: Sequence[TrainingData], seed: int, *, device: str = "cpu"
    ) -> list[Model | EscganError]:
        """Train a network a fold as one program; the folds have the same bands and classes."""
        from escgan.classifiers.cnn_training import train_networks

        models: list[Model | EscganError] = []
        for own, outcome in zip(data, train_networks(data, self, seed, device), strict=True):
            if math.isfinite(outcome.loss):
                scalp, present = scalp_grid(own.train.channels), np.unique(own.labels)
                models.append(_Fitted(outcome.network, scalp, device, present, own.n_classes))
            else:
                models.append(
                    DivergedError(
                        f"The cnn classifier's loss became {outcome.loss} by step {outcome.steps}: "
                        "lower its learning_rate or check the features for extreme values."
                    )
                )
        return models


@dataclass(frozen=True)
class _Fitted:
    network: nn.Module
    scalp: ScalpGrid
    device: str
    present: NDArray[np.int64]
    n_classes: int

    @property
    def mask(self) -> NDArray[np.bool_]:
        return self.scalp.mask

    def inputs(self, windows: WindowSet) -> NDArray[np.float32]:
        return self.scalp.to_grid(windows.de)

    def predict_proba(self, windows: WindowSet) -> NDArray[np.float64]:
        return self.probability(self.inputs(windows))

    def probability(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        import torch

        with torch.no_grad():
            parts = [
                self.network(torch.from_numpy(inputs[i : i + 1024]).to(self.device)).cpu().double()
                for i in range(0, len(inputs), 1024)
            ]
        # A class that training did not hold was never told apart from the others: it takes no share.
        probability = torch.cat(parts)[:, torch.from_numpy(self.present)].softmax(dim=1).numpy()
        return spread_classes(probability, self.present, self.n_classes)
