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
        nothing = np.zeros((0, gan.discriminator.n_classes), np.float32)
        return Edits(np.zeros_like(grid), np.zeros(0, np.float32), nothing, np.zeros(0, bool))
    r, p = torch.cat(realness).numpy(), torch.cat(probability).numpy()
    return Edits(torch.cat(edited).numpy(), r, p, (r < delta) & (p.argmax(axis=1) == target))


def accept_share(edits: Edits, target: NDArray[np.int64], share: float) -> NDArray[np.bool_]:
    """Return which edits ``(n,)`` are accepted when a share of them is to be: the most real of their targets.

    The threshold on the realness logit is a quantile of these very edits, whose class the class head sees. Where it
    sees fewer edits as their targets than the share asks for, all of those are accepted.
    """
    agreed = np.flatnonzero(edits.probability.argmax(axis=1) == target)
    n = min(len(agreed), int(np.ceil(round(share * len(target), 6))))
    accepted = np.zeros(len(target), bool)
    accepted[agreed[np.argsort(edits.realness[agreed], kind="stable")[:n]]] = True
    return accepted
