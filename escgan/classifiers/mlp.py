"""A multilayer perceptron on DE, all channels and bands at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from escgan.classifiers.network import NetworkClassifier, Sizes

if TYPE_CHECKING:
    from torch import nn


class MlpClassifier(NetworkClassifier):
    """Fully connected layers with batch norm and ReLU."""

    title: ClassVar[str] = "multilayer perceptron"
    kind: Literal["mlp"] = "mlp"
    hidden: tuple[int, ...] = Field(default=(128, 64), min_length=1)
    """Widths of the hidden layers."""

    def build(self, sizes: Sizes) -> nn.Module:
        """Build the layers."""
        from torch import nn

        from escgan.gan.trunk import SeededDropout

        layers = hidden_layers(sizes.n_channels * sizes.n_bands, self.hidden)
        return nn.Sequential(*layers, SeededDropout(self.dropout), nn.Linear(self.hidden[-1], sizes.n_classes))


def hidden_layers(width: int, widths: tuple[int, ...]) -> nn.Sequential:
    """Build fully connected layers with batch norm and ReLU, ``width`` values a window to ``(B, widths[-1])``."""
    from torch import nn

    layers: list[nn.Module] = [nn.Flatten()]
    for wider in widths:
        layers += [nn.Linear(width, wider), nn.BatchNorm1d(wider), nn.ReLU()]
        width = wider
    return nn.Sequential(*layers)
