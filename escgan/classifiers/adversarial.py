"""Networks whose features must not tell the training subjects apart."""

from __future__ import annotations

from abc import ABC
from typing import TYPE_CHECKING, Any

from pydantic import Field

from escgan.classifiers.network import Batch, NetworkClassifier, class_loss

if TYPE_CHECKING:
    from torch import Tensor, nn

    from escgan.classifiers.gradient_reversal import AdversarialNetwork


class AdversarialClassifier(NetworkClassifier, ABC):
    """Base of networks with an adversary among the training subjects; ``build`` gives an ``AdversarialNetwork``.

    The published methods oppose the training subjects to the test subject's unlabelled windows. Nothing of a test
    subject is known here: the adversary tells the training subjects apart from each other, so that the features are
    those which hold for people in general (domain generalisation). An edited window counts to the subject of its
    reference; one without a single reference is nobody's.
    """

    adversary: float = Field(default=1.0, ge=0)
    """Largest strength of the adversary's reversed gradient; it grows from 0 by ``2 / (1 + exp(-10 p)) - 1`` with the
    share p of the passes. At 0 the features do not learn from it."""

    pace: float = Field(default=10.0, gt=0)
    """How many times as fast as all else the adversary learns. Features that learn as fast as it does run ahead of its
    guesses, and swap the subjects instead of mixing them."""

    def parameter_groups(self, network: nn.Module) -> list[dict[str, Any]]:
        """Let the adversary keep up (the two time scales of Heusel et al. 2017, arXiv:1706.08500)."""
        network = _adversarial(network, self.kind)
        features = [*network.trunk.parameters(), *network.classes.parameters()]
        own = {"params": list(network.subjects.parameters()), "lr": self.pace * self.learning_rate}
        return [{"params": features}, own]

    def label_loss(self, scores: Tensor, batch: Batch) -> Tensor:
        """Return the loss of the classes, which the adversary's is added to."""
        return class_loss(scores, batch.labels, batch.weight)

    def objective(self, network: nn.Module, batch: Batch) -> Tensor:
        """Add the subjects' cross-entropy, whose gradient enters the features with the opposite sign."""
        from escgan.classifiers.gradient_reversal import reversal_strength, subject_loss

        strength = self.adversary * reversal_strength(batch.progress)
        scores, guesses = _adversarial(network, self.kind).with_subjects(batch.x, strength)
        return self.label_loss(scores, batch) + subject_loss(guesses, batch.subject)


def _adversarial(network: nn.Module, kind: str) -> AdversarialNetwork:
    from escgan.classifiers.gradient_reversal import AdversarialNetwork

    if not isinstance(network, AdversarialNetwork):
        raise TypeError(f"Classifier '{kind}' built a {type(network).__name__} without a head for subjects.")
    return network
