"""One step of training: what the published step computes, each part of it once.

The published step runs the whole generator twice on the same windows and the discriminator twice on the same edits.
Here one encoding serves both targets, and one judgement of the edits serves both losses, whose gradients are
taken through it in turn. Both networks step on the weights that the judgement was made with, so the losses
are those of the longer way (``tests/escgan/gan/test_step.py``).
"""

from __future__ import annotations

import copy
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.func import vmap

from escgan.gan.batches import Batch
from escgan.gan.config import LossWeights, TrainingConfig
from escgan.gan.discriminator import Discriminator
from escgan.gan.generator import Generator
from escgan.gan.losses import discriminator_terms, generator_terms, total
from escgan.gan.trunk import lay_out


@dataclass(frozen=True)
class Learner:
    """Both networks and their optimisers, of one fold or of several side by side.

    ``average`` is a generator of the mean of the generator's weights over steps, where it is asked for.
    """

    generator: Generator
    discriminator: Discriminator
    optimizers: dict[str, torch.optim.Optimizer]
    average: Generator | None = None

    @property
    def networks(self) -> dict[str, nn.Module]:
        """The networks by name; those that are stepped have an optimiser of that name."""
        stepped: dict[str, nn.Module] = {"generator": self.generator, "discriminator": self.discriminator}
        return stepped if self.average is None else stepped | {"average": self.average}

    @property
    def result(self) -> Generator:
        """The generator that training is for."""
        return self.generator if self.average is None else self.average

    @property
    def folds(self) -> int:
        """How many folds stand side by side."""
        return self.generator.folds


def make_learner(
    generator: Generator, discriminator: Discriminator, learning_rate: float, device: str, averaging: bool = False
) -> Learner:
    """Place the networks on a device and give each its Adam; ``averaging`` keeps a mean of the generator."""
    networks = {"generator": generator, "discriminator": discriminator}
    for network in networks.values():
        lay_out(network, device).train()
    optimizers: dict[str, torch.optim.Optimizer] = {
        # The fused step is one kernel instead of one a tensor; its arithmetic is Adam's.
        name: torch.optim.Adam(network.parameters(), lr=learning_rate, fused=True)
        for name, network in networks.items()
    }
    average = copy.deepcopy(generator).requires_grad_(False) if averaging else None
    return Learner(generator, discriminator, optimizers, average)


@torch.no_grad()
def update_average(learner: Learner, share: float, step: int) -> None:
    """Mix the generator's weights and batch-norm statistics into their mean after a step.

    ``mean <- d mean + (1 - d) weights`` with ``d = min(share, (1 + step) / (10 + step))``, the schedule of
    TensorFlow's ``ExponentialMovingAverage``.
    """
    if learner.average is None:
        return
    fresh = 1 - min(share, (1 + step) / (10 + step))
    own, mean = learner.generator.state_dict(), learner.average.state_dict()
    for name, value in own.items():
        if value.is_floating_point():
            mean[name].lerp_(value, fresh)
        else:
            # How many batches have passed is a count.
            mean[name].copy_(value)


def take_step(
    learner: Learner, batch: Batch, losses: LossWeights, training: TrainingConfig, adversarial: bool
) -> dict[str, Tensor]:
    """Descend on both losses of a batch and return every named term, detached.

    ``adversarial`` tells whether the discriminator's real/fake terms enter. Terms are scalars, or ``(folds,)`` where
    several folds stand side by side.
    """
    with _precision(batch.x):
        start = batch.x if batch.start is None else batch.start
        if batch.start is None:
            code = own_code = learner.generator.encode(batch.x)
        else:
            # As one batch: batch norm then keeps statistics of both, which is what it meets when it edits.
            own_code, code = learner.generator.encode(torch.cat([batch.x, start])).chunk(2)
        own = learner.generator.decode(own_code, batch.label, batch.x)
        edited = learner.generator.decode(code, batch.target, start)
        on_edited = learner.discriminator(edited)
        on_real = learner.discriminator(batch.x)
    edit_of = partial(generator_terms, weights=losses)
    judge_of = partial(
        discriminator_terms,
        told_edited=training.label_smoothing,
        adversarial=adversarial,
        class_on_edits=losses.class_on_edits,
        balanced=losses.balanced,
    )
    if learner.folds > 1:
        split = partial(_by_fold, folds=learner.folds)
        x, own, edited, code = split(batch.x), split(own), split(edited), split(code)
        label, target = batch.label.T, batch.target.T
        judged, real = (on_edited[0].T.float(), split(on_edited[1])), (on_real[0].T.float(), split(on_real[1]))
        edit = vmap(edit_of, in_dims=(0, 0, 0, 0, 0, 0, 0, None))(
            x, label, target, own, edited, code, judged, batch.partner
        )
        judge = vmap(judge_of)(real, judged, label, target)
    else:
        judged, real = _full(on_edited), _full(on_real)
        own, edited, code = own.float(), edited.float(), code.float()
        edit = edit_of(batch.x, batch.label, batch.target, own, edited, code, judged, batch.partner)
        judge = judge_of(real, judged, batch.label, batch.target)
    for optimizer in learner.optimizers.values():
        optimizer.zero_grad(set_to_none=True)
    # Naming the inputs keeps either loss from the other network's weights, and spares computing those gradients.
    total(edit).backward(inputs=list(learner.generator.parameters()), retain_graph=True)
    total(judge).backward(inputs=list(learner.discriminator.parameters()))
    for optimizer in learner.optimizers.values():
        optimizer.step()
    return {name: term.detach() for name, term in (edit | judge).items()}


def _precision(x: Tensor) -> AbstractContextManager[object]:
    """Half precision for the networks on CUDA; the losses are always computed in float32."""
    return torch.autocast("cuda", dtype=torch.bfloat16) if x.is_cuda else nullcontext()


def _full(judged: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    return judged[0].float(), judged[1].float()


def _by_fold(x: Tensor, folds: int) -> Tensor:
    """``(B, folds * n, ...)`` to ``(folds, B, n, ...)`` in float32."""
    return x.float().unflatten(1, (folds, -1)).transpose(0, 1)
