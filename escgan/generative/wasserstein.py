"""A conditional Wasserstein GAN with gradient penalty.

Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", arXiv:1704.00028; for DE features of EEG Luo & Lu 2018,
doi:10.1109/EMBC.2018.8512865.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from escgan.generative.model import Batch, SamplingModel, adam, descend, layers, normal, with_class

# Adam's memories, short ones: either network's loss moves as the other learns.
BETAS = (0.5, 0.9)
leaky = partial(nn.LeakyReLU, 0.2)


class ConditionalWgan(SamplingModel):
    """Generator and critic, both fully connected, both told the class as one-hot columns.

    Parameters
    ----------
    hidden
        Widths of the hidden layers of either network.
    latent
        Values of noise that the generator makes a window of.
    penalty
        Weight of the gradient penalty.
    critic_steps
        Steps of the critic for each of the generator, each on its own batch.
    """

    def __init__(
        self, n_features: int, n_classes: int, hidden: Sequence[int], latent: int, penalty: float, critic_steps: int
    ) -> None:
        super().__init__(n_features)
        self.n_classes, self.latent = n_classes, latent
        self.penalty, self.critic_steps = penalty, critic_steps
        self.generator = layers(latent + n_classes, hidden, n_features, leaky)
        self.critic = layers(n_features + n_classes, hidden, 1, leaky)

    def optimizers(self, learning_rate: float) -> dict[str, torch.optim.Optimizer]:
        """Return an Adam for each network."""
        return {name: adam(getattr(self, name), learning_rate, BETAS) for name in ("generator", "critic")}

    def step(self, batch: Batch, optimizers: dict[str, torch.optim.Optimizer]) -> dict[str, Tensor]:
        """Train the critic on a batch, and the generator after every ``critic_steps`` of them."""

        def judge(x: Tensor) -> Tensor:
            return self.critic(with_class(x, batch.label, self.n_classes))

        with torch.no_grad():
            made = self.sample(batch.label, batch.draw)
        terms = critic_terms(judge, batch.x, made, self.penalty, batch.draw)
        descend(torch.stack(list(terms.values())).sum(), optimizers["critic"])
        if (batch.step + 1) % self.critic_steps == 0:
            terms["generator"] = -judge(self.sample(batch.label, batch.draw)).mean()
            descend(terms["generator"], optimizers["generator"])
        return {name: term.detach() for name, term in terms.items()}

    def sample(self, label: Tensor, draw: torch.Generator) -> Tensor:
        """Make standardised windows ``(n, n_features)`` of classes ``(n,)``."""
        noise = normal(len(label), self.latent, draw=draw)
        return self.generator(with_class(noise, label, self.n_classes))


def critic_terms(
    judge: Callable[[Tensor], Tensor], x: Tensor, made: Tensor, penalty: float, draw: torch.Generator
) -> dict[str, Tensor]:
    """Return the critic's loss terms on real and made windows, both ``(B, n_features)``; their sum is its loss.

    The Wasserstein distance that it sees is minus the sum of the first two.
    """
    share = torch.rand(len(x), 1, generator=draw, device=x.device)
    return {
        "critic_real": -judge(x).mean(),
        "critic_made": judge(made).mean(),
        "penalty": penalty * gradient_penalty(judge, share * x + (1 - share) * made),
    }


def gradient_penalty(judge: Callable[[Tensor], Tensor], between: Tensor) -> Tensor:
    """Penalise a critic whose slope is not one: mean of ``(|dD/dx| - 1)^2`` (Gulrajani et al., equation 3).

    Parameters
    ----------
    judge
        From windows ``(B, n_features)`` to ``(B, 1)``, each row of its own window alone.
    between
        ``(B, n_features)``, points on the lines between real and made windows.
    """
    between = between.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(judge(between).sum(), between, create_graph=True)
    return ((gradient.norm(dim=1) - 1) ** 2).mean()
