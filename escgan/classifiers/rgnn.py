"""RGNN: a graph network whose graph begins as the electrodes' neighbourhood.

Zhong, Wang and Miao 2020, "EEG-Based Emotion Recognition Using Regularized Graph Neural Networks"
(doi:10.1109/TAFFC.2020.2994159, arXiv:1907.07835).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from escgan.classifiers.adversarial import AdversarialClassifier
from escgan.classifiers.network import Batch, Sizes, class_loss

if TYPE_CHECKING:
    from torch import Tensor, nn

# With distances in centimetres it leaves about a fifth of the links above 0.1, as the paper wants it.
_CALIBRATION_CM2 = 5.0
# The pairs that the paper links across the hemispheres.
_ACROSS = (
    ("Fp1", "Fp2"), ("AF3", "AF4"), ("F5", "F6"), ("FC5", "FC6"), ("C5", "C6"), ("CP5", "CP6"), ("P5", "P6"),
    ("PO5", "PO6"), ("O1", "O2"),
)  # fmt: skip


class RgnnClassifier(AdversarialClassifier):
    """A regularised graph neural network; channels are the nodes and bands their features.

    Neighbours are mixed by a learned adjacency, nodes are averaged, and one linear layer follows. The paper sums nodes
    up, which with a linear layer behind it is the same, except that scores begin the larger the more channels there
    are. Of the paper's two regularisers, emotion-aware distribution learning is here ``smoothing`` with all other
    classes alike, as a label set need not be an order of emotions. Node-wise domain-adversarial training opposes
    training subjects to each other; the paper opposes them to the test subject's unlabelled windows, of which nothing
    is used here.
    """

    title: ClassVar[str] = "regularised graph network, adversarial among the training subjects"
    kind: Literal["rgnn"] = "rgnn"
    batch_size: int = Field(default=32, ge=2)
    """Windows in a step; the graph needs many steps to leave where it begins."""
    learning_rate: float = Field(default=1e-2, gt=0)
    """Step size of Adam."""
    adversary: float = Field(default=0.1, ge=0)
    """Largest strength of the adversary's reversed gradient. Where windows are normalised per subject already, more of
    it takes the classes away with the subjects."""
    order: int = Field(default=1, ge=1)
    """How often neighbours are mixed (L in the paper, which takes 2 with 62 channels). Of 19 channels two mixings leave
    little but the mean over the head."""
    filters: int = Field(default=32, ge=1)
    """Features of a channel after the graph convolution."""
    smoothing: float = Field(default=0.1, ge=0, lt=1)
    """Share of each label that is spread evenly over all classes: how much labels are doubted."""
    sparsity: float = Field(default=1e-3, ge=0)
    """Weight of the sum of the adjacency's absolute values in the loss."""

    def build(self, sizes: Sizes) -> nn.Module:
        """Build the graph convolution, the class of all nodes together and the subject of every node."""
        import torch
        from torch import nn

        from escgan.classifiers.gradient_reversal import AdversarialNetwork
        from escgan.classifiers.graph import ChannelMean, SimpleGraph
        from escgan.gan.trunk import SeededDropout

        adjacency = torch.from_numpy(scalp_adjacency(sizes.channels).astype(np.float32))
        graph = SimpleGraph(adjacency, sizes.n_bands, self.filters, self.order)
        classes = nn.Sequential(ChannelMean(), SeededDropout(self.dropout), nn.Linear(self.filters, sizes.n_classes))
        return AdversarialNetwork(nn.Sequential(graph, nn.ReLU()), classes, nn.Linear(self.filters, sizes.n_subjects))

    def label_loss(self, scores: Tensor, batch: Batch) -> Tensor:
        """Return the cross-entropy with labels of which a share is spread over all classes."""
        return class_loss(scores, batch.labels, batch.weight, self.smoothing)

    def objective(self, network: nn.Module, batch: Batch) -> Tensor:
        """Add the adjacency's absolute values."""
        from escgan.classifiers.graph import SimpleGraph

        graphs = [module for module in network.modules() if isinstance(module, SimpleGraph)]
        size = sum(graph.adjacency.abs().sum() for graph in graphs)
        return super().objective(network, batch) + self.sparsity * size


def scalp_adjacency(channels: Sequence[str]) -> NDArray[np.float64]:
    """Return where the graph begins, ``(n_channels, n_channels)``.

    Neighbours are linked by ``min(1, 5 / d^2)`` with their distance d in centimetres on the template head, each channel
    with itself by 1; pairs across the hemispheres, where both channels were recorded, by 1
    less, so that their difference counts.

    Raises
    ------
    ConfigError
        A channel has no place in the 10-05 system.
    """
    from escgan.montage import canonical_name
    from escgan.preprocessing.electrodes import electrode_positions

    places = 100 * electrode_positions(channels)
    squared = ((places[:, None] - places[None]) ** 2).sum(axis=-1)
    adjacency = np.minimum(1.0, _CALIBRATION_CM2 / np.maximum(squared, 1e-9))
    names = [canonical_name(name) for name in channels]
    for left, right in _ACROSS:
        if left in names and right in names:
            i, j = names.index(left), names.index(right)
            adjacency[i, j] -= 1
            adjacency[j, i] -= 1
    return adjacency
