"""The convolutional trunk that encoder, discriminator and recognition model share, and seeded dropout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

# Channel multiples of H and strides: 9x9 -> 9x9 -> 5x5 -> 5x5 -> 3x3.
_LAYERS = ((1, 1), (2, 2), (2, 1), (4, 2))
CODE_SIDE = 3


class ChannelAttention(nn.Module):
    """Efficient channel attention: a 1-D convolution over the channels' means gates the channels."""

    def __init__(self, kernel: int = 3) -> None:
        super().__init__()
        self.mix = nn.Conv1d(1, 1, kernel, padding=kernel // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Gate ``(B, C, H, W)`` by channel."""
        means = x.mean(dim=(2, 3)).unsqueeze(1)
        return x * torch.sigmoid(self.mix(means)).transpose(1, 2).unsqueeze(3)


class ConvTrunk(nn.Sequential):
    """Four 3x3 convolutions ``n_bands -> H -> 2H -> 2H -> 4H``, each with batch norm and an activation.

    Maps ``(B, n_bands, 9, 9)`` to ``(B, 4H, 3, 3)``.
    """

    def __init__(
        self, n_bands: int, hidden: int, activation: Callable[[], nn.Module] = nn.LeakyReLU, attention: bool = False
    ) -> None:
        layers: list[nn.Module] = []
        width = n_bands
        for multiple, stride in _LAYERS:
            # Batch norm subtracts the mean, so a bias before it would have no effect.
            layers += [nn.Conv2d(width, multiple * hidden, 3, stride, padding=1, bias=False)]
            layers += [nn.BatchNorm2d(multiple * hidden), activation()]
            layers += [ChannelAttention()] if attention else []
            width = multiple * hidden
        super().__init__(*layers)


class SeededDropout(nn.Module):
    """Dropout whose mask comes from a generator of its own.

    The library's dropout draws from one global stream, which folds trained side by side would share: results
    would depend on their timing. :func:`seed_dropout` gives every layer of a network its stream.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share
        self.generator: torch.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Drop a share of the values while training, and scale up the rest."""
        if not self.training or self.share == 0:
            return x
        keep = torch.empty_like(x).bernoulli_(1 - self.share, generator=self.generator)
        return x * keep / (1 - self.share)


def seed_dropout(network: nn.Module, generator: torch.Generator) -> None:
    """Let every dropout layer of a network draw from a generator."""
    for module in network.modules():
        if isinstance(module, SeededDropout):
            module.generator = generator


def mlp_head(
    hidden: int, n_out: int, dropout: float, activation: Callable[[], nn.Module] = nn.LeakyReLU
) -> nn.Sequential:
    """Build a head ``36H -> 8H -> 8H -> n_out`` on the trunk's code."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(4 * hidden * CODE_SIDE**2, 8 * hidden),
        activation(),
        SeededDropout(dropout),
        nn.Linear(8 * hidden, 8 * hidden),
        activation(),
        SeededDropout(dropout),
        nn.Linear(8 * hidden, n_out),
    )


def lay_out(network: nn.Module, device: str) -> nn.Module:
    """Put a network on a device, channels last in memory, which its convolutions are fastest in.

    Weights in another layout give results that differ in the last bits: whoever trains or applies a network
    comes here first.
    """
    return network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def initialize(network: nn.Module, generator: torch.Generator) -> None:
    """Draw all weights from a generator: Kaiming for convolutions and linear layers, normal for embeddings.

    Biases start at zero. Weights are drawn on the CPU, so that every device starts from the same ones.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            # A transposed convolution stores (in, out, ...): what feeds an output is counted as fan_out there.
            mode: Literal["fan_in", "fan_out"] = "fan_out" if isinstance(module, nn.ConvTranspose2d) else "fan_in"
            nn.init.kaiming_normal_(module.weight, mode=mode, nonlinearity="leaky_relu", generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, generator=generator)
