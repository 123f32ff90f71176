"""DGCNN (Song et al. 2018, doi:10.1109/TAFFC.2018.2817622): graph convolutions whose graph of channels is learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from escgan.classifiers.network import NetworkClassifier, Sizes

if TYPE_CHECKING:
    from torch import nn


class DgcnnClassifier(NetworkClassifier):
    """A dynamical graph convolutional network; channels are the nodes and bands their features."""

    title: ClassVar[str] = "dynamical graph convolutional network"
    kind: Literal["dgcnn"] = "dgcnn"
    order: int = Field(default=2, ge=1)
    """Chebyshev polynomials of the graph's Laplacian, the constant one included."""
    filters: int = Field(default=32, ge=1)
    """Features of a channel after the graph convolution."""
    hidden: int = Field(default=64, ge=1)
    """Width of the fully connected layer."""

    def build(self, sizes: Sizes) -> nn.Module:
        """Build batch norm of the bands, the graph convolution and two fully connected layers."""
        from torch import nn

        from escgan.classifiers.graph import BandNorm, ChebyshevGraph
        from escgan.gan.trunk import SeededDropout

        return nn.Sequential(
            BandNorm(sizes.n_bands),
            ChebyshevGraph(sizes.n_channels, sizes.n_bands, self.filters, self.order),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(sizes.n_channels * self.filters, self.hidden),
            nn.ReLU(),
            SeededDropout(self.dropout),
            nn.Linear(self.hidden, sizes.n_classes),
        )
