"""The paper's recognition model: the discriminator's trunk with SELU and one head, trained with mixup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from escgan.classifiers.base import Classifier, Model, TrainingData, spread_classes
from escgan.errors import DivergedError
from escgan.montage import ScalpGrid, scalp_grid
from escgan.seeds import derive_seed, generator
from escgan.windows import WindowSet

if TYPE_CHECKING:
    from torch import nn


class CnnClassifier(Classifier):
    """A convolutional network on the 9x9 scalp grid; the defaults are the paper's."""

    title: ClassVar[str] = "convolutional network of the paper"
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
        import torch
        from torch import nn
        from torch.nn import functional

        from escgan.gan.trunk import ConvTrunk, initialize, lay_out, mlp_head, seed_dropout

        n, n_bands = data.grid.shape[:2]
        network = nn.Sequential(
            ConvTrunk(n_bands, self.hidden, nn.SELU), mlp_head(self.hidden, data.n_classes, self.dropout, nn.SELU)
        )
        initialize(network, torch.Generator().manual_seed(derive_seed(seed, "weights")))
        lay_out(network, device).train()
        optimizer = torch.optim.Adam(network.parameters(), lr=self.learning_rate, fused=True)
        # Rows of bands, so that a drawn batch is channels last without a copy.
        x_all = torch.from_numpy(data.grid).permute(0, 2, 3, 1).contiguous().to(device)
        y_all = functional.one_hot(torch.from_numpy(data.labels), data.n_classes).float().to(device)
        weight_all = torch.from_numpy(data.weights.astype(np.float32)).to(device)
        per_epoch = max(1, n // self.batch_size)
        loss = torch.zeros(())
        for step in range(self.epochs * per_epoch):
            epoch, place = divmod(step, per_epoch)
            if place == 0:
                order = generator(seed, "order", epoch).permutation(n)
            rows = torch.from_numpy(order[place * self.batch_size : (place + 1) * self.batch_size]).to(device)
            x, y, weight = x_all[rows].permute(0, 3, 1, 2), y_all[rows], weight_all[rows]
            seed_dropout(network, torch.Generator(device).manual_seed(derive_seed(seed, "dropout", step)))
            if self.mixup:
                draw = generator(seed, "mixup", step)
                share = float(draw.beta(self.mixup, self.mixup))
                other = torch.from_numpy(draw.permutation(len(rows))).to(device)
                x, y = share * x + (1 - share) * x[other], share * y + (1 - share) * y[other]
                weight = share * weight + (1 - share) * weight[other]
            loss = (weight * functional.cross_entropy(network(x), y, reduction="none")).mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        if not torch.isfinite(loss):
            raise DivergedError(
                f"The cnn classifier's loss became {loss.item()} by step {self.epochs * per_epoch}: "
                "lower its learning_rate."
            )
        return _Fitted(network.eval(), scalp_grid(data.train.channels), device, np.unique(data.labels), data.n_classes)


@dataclass(frozen=True)
class _Fitted:
    network: nn.Module
    scalp: ScalpGrid
    device: str
    present: NDArray[np.int64]
    n_classes: int

    def predict_proba(self, windows: WindowSet) -> NDArray[np.float64]:
        import torch

        grid = self.scalp.to_grid(windows.de)
        with torch.no_grad():
            parts = [
                self.network(torch.from_numpy(grid[i : i + 1024]).to(self.device)).cpu().double()
                for i in range(0, len(grid), 1024)
            ]
        # A class that training did not hold was never told apart from the others: it takes no share.
        probability = torch.cat(parts)[:, torch.from_numpy(self.present)].softmax(dim=1).numpy()
        return spread_classes(probability, self.present, self.n_classes)
