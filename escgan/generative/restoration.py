"""GANSER: windows with hidden electrodes, restored.

Zhang, Zhong & Liu 2022, "GANSER: A Self-Supervised Data Augmentation Framework for EEG-Based Emotion Recognition",
IEEE Transactions on Affective Computing, doi:10.1109/TAFFC.2022.3170369, arXiv:2109.03124.

Theirs restores signals and trains its U-Net by the critic alone. Ours restores DE, is told which electrodes are hidden
(zero is the average of a standardised feature, not its absence), and adds the squared error of the restored window:
without it nothing holds a window to the class of its reference.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from escgan.generative.model import Batch, GenerativeModel, adam, descend, layers
from escgan.generative.wasserstein import BETAS, critic_terms, leaky
from escgan.montage import GRID_SHAPE


class Restorer(GenerativeModel):
    """A U-Net on the scalp grid that restores hidden electrodes, and a critic of what it makes.

    Parameters
    ----------
    cells
        ``(n_channels,)`` each channel's flat cell on the 9x9 grid.
    width
        Channels of the U-Net's first level; the next ones have twice and four times as many.
    critic
        Widths of the critic's hidden layers.
    hidden_share
        Most electrodes that a mask hides, as a share; each window's own share lies evenly between none and this.
    reconstruction
        Weight of the squared error, beside the critic's judgement.
    penalty
        Weight of the critic's gradient penalty.
    """

    cells: Tensor

    def __init__(
        self,
        cells: NDArray[np.int64],
        n_bands: int,
        width: int,
        critic: Sequence[int],
        hidden_share: float,
        reconstruction: float,
        penalty: float,
    ) -> None:
        super().__init__(len(cells) * n_bands)
        self.n_bands, self.hidden_share = n_bands, hidden_share
        self.reconstruction, self.penalty = reconstruction, penalty
        self.register_buffer("cells", torch.from_numpy(cells), persistent=False)
        self.generator = UNet(n_bands + 1, n_bands, width)
        self.critic = layers(len(self.mean), critic, 1, leaky)

    def optimizers(self, learning_rate: float) -> dict[str, torch.optim.Optimizer]:
        """Return an Adam for each network."""
        return {name: adam(getattr(self, name), learning_rate, BETAS) for name in ("generator", "critic")}

    def step(self, batch: Batch, optimizers: dict[str, torch.optim.Optimizer]) -> dict[str, Tensor]:
        """Restore a batch once; the critic and then the generator step on it."""
        restored = self.restore(batch.x, self.draw_shown(len(batch.x), batch.draw))
        terms = critic_terms(self.critic, batch.x, restored.detach(), self.penalty, batch.draw)
        descend(torch.stack(list(terms.values())).sum(), optimizers["critic"])
        terms["generator"] = -self.critic(restored).mean()
        terms["reconstruction"] = self.reconstruction * ((restored - batch.x) ** 2).mean()
        descend(terms["generator"] + terms["reconstruction"], optimizers["generator"])
        return {name: term.detach() for name, term in terms.items()}

    def draw_shown(self, n: int, draw: torch.Generator) -> Tensor:
        """Draw which electrodes are shown, ``(n, n_channels)`` of zeros and ones."""
        device = self.cells.device
        share = self.hidden_share * torch.rand(n, 1, generator=draw, device=device)
        return (torch.rand(n, len(self.cells), generator=draw, device=device) >= share).to(self.mean.dtype)

    def restore(self, x: Tensor, shown: Tensor) -> Tensor:
        """Restore standardised windows ``(B, n_features)`` of which only some electrodes, ``(B, n_channels)``, show."""
        channels = x.unflatten(1, (len(self.cells), self.n_bands)) * shown[:, :, None]
        planes = torch.cat([channels, shown[:, :, None]], dim=2).transpose(1, 2)
        grid = x.new_zeros(*planes.shape[:2], GRID_SHAPE[0] * GRID_SHAPE[1])
        grid[:, :, self.cells] = planes
        restored = self.generator(grid.unflatten(2, GRID_SHAPE)).flatten(2)
        return restored[:, :, self.cells].transpose(1, 2).flatten(1)


class UNet(nn.Module):
    """Convolutions 9x9 -> 5x5 -> 3x3 and back, each level joined to the one that it came from."""

    def __init__(self, n_in: int, n_out: int, width: int) -> None:
        super().__init__()
        self.top = nn.Sequential(nn.Conv2d(n_in, width, 3, padding=1), leaky())
        self.middle = nn.Sequential(nn.Conv2d(width, 2 * width, 3, 2, padding=1), leaky())
        self.bottom = nn.Sequential(nn.Conv2d(2 * width, 4 * width, 3, 2, padding=1), leaky())
        self.rise = nn.Sequential(nn.ConvTranspose2d(4 * width, 2 * width, 3, 2, padding=1), leaky())
        self.rise_again = nn.Sequential(nn.ConvTranspose2d(4 * width, width, 3, 2, padding=1), leaky())
        self.leave = nn.Conv2d(2 * width, n_out, 3, padding=1)

    def forward(self, grid: Tensor) -> Tensor:
        """Map ``(B, n_in, 9, 9)`` to ``(B, n_out, 9, 9)``."""
        top = self.top(grid)
        middle = self.middle(top)
        risen = self.rise(self.bottom(middle))
        risen = self.rise_again(torch.cat([risen, middle], dim=1))
        return self.leave(torch.cat([risen, top], dim=1))
