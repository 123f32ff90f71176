"""The training loop.

Every batch, target, pairing and dropout mask derives from (seed, step), and a checkpoint holds everything else:
training that was killed goes on from its last checkpoint and ends with the same bytes.
"""

from __future__ import annotations

import hashlib
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from escgan.errors import ConfigError, DivergedError
from escgan.gan.batches import Batches
from escgan.gan.checkpoint import Progress, load_checkpoint, save_checkpoint
from escgan.gan.config import LossWeights, NetworkConfig, TrainingConfig
from escgan.gan.discriminator import Discriminator
from escgan.gan.generator import Generator
from escgan.gan.step import make_learner, take_step
from escgan.gan.trunk import initialize, seed_dropout
from escgan.seeds import derive_seed

# Steps that one history row averages over; checkpoints fall between rows.
BLOCK_STEPS = 20

# Writing a checkpoint is followed by at least this many times its duration of training.
_CHECKPOINT_REST = 20

LOG = logging.getLogger("escgan")


@dataclass
class Gan:
    """A trained pair of networks, and one history row a block of steps with the mean of every named term."""

    generator: Generator
    discriminator: Discriminator
    history: list[dict[str, float]]


def build_gan(n_bands: int, n_classes: int, mask: NDArray[np.bool_], network: NetworkConfig, seed: int = 0) -> Gan:
    """Build freshly initialised networks for windows of ``n_bands`` bands and a scalp mask ``(9, 9)``."""
    stream = torch.Generator().manual_seed(derive_seed(seed, "weights"))
    networks = (
        Generator(n_bands, n_classes, torch.from_numpy(mask), network),
        Discriminator(n_bands, n_classes, network),
    )
    for net in networks:
        initialize(net, stream)
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
    """Train ESC-GAN on windows.

    Parameters
    ----------
    grid
        ``(n_windows, n_bands, 9, 9)`` float32, normalised DE on the scalp grid.
    labels
        ``(n_windows,)`` int64 in ``range(n_classes)``.
    mask
        ``(9, 9)`` bool, the cells inside the electrodes' hull.
    checkpoints
        Folder for checkpoints; training resumes from the newest that fits. None: no checkpoints.
    checkpoint_s
        Least seconds between checkpoints; more where writing one takes long, so that they cost at most 5 % of
        the time. How often they are written does not change the result.
    on_step
        Called after each block of steps with (steps done, steps in all).

    Raises
    ------
    ConfigError
        If there are fewer than two windows or classes present.
    DivergedError
        If a loss term becomes infinite or NaN.
    """
    if len(labels) < 2 or len(np.unique(labels)) < 2:
        raise ConfigError(
            f"The {len(labels)} training windows hold {len(np.unique(labels))} class(es): "
            "ESC-GAN edits between classes and needs windows of at least two."
        )
    gan = build_gan(grid.shape[1], n_classes, mask, network, seed)
    learner = make_learner(gan.generator, gan.discriminator, training.learning_rate, device)
    networks = {"generator": gan.generator, "discriminator": gan.discriminator}
    batches = Batches(grid, labels, n_classes, training, seed, device)
    n_steps = batches.n_steps

    fingerprint = _fingerprint(grid, labels, n_classes, mask, network, losses, training, seed)
    progress = load_checkpoint(checkpoints, networks, learner.optimizers, fingerprint) if checkpoints else None
    done, gan.history = (progress.step, progress.history) if progress else (0, [])
    if done:
        LOG.info("ESC-GAN training resumes at step %d of %d", done, n_steps)
    due = time.monotonic() + checkpoint_s

    while done < n_steps:
        # Blocks end at multiples of their length, whether training was interrupted or not.
        stop = min(n_steps, (done // BLOCK_STEPS + 1) * BLOCK_STEPS)
        sums: dict[str, Tensor] = {}
        counts: dict[str, int] = {}
        for step, batch in enumerate(batches.draw(done, stop), start=done):
            dropout = torch.Generator(device).manual_seed(derive_seed(seed, "dropout", step))
            seed_dropout(gan.discriminator, dropout)
            terms = take_step(learner, batch, losses, training, step % training.adversarial_every == 0)
            for name, term in terms.items():
                sums[name] = sums.get(name, 0) + term
                counts[name] = counts.get(name, 0) + 1
        done = stop
        gan.history.append(_block(sums, counts, done))
        if on_step:
            on_step(done, n_steps)
        began = time.monotonic()
        if checkpoints and done < n_steps and began >= due:
            save_checkpoint(checkpoints, networks, learner.optimizers, Progress(done, gan.history), fingerprint)
            ended = time.monotonic()
            due = ended + max(checkpoint_s, _CHECKPOINT_REST * (ended - began))
    return gan


def _block(sums: dict[str, Tensor], counts: dict[str, int], step: int) -> dict[str, float]:
    row = {"step": float(step)} | {name: float(value) / counts[name] for name, value in sums.items()}
    for name, value in row.items():
        if not math.isfinite(value):
            raise DivergedError(
                f"The loss term '{name}' became {value} by step {step}: "
                "lower training.learning_rate or check the features for extreme values."
            )
    return row


def _fingerprint(grid: NDArray[np.float32], labels: NDArray[np.int64], *rest: object) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(grid).tobytes())
    digest.update(labels.tobytes())
    digest.update(repr([r.tobytes() if isinstance(r, np.ndarray) else r for r in rest]).encode())
    return digest.hexdigest()
