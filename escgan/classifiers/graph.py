"""Convolutions on a graph of channels that is learned along with everything else."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_NO_NEIGHBOUR = 1e-6


class BandNorm(nn.BatchNorm1d):
    """Batch norm of each band over windows and channels, ``(B, n_channels, n_bands)``."""

    def forward(self, x: Tensor) -> Tensor:
        """Norm the last axis."""
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


class ChebyshevGraph(nn.Module):
    """``sum_k T_k(L) x W_k`` with Chebyshev polynomials of the scaled Laplacian of a learned graph.

    The adjacency is the positive part of a free symmetric matrix, with ``L = -D^(-1/2) A D^(-1/2)``: the normalised
    Laplacian, scaled by its largest eigenvalue, which is taken to be 2 (Defferrard et al. 2016, arXiv:1606.09375).

    Parameters
    ----------
    n_channels, n_in, n_out
        Nodes, and features of a node before and after.
    order
        Polynomials, the constant one included.
    """

    def __init__(self, n_channels: int, n_in: int, n_out: int, order: int) -> None:
        super().__init__()
        # Rows of an embedding are drawn from the normal distribution, with the other weights.
        self.edges = nn.Embedding(n_channels, n_channels)
        self.mix = nn.ModuleList(nn.Linear(n_in, n_out, bias=k == 0) for k in range(order))

    @property
    def laplacian(self) -> Tensor:
        """The scaled Laplacian, ``(n_channels, n_channels)``."""
        free = self.edges.weight
        adjacency = torch.relu((free + free.T) / 2)
        degree = (adjacency.sum(dim=1) + _NO_NEIGHBOUR).rsqrt()
        return -degree[:, None] * adjacency * degree

    def forward(self, x: Tensor) -> Tensor:
        """Convolve ``(B, n_channels, n_in)`` to ``(B, n_channels, n_out)``."""
        laplacian = self.laplacian
        before, now = x, laplacian @ x
        out = self.mix[0](before)
        for layer in list(self.mix)[1:]:
            out = out + layer(now)
            before, now = now, 2 * (laplacian @ now) - before
        return out


class SimpleGraph(nn.Module):
    """``S^order x W + b`` with ``S = D^(-1/2) A D^(-1/2)`` of a learned symmetric adjacency, which may be negative.

    Simple graph convolution (Wu et al. 2019, arXiv:1902.07153), with degrees ``D_ii = sum_j |A_ij|`` as in Zhong, Wang
    and Miao 2020 (doi:10.1109/TAFFC.2020.2994159).

    Parameters
    ----------
    adjacency
        ``(n_channels, n_channels)``, where learning begins; only its symmetric part counts.
    n_in, n_out
        Features of a node before and after.
    order
        How often neighbours are mixed.
    """

    def __init__(self, adjacency: Tensor, n_in: int, n_out: int, order: int) -> None:
        super().__init__()
        self.free = nn.Parameter(adjacency.clone())
        self.mix = nn.Linear(n_in, n_out)
        self.order = order

    @property
    def adjacency(self) -> Tensor:
        """The adjacency, ``(n_channels, n_channels)``."""
        return (self.free + self.free.T) / 2

    @property
    def propagation(self) -> Tensor:
        """``S``, ``(n_channels, n_channels)``."""
        adjacency = self.adjacency
        degree = adjacency.abs().sum(dim=1).clamp_min(_NO_NEIGHBOUR).rsqrt()
        return degree[:, None] * adjacency * degree

    def forward(self, x: Tensor) -> Tensor:
        """Convolve ``(B, n_channels, n_in)`` to ``(B, n_channels, n_out)``."""
        spread = torch.linalg.matrix_power(self.propagation, self.order)
        out: Tensor = self.mix(spread @ x)
        return out


class ChannelMean(nn.Module):
    """The mean over channels, ``(B, n_channels, n)`` to ``(B, n)``."""

    def forward(self, x: Tensor) -> Tensor:
        """Average."""
        return x.mean(dim=1)
