"""DANN (Ganin et al. 2016, JMLR 17:59, arXiv:1505.07818) among training subjects."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from escgan.classifiers.adversarial import AdversarialClassifier
from escgan.classifiers.network import Sizes

if TYPE_CHECKING:
    from torch import nn


class DannClassifier(AdversarialClassifier):
    """The multilayer perceptron, with a second head that guesses the training subject from its last hidden layer.

    The paper adapts to the test domain's unlabelled data; here the domains are the training subjects (domain
    generalisation), and nothing of the test subjects is used.
    """

    title: ClassVar[str] = "domain-adversarial network among the training subjects"
    kind: Literal["dann"] = "dann"
    hidden: tuple[int, ...] = Field(default=(128, 64), min_length=1)
    """Widths of the hidden layers; the adversary reads the last one."""
    adversary_hidden: int = Field(default=64, ge=1)
    """Width of the adversary's hidden layer."""

    def build(self, sizes: Sizes) -> nn.Module:
        """Build the layers, one linear layer for the class and two for the subject."""
        from torch import nn

        from escgan.classifiers.gradient_reversal import AdversarialNetwork
        from escgan.classifiers.mlp import hidden_layers
        from escgan.gan.trunk import SeededDropout

        trunk = hidden_layers(sizes.n_channels * sizes.n_bands, self.hidden)
        classes = nn.Sequential(SeededDropout(self.dropout), nn.Linear(self.hidden[-1], sizes.n_classes))
        subjects = nn.Sequential(
            nn.Linear(self.hidden[-1], self.adversary_hidden),
            nn.ReLU(),
            nn.Linear(self.adversary_hidden, sizes.n_subjects),
        )
        return AdversarialNetwork(trunk, classes, subjects)
