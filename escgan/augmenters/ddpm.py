"""Denoising diffusion (Ho et al. 2020, arXiv:2006.11239), told the class."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from escgan.augmenters.learned import SamplingAugmenter
from escgan.windows import WindowSet

if TYPE_CHECKING:
    from escgan.generative.diffusion import Diffusion


class DdpmAugmenter(SamplingAugmenter):
    """Windows that a class-conditional diffusion model makes of noise, step by step."""

    title: ClassVar[str] = "real windows and those of a diffusion model"
    citation: ClassVar[str] = (
        "Ho J, Jain A, Abbeel P. Denoising diffusion probabilistic models. arXiv:2006.11239, 2020."
    )
    kind: Literal["ddpm"] = "ddpm"
    learning_rate: float = Field(default=2e-3, gt=0)
    """Step size of Adam at the start, from which it falls to 0."""
    hidden: int = Field(default=128, ge=1)
    """Width of the network."""
    blocks: int = Field(default=2, ge=1)
    """Residual blocks of two layers."""
    noise_steps: int = Field(default=100, ge=2)
    """Steps from a window to noise."""
    schedule: Literal["linear", "cosine"] = "linear"
    """How the variance of the steps' noise rises: linearly (Ho et al.), or so that what is left of a window falls like
    a squared cosine (Nichol & Dhariwal)."""

    def build(self, train: WindowSet) -> Diffusion:
        """Build the network that tells the noise."""
        from escgan.generative.diffusion import Diffusion

        n_features = len(train.channels) * len(train.bands)
        return Diffusion(n_features, len(train.classes), self.hidden, self.blocks, self.noise_steps, self.schedule)
