"""Conditional WGAN-GP (Luo & Lu 2018, doi:10.1109/EMBC.2018.8512865; Gulrajani et al. 2017, arXiv:1704.00028)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from escgan.augmenters.learned import SamplingAugmenter
from escgan.windows import WindowSet

if TYPE_CHECKING:
    from escgan.generative.wasserstein import ConditionalWgan


class CwganGpAugmenter(SamplingAugmenter):
    """Windows that a conditional Wasserstein GAN with gradient penalty makes of noise."""

    title: ClassVar[str] = "real windows and those of a conditional WGAN-GP"
    citation: ClassVar[str] = (
        "Luo Y, Lu BL. EEG data augmentation for emotion recognition using a conditional Wasserstein GAN. "
        "EMBC 2018, doi:10.1109/EMBC.2018.8512865; Gulrajani I, Ahmed F, Arjovsky M, Dumoulin V, Courville A. "
        "Improved training of Wasserstein GANs. arXiv:1704.00028, 2017."
    )
    kind: Literal["cwgan_gp"] = "cwgan_gp"
    learning_rate: float = Field(default=2e-3, gt=0)
    """Step size of Adam at the start, from which it falls to 0."""
    hidden: tuple[int, ...] = Field(default=(128, 128), min_length=1)
    """Widths of the hidden layers of generator and critic."""
    latent: int = Field(default=64, ge=1)
    """Values of noise that a window is made of."""
    penalty: float = Field(default=10.0, ge=0)
    """Weight of the gradient penalty."""
    critic_steps: int = Field(default=5, ge=1)
    """Steps of the critic for each of the generator, each on its own batch."""

    def build(self, train: WindowSet) -> ConditionalWgan:
        """Build generator and critic."""
        from escgan.generative.wasserstein import ConditionalWgan

        n_features = len(train.channels) * len(train.bands)
        return ConditionalWgan(
            n_features, len(train.classes), self.hidden, self.latent, self.penalty, self.critic_steps
        )
