"""Training ESC-GAN on one fold's windows, or on those of several folds as one program.

Every batch, target, pairing and dropout mask derives from (seed, step), and a checkpoint holds everything else:
training that was killed goes on from its last checkpoint and ends with the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from escgan.errors import ConfigError, DivergedError
from escgan.gan.batches import steps_per_epoch
from escgan.gan.config import LossWeights, NetworkConfig, TrainingConfig
from escgan.gan.discriminator import Discriminator
from escgan.gan.generator import Generator
from escgan.gan.loop import FoldWindows, Loop, Member
from escgan.gan.step import make_learner
from escgan.gan.trunk import initialize
from escgan.seeds import derive_seed

# Windows that are digested at once.
_BLOCK = 65536


@dataclass
class Gan:
    """A trained pair of networks, and one history row a block of steps with the mean of every named term."""

    generator: Generator
    discriminator: Discriminator
    history: list[dict[str, float]]


def build_networks(
    n_bands: int, n_classes: int, mask: NDArray[np.bool_], network: NetworkConfig, folds: int = 1
) -> tuple[Generator, Discriminator]:
    """Build networks of one fold, or of several side by side, whose weights are still to be set."""
    generator = Generator(n_bands, n_classes, torch.from_numpy(mask), network, folds)
    return generator, Discriminator(n_bands, n_classes, network, folds, mask.size)


def build_gan(n_bands: int, n_classes: int, mask: NDArray[np.bool_], network: NetworkConfig, seed: int = 0) -> Gan:
    """Build freshly initialised networks for windows of ``n_bands`` bands and a mask, as :func:`train_gans` takes."""
    stream = torch.Generator().manual_seed(derive_seed(seed, "weights"))
    networks = build_networks(n_bands, n_classes, mask, network)
    for net in networks:
        initialize(net, stream)
    if network.residual:
        # Editing begins as the identity: drawn weights would bury a window under changes that mean nothing, which
        # training takes long to unlearn.
        torch.nn.init.zeros_(networks[0].last_layer.weight)
    return Gan(*networks, history=[])


def train_gan(
    grid: NDArray[np.float32],
    labels: NDArray[np.int64],
    n_classes: int,
    mask: NDArray[np.bool_],
    *,
    network: NetworkConfig = NetworkConfig(),
    losses: LossWeights = LossWeights(),
    training: TrainingConfig = TrainingConfig(),
    seed: int = 0,
    device: str = "cpu",
    checkpoints: Path | None = None,
    checkpoint_s: float = 2.0,
    on_step: Callable[[int, int], None] | None = None,
) -> Gan:
    """Train ESC-GAN on one fold's windows: see :class:`FoldWindows` for them and :func:`train_gans` for the rest.

    Raises
    ------
    ConfigError
        If there are fewer than two windows or classes present.
    DivergedError
        If a loss term becomes infinite or NaN.
    """
    (result,) = train_gans(
        [FoldWindows(grid, labels, checkpoints, on_step)],
        n_classes,
        mask,
        network=network,
        losses=losses,
        training=training,
        seed=seed,
        device=device,
        checkpoint_s=checkpoint_s,
    )
    if isinstance(result, Gan):
        return result
    raise result


def train_gans(
    folds: Sequence[FoldWindows],
    n_classes: int,
    mask: NDArray[np.bool_],
    *,
    network: NetworkConfig = NetworkConfig(),
    losses: LossWeights = LossWeights(),
    training: TrainingConfig = TrainingConfig(),
    seed: int = 0,
    device: str = "cpu",
    checkpoint_s: float = 2.0,
) -> list[Gan | ConfigError | DivergedError]:
    """Train an ESC-GAN a fold, all folds together.

    Each is what :func:`train_gan` would make of the fold alone, to the rounding of float32. On a CPU the folds are
    faster one after the other.

    Parameters
    ----------
    folds
        Their windows; all of the same bands.
    mask
        ``(9, 9)`` bool, the cells inside the electrodes' hull; ``(n_channels, 1)``, all true, for networks on channels
        (:class:`escgan.gan.layout.ChannelColumn`).
    checkpoint_s
        Least seconds between checkpoints; more where writing them takes long, so that they cost at most 5 % of
        the time. How often they are written does not change the result.

    Returns
    -------
    list
        A fold's networks, or the error that ended its training: ConfigError where it has fewer than two windows or
        classes, DivergedError where a loss term became infinite or NaN. The other folds go on.
    """
    results: list[Gan | ConfigError | DivergedError | None] = [None] * len(folds)
    members = []
    science = (n_classes, mask, network, losses, training, seed)
    for place, fold in enumerate(folds):
        present = len(np.unique(fold.labels))
        if len(fold.labels) < 2 or present < 2:
            results[place] = ConfigError(
                f"The training side holds windows of {present or 'no'} class, and ESC-GAN edits between two: "
                "choose other labels or another protocol, or add recordings."
            )
            continue
        gan = build_gan(fold.grid.shape[1], n_classes, mask, network, seed)
        rate, averaging = training.learning_rate, training.average > 0
        learner = make_learner(gan.generator, gan.discriminator, rate, device, averaging)
        per_epoch = steps_per_epoch(len(fold.labels), training.batch_size)
        member = Member(place, fold, learner, per_epoch * training.epochs, _fingerprint(fold, *science))
        member.resume()
        members.append(member)

    def build(n: int) -> tuple[Generator, Discriminator]:
        return build_networks(folds[0].grid.shape[1], n_classes, mask, network, n)

    def alike(member: Member) -> tuple[int, int]:
        return min(training.batch_size, len(member.windows.labels)), member.done

    loop = Loop(build, n_classes, losses, training, seed, device, checkpoint_s)
    for _, group in groupby(sorted(members, key=alike), key=alike):
        for member in loop.run(list(group)):
            gan = Gan(member.learner.result, member.learner.discriminator, member.history)
            results[member.place] = member.error or gan
    return [result for result in results if result is not None]


def _fingerprint(windows: FoldWindows, *rest: object) -> str:
    digest = hashlib.sha256()
    for start in range(0, len(windows.labels), _BLOCK):
        digest.update(np.ascontiguousarray(windows.grid[slice(start, start + _BLOCK)]).data)
    digest.update(windows.labels.tobytes())
    if windows.subjects is not None:
        digest.update(windows.subjects.tobytes())
    digest.update(repr([r.tobytes() if isinstance(r, np.ndarray) else r for r in rest]).encode())
    return digest.hexdigest()
