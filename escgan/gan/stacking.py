"""Several folds' networks as one network, and back.

Leave-one-subject-out trains as many networks as there are subjects, each too small to fill a large card. Their
weights stand fold after fold along the first axis, convolutions become grouped ones and linear layers batched
products. No operation mixes two folds, so each learns as it would alone; one Adam steps all of them, as its
arithmetic is one weight's at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from escgan.gan.checkpoint import match_layout
from escgan.gan.discriminator import Discriminator
from escgan.gan.generator import Generator
from escgan.gan.step import Learner, make_learner

# Buffers that all folds share: the scalp, and how many batches have passed.
_SHARED = ("mask", "num_batches_tracked")

State = dict[str, Tensor]

# Makes a generator and a discriminator of so many folds.
Build = Callable[[int], tuple[Generator, Discriminator]]


def stack_states(states: Sequence[State]) -> State:
    """Join the weights and buffers of networks of one shape."""
    return {
        name: value if _shared(name) else torch.cat([state[name] for state in states])
        for name, value in states[0].items()
    }


def split_state(state: State, folds: int) -> list[State]:
    """Part what :func:`stack_states` joined; the parts are copies."""
    parts: list[State] = [{} for _ in range(folds)]
    for name, value in state.items():
        own = [value] * folds if _shared(name) else value.chunk(folds)
        for one, tensor in zip(parts, own, strict=True):
            one[name] = tensor.clone()
    return parts


@dataclass(frozen=True)
class Trained:
    """A network and the Adam that has brought it to where it is."""

    network: nn.Module
    optimizer: torch.optim.Optimizer


def join(parts: Sequence[Trained], whole: Trained) -> None:
    """Give ``whole``, which holds as many folds as there are parts, the weights and moments of the parts.

    The parts have taken equally many steps.
    """
    whole.network.load_state_dict(stack_states([part.network.state_dict() for part in parts]))
    moments = [part.optimizer.state_dict()["state"] for part in parts]
    together = {
        index: {
            # The count of steps is a number, the same in all.
            key: value if value.ndim == 0 else torch.cat([own[index][key] for own in moments])
            for key, value in moments[0][index].items()
        }
        for index in moments[0]
    }
    _set_moments(whole.optimizer, together)


def part(whole: Trained, parts: Sequence[Trained]) -> None:
    """Give each part its fold's weights and moments: the reverse of :func:`join`."""
    moments = whole.optimizer.state_dict()["state"]
    states = split_state(whole.network.state_dict(), len(parts))
    for place, (one, state) in enumerate(zip(parts, states, strict=True)):
        one.network.load_state_dict(state)
        own = {
            index: {k: (v if v.ndim == 0 else v.chunk(len(parts))[place]).clone() for k, v in values.items()}
            for index, values in moments.items()
        }
        _set_moments(one.optimizer, own)


def stack_learners(learners: Sequence[Learner], build: Build, learning_rate: float, device: str) -> Learner:
    """Join learners that have taken equally many steps; one alone is returned as it is."""
    if len(learners) == 1:
        return learners[0]
    joined = make_learner(*build(len(learners)), learning_rate, device, learners[0].average is not None)
    for name in joined.optimizers:
        join([_trained(learner, name) for learner in learners], _trained(joined, name))
    for name in joined.networks.keys() - joined.optimizers.keys():
        states = [learner.networks[name].state_dict() for learner in learners]
        joined.networks[name].load_state_dict(stack_states(states))
    return joined


def split_learner(learner: Learner, build: Build, learning_rate: float, device: str) -> list[Learner]:
    """Part a learner of several folds into one a fold; one fold's is returned as it is."""
    if learner.folds == 1:
        return [learner]
    averaging = learner.average is not None
    parts = [make_learner(*build(1), learning_rate, device, averaging) for _ in range(learner.folds)]
    for name in learner.optimizers:
        part(_trained(learner, name), [_trained(one, name) for one in parts])
    for name in learner.networks.keys() - learner.optimizers.keys():
        states = split_state(learner.networks[name].state_dict(), learner.folds)
        for one, state in zip(parts, states, strict=True):
            one.networks[name].load_state_dict(state)
    return parts


def _trained(learner: Learner, name: str) -> Trained:
    return Trained(learner.networks[name], learner.optimizers[name])


def _set_moments(optimizer: torch.optim.Optimizer, state: dict[int, dict[str, Tensor]]) -> None:
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    match_layout(optimizer)


def _shared(name: str) -> bool:
    return name.rsplit(".", 1)[-1] in _SHARED
