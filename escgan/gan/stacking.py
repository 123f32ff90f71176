"""Several folds' networks as one network, and back.

Leave-one-subject-out trains as many networks as there are subjects, each too small to fill a large card. Their
weights stand fold after fold along the first axis, convolutions become grouped ones and linear layers batched
products. No operation mixes two folds, so each learns as it would alone; one Adam steps all of them, as its
arithmetic is one weight's at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

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
        for part, tensor in zip(parts, own, strict=True):
            part[name] = tensor.clone()
    return parts


def stack_learners(learners: Sequence[Learner], build: Build, learning_rate: float, device: str) -> Learner:
    """Join learners that have taken equally many steps; one alone is returned as it is."""
    if len(learners) == 1:
        return learners[0]
    joined = make_learner(*build(len(learners)), learning_rate, device)
    for name, network in joined.networks.items():
        network.load_state_dict(stack_states([one.networks[name].state_dict() for one in learners]))
        moments = [one.optimizers[name].state_dict()["state"] for one in learners]
        together = {
            index: {
                # The count of steps is a number, the same in all.
                key: value if value.ndim == 0 else torch.cat([one[index][key] for one in moments])
                for key, value in moments[0][index].items()
            }
            for index in moments[0]
        }
        _set_moments(joined.optimizers[name], together)
    return joined


def split_learner(learner: Learner, build: Build, learning_rate: float, device: str) -> list[Learner]:
    """Part a learner of several folds into one a fold; one fold's is returned as it is."""
    folds = learner.folds
    if folds == 1:
        return [learner]
    parts = [make_learner(*build(1), learning_rate, device) for _ in range(folds)]
    for name, network in learner.networks.items():
        moments = learner.optimizers[name].state_dict()["state"]
        for place, (part, state) in enumerate(zip(parts, split_state(network.state_dict(), folds), strict=True)):
            part.networks[name].load_state_dict(state)
            own = {
                index: {k: (v if v.ndim == 0 else v.chunk(folds)[place]).clone() for k, v in values.items()}
                for index, values in moments.items()
            }
            _set_moments(part.optimizers[name], own)
    return parts


def _set_moments(optimizer: torch.optim.Optimizer, state: dict[int, dict[str, Tensor]]) -> None:
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    match_layout(optimizer)


def _shared(name: str) -> bool:
    return name.rsplit(".", 1)[-1] in _SHARED
