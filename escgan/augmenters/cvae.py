"""Conditional VAE (Kingma & Welling 2013, arXiv:1312.6114; Sohn et al. 2015, NeurIPS 28)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from escgan.augmenters.learned import SamplingAugmenter
from escgan.windows import WindowSet

if TYPE_CHECKING:
    from escgan.generative.variational import ConditionalVae


class CvaeAugmenter(SamplingAugmenter):
    """Windows that a conditional variational autoencoder decodes from its prior."""

    title: ClassVar[str] = "real windows and those of a conditional VAE"
    citation: ClassVar[str] = (
        "Kingma DP, Welling M. Auto-encoding variational Bayes. arXiv:1312.6114, 2013; Sohn K, Lee H, Yan X. "
        "Learning structured output representation using deep conditional generative models. NeurIPS 28, "
        "2015."
    )
    kind: Literal["cvae"] = "cvae"
    hidden: tuple[int, ...] = Field(default=(128, 128), min_length=1)
    """Widths of the encoder's hidden layers; the decoder's are the same the other way round."""
    latent: int = Field(default=16, ge=1)
    """Values of the code."""
    beta: float = Field(default=1.0, ge=0)
    """Weight of the divergence between codes and prior."""

    def build(self, train: WindowSet) -> ConditionalVae:
        """Build encoder and decoder."""
        from escgan.generative.variational import ConditionalVae

        n_features = len(train.channels) * len(train.bands)
        return ConditionalVae(n_features, len(train.classes), self.hidden, self.latent, self.beta)
