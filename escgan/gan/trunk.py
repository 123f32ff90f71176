"""The trunks that encoder, discriminator and recognition model share, and seeded dropout.

Every layer can hold the networks of several folds side by side: their channels stand fold after fold, and no layer
mixes those of two folds (:mod:`escgan.gan.stacking`).
"""

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

    def __init__(self, kernel: int = 3, folds: int = 1) -> None:
        super().__init__()
        self.mix = nn.Conv1d(folds, folds, kernel, padding=kernel // 2, groups=folds, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Gate ``(B, C, H, W)`` by channel."""
        means = x.mean(dim=(2, 3)).unflatten(1, (self.mix.groups, -1))
        return x * torch.sigmoid(self.mix(means)).flatten(1)[:, :, None, None]


class FoldLinear(nn.Linear):
    """A linear layer a fold, side by side: ``(B, folds * n_in)`` to ``(B, folds * n_out)``."""

    def __init__(self, n_in: int, n_out: int, folds: int = 1, bias: bool = True) -> None:
        super().__init__(n_in, folds * n_out, bias=bias)
        self.folds = folds

    def forward(self, x: Tensor) -> Tensor:
        """Apply each fold's layer to its own columns."""
        if self.folds == 1:
            return super().forward(x)
        columns = x.unflatten(1, (self.folds, -1)).transpose(0, 1)
        weight = self.weight.unflatten(0, (self.folds, -1)).transpose(1, 2)
        product = torch.bmm(columns, weight).transpose(0, 1).flatten(1)
        return product if self.bias is None else product + self.bias


class ConvTrunk(nn.Sequential):
    """Four 3x3 convolutions ``n_bands -> H -> 2H -> 2H -> 4H``, each with batch norm and an activation.

    Maps ``(B, n_bands, 9, 9)`` to ``(B, 4H, 3, 3)``.
    """

    def __init__(
        self,
        n_bands: int,
        hidden: int,
        activation: Callable[[], nn.Module] = nn.LeakyReLU,
        attention: bool = False,
        folds: int = 1,
    ) -> None:
        layers: list[nn.Module] = []
        width = n_bands * folds
        for multiple, stride in _LAYERS:
            below, width = width, multiple * hidden * folds
            # Batch norm subtracts the mean, so a bias before it would have no effect.
            layers += [nn.Conv2d(below, width, 3, stride, padding=1, groups=folds, bias=False)]
            layers += [nn.BatchNorm2d(width), activation()]
            layers += [ChannelAttention(folds=folds)] if attention else []
        super().__init__(*layers)


class DenseTrunk(nn.Sequential):
    """Two fully connected layers ``n_in -> 4H -> 4H``, each with batch norm and an activation.

    Maps ``(B, n_bands, n_channels, 1)``, of ``n_in = n_bands * n_channels`` values, to ``(B, 4H)``.
    """

    def __init__(
        self, n_in: int, hidden: int, activation: Callable[[], nn.Module] = nn.LeakyReLU, folds: int = 1
    ) -> None:
        width = 4 * hidden
        super().__init__(nn.Flatten(), *dense(n_in, width, folds, activation), *dense(width, width, folds, activation))


def dense(
    n_in: int, n_out: int, folds: int = 1, activation: Callable[[], nn.Module] = nn.LeakyReLU
) -> tuple[nn.Module, ...]:
    """Build one layer of a fully connected trunk; batch norm takes the place of a bias, as in :class:`ConvTrunk`."""
    return FoldLinear(n_in, n_out, folds, bias=False), nn.BatchNorm1d(folds * n_out), activation()


class SeededDropout(nn.Module):
    """Dropout whose mask comes from a generator of its own.

    The library's dropout draws from one global stream, which folds trained side by side would share: results
    would depend on their timing. :func:`seed_dropout` gives every layer of a network its stream.
    """

    def __init__(self, share: float, folds: int = 1) -> None:
        super().__init__()
        self.share = share
        self.folds = folds
        self.generator: torch.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Drop a share of the values of ``(B, folds * n)`` while training, and scale up the rest.

        Folds share one mask: trained one by one from one seed, each would draw that mask as well.
        """
        if not self.training or self.share == 0:
            return x
        keep = torch.empty_like(x if self.folds == 1 else x.unflatten(1, (self.folds, -1))[:, :1])
        keep.bernoulli_(1 - self.share, generator=self.generator)
        return x * (keep if self.folds == 1 else keep.expand(-1, self.folds, -1).flatten(1)) / (1 - self.share)


def seed_dropout(network: nn.Module, generator: torch.Generator) -> None:
    """Let every dropout layer of a network draw from a generator."""
    for module in network.modules():
        if isinstance(module, SeededDropout):
            module.generator = generator


def mlp_head(
    hidden: int,
    n_out: int,
    dropout: float,
    activation: Callable[[], nn.Module] = nn.LeakyReLU,
    folds: int = 1,
    cells: int = CODE_SIDE**2,
) -> nn.Sequential:
    """Build a head ``36H -> 8H -> 8H -> n_out`` on the trunk's code; a dense trunk's has 1 cell instead of 9."""
    return nn.Sequential(
        nn.Flatten(),
        FoldLinear(4 * hidden * cells, 8 * hidden, folds),
        activation(),
        SeededDropout(dropout, folds),
        FoldLinear(8 * hidden, 8 * hidden, folds),
        activation(),
        SeededDropout(dropout, folds),
        FoldLinear(8 * hidden, n_out, folds),
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
