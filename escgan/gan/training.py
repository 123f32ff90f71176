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
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from escgan.errors import ConfigError, DivergedError
from escgan.gan.checkpoint import Progress, load_checkpoint, save_checkpoint
from escgan.gan.config import LossWeights, NetworkConfig, TrainingConfig
from escgan.gan.discriminator import Discriminator
from escgan.gan.generator import Generator
from escgan.gan.losses import discriminator_terms, generator_terms, total
from escgan.gan.trunk import initialize, seed_dropout
from escgan.seeds import derive_seed, generator

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
    networks = {"generator": gan.generator.to(device), "discriminator": gan.discriminator.to(device)}
    optimizers = {
        # The fused step is one kernel instead of one a tensor; its arithmetic is Adam's.
        name: torch.optim.Adam(net.parameters(), lr=training.learning_rate, fused=True)
        for name, net in networks.items()
    }
    x_all, y_all = torch.from_numpy(grid).to(device), torch.from_numpy(labels).to(device)
    per_epoch = max(1, len(labels) // training.batch_size)
    n_steps = per_epoch * training.epochs

    fingerprint = _fingerprint(grid, labels, n_classes, mask, network, losses, training, seed)
    progress = load_checkpoint(checkpoints, networks, optimizers, fingerprint) if checkpoints else None
    done, gan.history = (progress.step, progress.history) if progress else (0, [])
    if done:
        LOG.info("ESC-GAN training resumes at step %d of %d", done, n_steps)
    due = time.monotonic() + checkpoint_s
    sums: dict[str, Tensor] = {}
    counts: dict[str, int] = {}
    gan.generator.train()
    gan.discriminator.train()

    for step in range(done, n_steps):
        # Draw the batch and its targets.
        rows, target_rows, partner_rows = _draw(labels, n_classes, training, seed, step, per_epoch)
        x, label = x_all[_index(rows, device)], y_all[_index(rows, device)]
        target, partner = _index(target_rows, device), _index(partner_rows, device)
        dropout = torch.Generator(device).manual_seed(derive_seed(seed, "dropout", step))
        seed_dropout(gan.discriminator, dropout)

        # Edit: one encoding serves both targets.
        with _precision(device):
            code = gan.generator.encode(x)
            own = gan.generator.decode(code, label)
            edited = gan.generator.decode(code, target)

        # Descend on the discriminator.
        with _precision(device):
            on_real, on_edited = gan.discriminator(x), gan.discriminator(edited.detach())
        adversarial = step % training.adversarial_every == 0
        judge = discriminator_terms(
            _full(on_real), _full(on_edited), label, target, training.label_smoothing, adversarial
        )
        optimizers["discriminator"].zero_grad(set_to_none=True)
        total(judge).backward()
        optimizers["discriminator"].step()

        # Descend on the generator; the discriminator's own gradients are not needed, so not computed.
        gan.discriminator.requires_grad_(False)
        with _precision(device):
            judged = gan.discriminator(edited)
        edit = generator_terms(
            x, label, target, own.float(), edited.float(), code.float(), _full(judged), partner, losses
        )
        optimizers["generator"].zero_grad(set_to_none=True)
        total(edit).backward()
        optimizers["generator"].step()
        gan.discriminator.requires_grad_(True)

        # Record, report, checkpoint.
        for name, term in (edit | judge).items():
            sums[name] = sums.get(name, 0) + term.detach()
            counts[name] = counts.get(name, 0) + 1
        if (step + 1) % BLOCK_STEPS == 0 or step + 1 == n_steps:
            gan.history.append(_block(sums, counts, step + 1))
            sums, counts = {}, {}
            if on_step:
                on_step(step + 1, n_steps)
            began = time.monotonic()
            if checkpoints and step + 1 < n_steps and began >= due:
                save_checkpoint(checkpoints, networks, optimizers, Progress(step + 1, gan.history), fingerprint)
                ended = time.monotonic()
                due = ended + max(checkpoint_s, _CHECKPOINT_REST * (ended - began))
    return gan


def _draw(
    labels: NDArray[np.int64], n_classes: int, training: TrainingConfig, seed: int, step: int, per_epoch: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the step's rows, target classes and diversity partners, each ``(batch,)``."""
    epoch, place = divmod(step, per_epoch)
    order = generator(seed, "order", epoch).permutation(len(labels))
    rows = order[place * training.batch_size : (place + 1) * training.batch_size]
    draw = generator(seed, "batch", step)
    shift = np.ones(len(rows), np.int64)
    if training.target == "other":
        shift = draw.integers(1, n_classes, len(rows))
    # A shift of 1 to n-1 along the batch pairs every window with another one.
    partner = (np.arange(len(rows)) + draw.integers(1, len(rows))) % len(rows)
    return rows, (labels[rows] + shift) % n_classes, partner


def _index(rows: NDArray[np.int64], device: str) -> Tensor:
    return torch.from_numpy(rows).to(device, non_blocking=True)


def _precision(device: str) -> AbstractContextManager[object]:
    """Half precision for the networks on CUDA; the losses are always computed in float32."""
    if torch.device(device).type == "cuda":
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return nullcontext()


def _full(judged: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    return judged[0].float(), judged[1].float()


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
