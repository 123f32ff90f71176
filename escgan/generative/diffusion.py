"""A class-conditional denoising diffusion model.

Ho, Jain & Abbeel 2020, "Denoising Diffusion Probabilistic Models", arXiv:2006.11239; cosine schedule after Nichol &
Dhariwal 2021, "Improved Denoising Diffusion Probabilistic Models", arXiv:2102.09672.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from escgan.generative.model import Batch, SamplingModel, adam, descend, layers, normal

Schedule = Literal["linear", "cosine"]

# Ho et al. (section 4) let the variances rise from 1e-4 to 0.02 in 1000 steps; fewer steps are larger ones.
_FIRST, _LAST, _OF = 1e-4, 0.02, 1000
# Nichol & Dhariwal's offset (section 3.2), and the largest variance of a step.
_OFFSET, _MOST = 0.008, 0.999
# Values that tell the network the step, and the slowest of their waves.
_TIME, _PERIOD = 64, 10_000.0


class Diffusion(SamplingModel):
    """A network that tells the noise in a window, its step and its class known.

    Parameters
    ----------
    hidden
        Width of the network.
    blocks
        Residual blocks of two layers.
    noise_steps
        Steps from a window to noise.
    """

    variance: Tensor
    kept: Tensor

    def __init__(
        self, n_features: int, n_classes: int, hidden: int, blocks: int, noise_steps: int, schedule: Schedule
    ) -> None:
        super().__init__(n_features)
        variance = step_variances(noise_steps, schedule)
        # They follow from the settings, and are not stored.
        self.register_buffer("variance", variance.float(), persistent=False)
        self.register_buffer("kept", (1 - variance).cumprod(0).float(), persistent=False)
        self.network = NoisePredictor(n_features, n_classes, hidden, blocks)

    def optimizers(self, learning_rate: float) -> dict[str, torch.optim.Optimizer]:
        """Return the network's Adam."""
        return {"network": adam(self.network, learning_rate)}

    def step(self, batch: Batch, optimizers: dict[str, torch.optim.Optimizer]) -> dict[str, Tensor]:
        """Descend on the squared error of the noise that the network tells (Ho et al., equation 14)."""
        size = len(batch.x)
        t = torch.randint(len(self.kept), (size,), generator=batch.draw, device=batch.x.device)
        noise = normal(*batch.x.shape, draw=batch.draw)
        told = self.tell_noise(add_noise(batch.x, noise, self.kept[t]), t, batch.label)
        loss = functional.mse_loss(told, noise)
        descend(loss, optimizers["network"])
        return {"noise": loss.detach()}

    def draw_weights(self, stream: torch.Generator) -> None:
        """Draw all weights; the network adds nothing at first."""
        super().draw_weights(stream)
        nn.init.zeros_(self.network.leave.weight)

    def tell_noise(self, x: Tensor, t: Tensor, label: Tensor) -> Tensor:
        """Tell the noise in ``(B, n_features)`` at steps ``(B,)`` of classes ``(B,)``.

        Of a standardised window without structure, the expected noise is a share of the noisy window. The network
        gives what is to be added to it (the velocity of Salimans & Ho 2022, arXiv:2202.00512).
        """
        kept = self.kept[t][:, None]
        return (1 - kept).sqrt() * x + kept.sqrt() * self.network(x, t, label)

    def sample(self, label: Tensor, draw: torch.Generator) -> Tensor:
        """Take the noise out step by step (Ho et al., algorithm 2): ``(n,)`` to standardised ``(n, n_features)``.

        The noise that goes back in at a step has the step's own variance, which is right for windows that are
        standardised (section 3.2).
        """
        x = normal(len(label), len(self.mean), draw=draw)
        for t in reversed(range(len(self.kept))):
            told = self.tell_noise(x, label.new_full((len(label),), t), label)
            variance, kept = self.variance[t], self.kept[t]
            x = (x - variance / (1 - kept).sqrt() * told) / (1 - variance).sqrt()
            if t:
                x = x + variance.sqrt() * normal(*x.shape, draw=draw)
        return x


class NoisePredictor(nn.Module):
    """Residual blocks on a window; every block is told the step and the class."""

    def __init__(self, n_features: int, n_classes: int, hidden: int, blocks: int) -> None:
        super().__init__()
        self.enter = nn.Linear(n_features, hidden)
        self.time = layers(_TIME, [hidden], hidden, nn.SiLU)
        self.label = nn.Embedding(n_classes, hidden)
        self.blocks = nn.ModuleList(layers(hidden, [hidden], hidden, nn.SiLU) for _ in range(blocks))
        self.leave = nn.Linear(hidden, n_features)

    def forward(self, x: Tensor, t: Tensor, label: Tensor) -> Tensor:
        """Tell the noise in ``(B, n_features)`` at steps ``(B,)`` of classes ``(B,)``."""
        told = self.time(waves(t)) + self.label(label)
        h = self.enter(x)
        for block in self.blocks:
            h = h + block(functional.silu(h + told))
        return self.leave(functional.silu(h))


def step_variances(noise_steps: int, schedule: Schedule) -> Tensor:
    """Return the variance of the noise that each step adds, ``(noise_steps,)`` float64."""
    if schedule == "linear":
        longer = _OF / noise_steps
        return torch.linspace(_FIRST * longer, _LAST * longer, noise_steps, dtype=torch.float64).clamp(max=_MOST)
    place = torch.arange(noise_steps + 1, dtype=torch.float64) / noise_steps
    kept = torch.cos((place + _OFFSET) / (1 + _OFFSET) * math.pi / 2) ** 2
    return (1 - kept[1:] / kept[:-1]).clamp(max=_MOST)


def add_noise(x: Tensor, noise: Tensor, kept: Tensor) -> Tensor:
    """Return windows after all steps up to one, at once (Ho et al., equation 4).

    Parameters
    ----------
    x, noise
        ``(B, n_features)``.
    kept
        ``(B,)``, the share of a window's variance that is left at its step: the product of ``1 - variance``.
    """
    kept = kept[:, None]
    return kept.sqrt() * x + (1 - kept).sqrt() * noise


def waves(t: Tensor) -> Tensor:
    """Return sines and cosines of a step at falling frequencies, ``(B,)`` to ``(B, 64)`` (Vaswani et al. 2017)."""
    half = _TIME // 2
    frequency = _PERIOD ** (-torch.arange(half, device=t.device) / half)
    angle = t[:, None] * frequency
    return torch.cat([angle.sin(), angle.cos()], dim=1)
