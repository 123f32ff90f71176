"""An adversary that keeps features from telling people apart, by a gradient that is turned round.

Ganin et al. 2016 (JMLR 17:59, arXiv:1505.07818): a head guesses the domain from the features and learns to, while its
gradient enters the features with the opposite sign, so that they learn what the head cannot use.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

# Steepness of the schedule in the paper.
_GAMMA = 10.0


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * gradients[0], None


def reverse_gradient(x: Tensor, strength: float) -> Tensor:
    """Return ``x``, whose gradient will be multiplied by ``-strength``."""
    reversed_: Tensor = _Reversal.apply(x, strength)
    return reversed_


def reversal_strength(progress: float) -> float:
    """Return ``2 / (1 + exp(-10 p)) - 1`` for the share ``p`` of training that is done.

    >>> reversal_strength(0.0), round(reversal_strength(0.5), 4)
    (0.0, 0.9866)
    """
    return 2 / (1 + math.exp(-_GAMMA * progress)) - 1


class AdversarialNetwork(nn.Module):
    """Features with a head for the class and one for the subject.

    Parameters
    ----------
    trunk
        ``(B, n_channels, n_bands)`` to features ``(B, ..., width)``.
    classes
        Features to ``(B, n_classes)``.
    subjects
        Features to ``(B, ..., n_subjects)``, with as many guesses a window as the features have places.
    """

    def __init__(self, trunk: nn.Module, classes: nn.Module, subjects: nn.Module) -> None:
        super().__init__()
        self.trunk = trunk
        self.classes = classes
        self.subjects = subjects

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of the classes, ``(B, n_classes)``."""
        scores: Tensor = self.classes(self.trunk(x))
        return scores

    def with_subjects(self, x: Tensor, strength: float) -> tuple[Tensor, Tensor]:
        """Return the scores of the classes, and those of the subjects ``(B, n_guesses, n_subjects)``, turned round."""
        features = self.trunk(x)
        guesses: Tensor = self.subjects(reverse_gradient(features, strength))
        return self.classes(features), guesses.reshape(len(x), -1, guesses.shape[-1])


def subject_loss(guesses: Tensor, subject: Tensor) -> Tensor:
    """Return the mean cross-entropy of ``(B, n_guesses, n_subjects)`` with ``(B,)``.

    Windows of nobody (-1) are left out; it is 0 where no window is anybody's.
    """
    # One row a guess: in more dimensions the library adds up in an order of its own on CUDA.
    wanted = subject[:, None].expand(guesses.shape[:2]).flatten()
    total = nn.functional.cross_entropy(guesses.flatten(0, 1), wanted, ignore_index=-1, reduction="sum")
    return total / ((subject >= 0).sum() * guesses.shape[1]).clamp_min(1)
