"""A multilayer perceptron on DE, all channels and bands at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from escgan.classifiers.network import NetworkClassifier

if TYPE_CHECKING:
    from torch import nn


class MlpClassifier(NetworkClassifier):
    """Fully connected layers with batch norm and ReLU."""

    title: ClassVar[str] = "multilayer perceptron"
    kind: Literal["mlp"] = "mlp"
    hidden: tuple[int, ...] = Field(default=(128, 64), min_length=1)
    """Widths of the hidden layers."""

    def build(self, n_channels: int, n_bands: int, n_classes: int) -> nn.Module:
        """Build the layers."""
        from torch import nn

        from escgan.gan.trunk import SeededDropout

        layers: list[nn.Module] = [nn.Flatten()]
        width = n_channels * n_bands
        for wider in self.hidden:
            layers += [nn.Linear(width, wider), nn.BatchNorm1d(wider), nn.ReLU()]
            width = wider
        return nn.Sequential(*layers, SeededDropout(self.dropout), nn.Linear(width, n_classes))
