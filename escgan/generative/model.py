"""What every generative model is to the training loop: networks, optimisers, and a step on a batch.

Models see standardised features. Mean and scale of the training windows are buffers of the model: they are saved
with its weights, and what is made returns to the windows' units.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from escgan.gan.trunk import initialize

# Windows that are summed at once.
_BLOCK = 65536

# float32 holds about seven digits: a feature that varies less than its last one is constant.
_RESOLUTION = 1e-7


@dataclass(frozen=True)
class Batch:
    """One step's windows.

    Attributes
    ----------
    x
        ``(B, n_features)`` float32, standardised.
    label
        ``(B,)`` int64.
    step
        The step's number, from 0.
    draw
        The step's own generator, on the device: every random number of the step comes from it.
    """

    x: Tensor
    label: Tensor
    step: int
    draw: torch.Generator


class GenerativeModel(nn.Module, ABC):
    """Base of the models; ``n_features`` is the number of channels times that of bands."""

    mean: Tensor
    scale: Tensor

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("scale", torch.ones(n_features))

    def learn_units(self, flat: NDArray[np.float32]) -> None:
        """Take mean and standard deviation of each feature of ``(n_windows, n_features)``, read block by block.

        The scale of a constant feature is 0: what is made has that constant.
        """
        blocks = [slice(start, start + _BLOCK) for start in range(0, len(flat), _BLOCK)]

        def average(of: Callable[[Tensor], Tensor]) -> Tensor:
            sums = (of(torch.from_numpy(np.array(flat[rows])).double()).sum(dim=0) for rows in blocks)
            return sum(sums, torch.zeros(flat.shape[1], dtype=torch.float64)) / len(flat)

        mean = average(lambda x: x)
        deviation = average(lambda x: (x - mean) ** 2).sqrt()
        self.mean.copy_(mean)
        self.scale.copy_(deviation.where(deviation > _RESOLUTION * mean.abs(), 0))

    def draw_weights(self, stream: torch.Generator) -> None:
        """Draw all weights from a generator."""
        initialize(self, stream)

    def standardize(self, x: Tensor) -> Tensor:
        """Bring features ``(B, n_features)`` to mean 0 and deviation 1."""
        return (x - self.mean) / self.scale.where(self.scale != 0, 1)

    def to_units(self, x: Tensor) -> Tensor:
        """Undo :meth:`standardize`."""
        return x * self.scale + self.mean

    @abstractmethod
    def optimizers(self, learning_rate: float) -> dict[str, torch.optim.Optimizer]:
        """Return the optimisers that :meth:`step` expects, by name."""

    @abstractmethod
    def step(self, batch: Batch, optimizers: dict[str, torch.optim.Optimizer]) -> dict[str, Tensor]:
        """Descend on a batch's losses and return every named term, detached."""


class SamplingModel(GenerativeModel, ABC):
    """A model that makes windows of a class from noise alone."""

    @abstractmethod
    def sample(self, label: Tensor, draw: torch.Generator) -> Tensor:
        """Make a standardised window for each label: ``(n,)`` to ``(n, n_features)``."""


def adam(network: nn.Module, learning_rate: float, betas: tuple[float, float] = (0.9, 0.999)) -> torch.optim.Optimizer:
    """Return Adam on a network's weights; the fused step is one kernel instead of one a tensor."""
    return torch.optim.Adam(network.parameters(), lr=learning_rate, betas=betas, fused=True)


def descend(loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    """Step down a loss; networks that the optimiser does not hold get no gradient."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward(inputs=[weight for group in optimizer.param_groups for weight in group["params"]])
    optimizer.step()


def layers(n_in: int, hidden: Sequence[int], n_out: int, activation: Callable[[], nn.Module]) -> nn.Sequential:
    """Build fully connected layers with an activation between each two."""
    widths = [n_in, *hidden]
    parts: list[nn.Module] = []
    for below, width in pairwise(widths):
        parts += [nn.Linear(below, width), activation()]
    return nn.Sequential(*parts, nn.Linear(widths[-1], n_out))


def silence_last(network: nn.Sequential) -> None:
    """Set the weights of the last layer to 0, so that training starts from what it says of nothing."""
    nn.init.zeros_(network.get_parameter(f"{len(network) - 1}.weight"))


def with_class(x: Tensor, label: Tensor, n_classes: int) -> Tensor:
    """Append the class as one-hot columns: ``(B, n)`` to ``(B, n + n_classes)``."""
    return torch.cat([x, functional.one_hot(label, n_classes).to(x.dtype)], dim=1)


def normal(*shape: int, draw: torch.Generator) -> Tensor:
    """Draw standard normal noise on the generator's device."""
    return torch.randn(*shape, generator=draw, device=draw.device)
