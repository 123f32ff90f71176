"""Editing windows with a trained GAN, and the rule by which an edit is accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from escgan.gan.trunk import lay_out

if TYPE_CHECKING:
    from escgan.gan.training import Gan

_BATCH = 1024


@dataclass(frozen=True)
class Edits:
    """Edits of n reference windows and the discriminator's judgement.

    Attributes
    ----------
    grid
        ``(n, n_bands, 9, 9)`` float32.
    realness
        ``(n,)`` float32 logit; low is real.
    probability
        ``(n, n_classes)`` float32, the class head's probabilities.
    accepted
        ``(n,)`` bool.
    """

    grid: NDArray[np.float32]
    realness: NDArray[np.float32]
    probability: NDArray[np.float32]
    accepted: NDArray[np.bool_]


@torch.no_grad()
def edit_windows(
    gan: Gan, grid: NDArray[np.float32], target: NDArray[np.int64], delta: float, device: str = "cpu"
) -> Edits:
    """Edit windows into target classes and judge each edit.

    An edit is accepted when the realness logit is below ``delta`` and the class head sees the target.

    Parameters
    ----------
    grid
        ``(n, n_bands, 9, 9)`` reference windows.
    target
        ``(n,)`` class to edit each into.
    """
    generator, discriminator = lay_out(gan.generator, device).eval(), lay_out(gan.discriminator, device).eval()
    edited, realness, probability = [], [], []
    for start in range(0, len(grid), _BATCH):
        x = torch.from_numpy(grid[start : start + _BATCH]).to(device)
        t = torch.from_numpy(target[start : start + _BATCH]).to(device)
        edit = generator(x, t)
        logit, classes = discriminator(edit)
        edited.append(edit.contiguous().cpu())
        realness.append(logit.cpu())
        probability.append(classes.softmax(dim=1).cpu())
    if not edited:
        n_classes = gan.generator.control.num_embeddings
        nothing = np.zeros(0, np.float32)
        return Edits(np.zeros_like(grid), nothing, np.zeros((0, n_classes), np.float32), np.zeros(0, bool))
    r, p = torch.cat(realness).numpy(), torch.cat(probability).numpy()
    return Edits(torch.cat(edited).numpy(), r, p, (r < delta) & (p.argmax(axis=1) == target))
