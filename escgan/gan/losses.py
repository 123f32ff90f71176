"""The losses of ESC-GAN as pure functions of tensors. Real is 0 and edited is 1, as in the paper."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from escgan.gan.config import LossWeights

_DISTANCE_FLOOR = 1e-6


def reconstruction_loss(x: Tensor, own: Tensor) -> Tensor:
    """Mean squared error between windows and their edits into their own class."""
    return functional.mse_loss(own, x)


def realness_loss(logit: Tensor, told: float) -> Tensor:
    """Binary cross-entropy of realness logits ``(B,)`` against one told value (0 real, 1 edited)."""
    return functional.binary_cross_entropy_with_logits(logit, torch.full_like(logit, told))


def class_loss(logits: Tensor, label: Tensor, balanced: bool = False) -> Tensor:
    """Cross-entropy of class logits ``(B, K)`` against labels ``(B,)``.

    ``balanced`` is the mean over the classes that are present of their windows' means.
    """
    if not balanced:
        return functional.cross_entropy(logits, label)
    member = functional.one_hot(label, logits.shape[1]).to(logits.dtype)
    count = member.sum(dim=0)
    weight = (member / count.clamp(min=1)).sum(dim=1) / (count > 0).sum()
    return (weight * functional.cross_entropy(logits, label, reduction="none")).sum()


def diversity_loss(edited: Tensor, code: Tensor, partner: Tensor) -> Tensor:
    """Push edits of different codes apart: mean of ``exp(-|G_i - G_j| / (|z_i - z_j| + 1e-6))``.

    Parameters
    ----------
    edited, code
        ``(B, ...)`` edits and the codes they were decoded from; the distances are means over all entries.
    partner
        ``(B,)``, for each i the j it is paired with.
    """
    apart = (edited - edited[partner]).abs().flatten(1).mean(dim=1)
    scale = (code - code[partner]).abs().flatten(1).mean(dim=1)
    return torch.exp(-apart / (scale + _DISTANCE_FLOOR)).mean()


def boundary_loss(logits: Tensor, label: Tensor, target: Tensor, form: str) -> Tensor:
    """Hold edits near the decision boundary: ``KL(U || C)`` for class logits ``(B, K)`` of edits.

    ``uniform``: ``0.5 KL(U || C)``, U uniform over K. ``half``: ``0.25 KL(U || C) + 0.5 CE(C, t)``, U half on
    the true and half on the target class.
    """
    log_c = functional.log_softmax(logits, dim=1)
    n_classes = logits.shape[1]
    if form == "uniform":
        u = torch.full_like(log_c, 1 / n_classes)
        return 0.5 * _divergence(u, log_c)
    u = 0.5 * (functional.one_hot(label, n_classes) + functional.one_hot(target, n_classes)).to(log_c.dtype)
    return 0.25 * _divergence(u, log_c) + 0.5 * class_loss(logits, target)


def _divergence(u: Tensor, log_c: Tensor) -> Tensor:
    """``KL(U || C)``, the mean over windows; written out, as torch's own has no batched form for several folds."""
    return (torch.xlogy(u, u) - u * log_c).sum() / len(u)


def generator_terms(
    x: Tensor,
    label: Tensor,
    target: Tensor,
    own: Tensor,
    edited: Tensor,
    code: Tensor,
    judged: tuple[Tensor, Tensor],
    partner: Tensor,
    weights: LossWeights,
) -> dict[str, Tensor]:
    """Return the generator's weighted terms by name; their sum is its loss.

    ``own`` and ``edited`` are the edits into the true and the target class, ``judged`` the discriminator's
    answer on ``edited``.
    """
    realness, classes = judged
    return {
        "reconstruction": weights.reconstruction * reconstruction_loss(x, own),
        "realness": 0.5 * realness_loss(realness, 0.0),
        "control": weights.control * class_loss(classes, target),
        "diversity": weights.diversity * diversity_loss(edited, code, partner),
        "boundary": weights.boundary * boundary_loss(classes, label, target, weights.boundary_form),
    }


def discriminator_terms(
    on_real: tuple[Tensor, Tensor],
    on_edited: tuple[Tensor, Tensor],
    label: Tensor,
    target: Tensor,
    told_edited: float,
    adversarial: bool,
    class_on_edits: bool = True,
    balanced: bool = False,
) -> dict[str, Tensor]:
    """Return the discriminator's weighted terms by name; their sum is its loss.

    ``0.5 [0.5 BCE(R(x), 0) + 0.5 CE(C(x), y)] + 0.5 [0.5 BCE(R(G), tau) + 0.5 CE(C(G), t)]``; the two real/fake
    terms are left out on steps that are not ``adversarial``, and ``CE(C(G), t)`` without ``class_on_edits``;
    ``balanced`` weighs the classes of real windows equally.
    """
    terms = {"class_real": 0.25 * class_loss(on_real[1], label, balanced)}
    if class_on_edits:
        terms["class_edited"] = 0.25 * class_loss(on_edited[1], target)
    if adversarial:
        terms["judge_real"] = 0.25 * realness_loss(on_real[0], 0.0)
        terms["judge_edited"] = 0.25 * realness_loss(on_edited[0], told_edited)
    return terms


def total(terms: Mapping[str, Tensor]) -> Tensor:
    """Sum the terms of a loss."""
    return torch.stack(list(terms.values())).sum()
