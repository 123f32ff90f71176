"""A conditional variational autoencoder.

Kingma & Welling 2013, "Auto-Encoding Variational Bayes", arXiv:1312.6114; conditional after Sohn et al. 2015,
"Learning Structured Output Representation using Deep Conditional Generative Models", NeurIPS 28; weight of the
divergence after Higgins et al. 2017, "beta-VAE", ICLR; learned variance of the decoder after Rybkin et al. 2021,
"Simple and Effective VAE Training with Calibrated Decoders", arXiv:2006.13202.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from escgan.generative.model import Batch, SamplingModel, adam, descend, layers, normal, silence_last, with_class

# Standardised features have a variance near 1: a decoder more certain than this has copied its windows.
_LEAST_LOG_VARIANCE = -6.0


class ConditionalVae(SamplingModel):
    """Encoder and decoder, both fully connected, both told the class as one-hot columns.

    The decoder says of each feature a mean, and one learned variance for all windows. Windows are drawn from that
    distribution: its means alone would vary too little.

    Parameters
    ----------
    hidden
        Widths of the encoder's hidden layers; the decoder's are the same the other way round.
    latent
        Values of the code.
    beta
        Weight of the divergence between codes and prior.
    """

    def __init__(self, n_features: int, n_classes: int, hidden: Sequence[int], latent: int, beta: float) -> None:
        super().__init__(n_features)
        self.n_classes, self.latent, self.beta = n_classes, latent, beta
        self.encoder = layers(n_features + n_classes, hidden, 2 * latent, nn.SiLU)
        self.decoder = layers(latent + n_classes, hidden[::-1], n_features, nn.SiLU)
        self.log_variance = nn.Parameter(torch.zeros(n_features))

    def optimizers(self, learning_rate: float) -> dict[str, torch.optim.Optimizer]:
        """Return one Adam for both networks."""
        return {"both": adam(self, learning_rate)}

    def step(self, batch: Batch, optimizers: dict[str, torch.optim.Optimizer]) -> dict[str, Tensor]:
        """Descend on the negative evidence bound, a feature's share of it: likelihood and weighted divergence."""
        mean, log_variance = self.encoder(with_class(batch.x, batch.label, self.n_classes)).chunk(2, dim=1)
        code = mean + torch.exp(0.5 * log_variance) * normal(*mean.shape, draw=batch.draw)
        decoded, spread = self.decode(code, batch.label)
        n_features = batch.x.shape[1]
        terms = {
            "likelihood": -log_likelihood(batch.x, decoded, spread).mean() / n_features,
            "divergence": self.beta * divergence(mean, log_variance).mean() / n_features,
        }
        descend(torch.stack(list(terms.values())).sum(), optimizers["both"])
        return {name: term.detach() for name, term in terms.items()}

    def draw_weights(self, stream: torch.Generator) -> None:
        """Draw all weights; at first codes follow the prior and windows their mean."""
        super().draw_weights(stream)
        silence_last(self.encoder)
        silence_last(self.decoder)

    def decode(self, code: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean ``(B, n_features)`` and log variance ``(n_features,)`` of the windows that a code stands for."""
        return self.decoder(with_class(code, label, self.n_classes)), self.log_variance.clamp(min=_LEAST_LOG_VARIANCE)

    def sample(self, label: Tensor, draw: torch.Generator) -> Tensor:
        """Draw codes from the prior and standardised windows ``(n, n_features)`` from the decoder's distribution."""
        mean, log_variance = self.decode(normal(len(label), self.latent, draw=draw), label)
        return mean + torch.exp(0.5 * log_variance) * normal(*mean.shape, draw=draw)


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return ``KL(N(mean, variance) || N(0, 1))`` summed over the code, ``(B, latent)`` to ``(B,)``.

    Kingma & Welling, appendix B.
    """
    return 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1)


def log_likelihood(x: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return the log density of windows under independent normals, ``(B, n_features)`` to ``(B,)``."""
    distance = (x - mean) ** 2 / log_variance.exp()
    return -0.5 * (distance + log_variance + math.log(2 * math.pi)).sum(dim=1)
