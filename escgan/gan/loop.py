"""The steps of training, of one fold or of several together, and the checkpoints between them.

Folds that stand at the same step take their next ones together, and one that has ended leaves the others behind it
(:mod:`escgan.gan.stacking`).
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from escgan.errors import DivergedError
from escgan.gan.batches import Batches
from escgan.gan.checkpoint import Progress, load_checkpoint, save_checkpoint
from escgan.gan.config import LossWeights, TrainingConfig
from escgan.gan.sources import GridRows
from escgan.gan.stacking import Build, split_learner, stack_learners
from escgan.gan.step import Learner, take_step, update_average
from escgan.gan.trunk import seed_dropout
from escgan.seeds import derive_seed

# Steps that one history row averages over; checkpoints fall between rows.
BLOCK_STEPS = 20

# Writing a checkpoint is followed by at least this many times its duration of training.
CHECKPOINT_REST = 20

LOG = logging.getLogger("escgan")


@dataclass(frozen=True)
class FoldWindows:
    """What one fold trains on, and who looks on.

    Attributes
    ----------
    grid
        ``(n_windows, n_bands, 9, 9)`` float32, normalised DE on the scalp grid, or ``(n_windows, n_bands, n_channels,
        1)`` for networks on channels; windows that are not an array are read batch by batch.
    labels
        ``(n_windows,)`` int64 in ``range(n_classes)``.
    checkpoints
        Folder for checkpoints; training resumes from the newest that fits. None: no checkpoints.
    on_step
        Called after each block of steps with (steps done, steps in all).
    subjects
        ``(n_windows,)`` int64, a number for each person, where differences between people are learned from.
    on_terms
        Called with each history row, those before a checkpoint that training resumed from included.
    """

    grid: GridRows
    labels: NDArray[np.int64]
    checkpoints: Path | None = None
    on_step: Callable[[int, int], None] | None = None
    subjects: NDArray[np.int64] | None = None
    on_terms: Callable[[Mapping[str, float]], None] | None = None


@dataclass
class Member:
    """A fold in training: where it stands."""

    place: int
    windows: FoldWindows
    learner: Learner
    n_steps: int
    fingerprint: str
    done: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    error: DivergedError | None = None
    _sums: dict[str, float] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do."""
        return self.done >= self.n_steps or self.error is not None

    def resume(self) -> None:
        """Go on from the newest checkpoint that fits, if there is one."""
        if self.windows.checkpoints is None:
            return
        learner = self.learner
        progress = load_checkpoint(self.windows.checkpoints, learner.networks, learner.optimizers, self.fingerprint)
        if progress:
            self.done, self.history = progress.step, progress.history
            LOG.info("ESC-GAN training resumes at step %d of %d", self.done, self.n_steps)
            if self.windows.on_terms:
                for row in self.history:
                    self.windows.on_terms(row)

    def count(self, done: int, sums: dict[str, float], counts: dict[str, int]) -> None:
        """Take in what was summed up to step ``done``, and close the block where it ends there."""
        self.done = done
        for name, value in sums.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
            self._counts[name] = self._counts.get(name, 0) + counts[name]
        if done % BLOCK_STEPS and done < self.n_steps:
            return
        row = {"step": float(done)} | {name: value / self._counts[name] for name, value in self._sums.items()}
        self._sums, self._counts = {}, {}
        for name, value in row.items():
            if not math.isfinite(value):
                self.error = DivergedError(
                    f"The loss term '{name}' became {value} by step {done}: "
                    "lower training.learning_rate or check the features for extreme values."
                )
                return
        self.history.append(row)
        if self.windows.on_terms:
            self.windows.on_terms(row)
        if self.windows.on_step:
            self.windows.on_step(done, self.n_steps)

    def save(self, learner: Learner) -> None:
        """Write a checkpoint."""
        if self.windows.checkpoints:
            progress = Progress(self.done, self.history)
            save_checkpoint(self.windows.checkpoints, learner.networks, learner.optimizers, progress, self.fingerprint)


@dataclass
class Loop:
    """Steps of folds that stand at the same step and draw batches of the same size."""

    build: Build
    n_classes: int
    losses: LossWeights
    training: TrainingConfig
    seed: int
    device: str
    checkpoint_s: float

    def run(self, group: list[Member]) -> Iterator[Member]:
        """Train every member, and yield each when it has ended."""
        windows = [member.windows for member in group]
        batches = Batches(
            [w.grid for w in windows],
            [w.labels for w in windows],
            self.n_classes,
            self.training,
            self.seed,
            self.device,
            [w.subjects for w in windows],
        )
        rest = list(enumerate(group))
        due = time.monotonic() + self.checkpoint_s
        while rest:
            yield from (member for _, member in rest if member.ended)
            rest = [(place, member) for place, member in rest if not member.ended]
            if not rest:
                return
            members = [member for _, member in rest]
            places = [place for place, _ in rest]
            rate = self.training.learning_rate
            learner = stack_learners([member.learner for member in members], self.build, rate, self.device)
            while not any(member.ended for member in members):
                self._advance(learner, members, batches, places)
                began = time.monotonic()
                # Blocks that are still open are not in a checkpoint.
                if began >= due and members[0].done % BLOCK_STEPS == 0:
                    parts = split_learner(learner, self.build, rate, self.device)
                    for member, part in zip(members, parts, strict=True):
                        if not member.ended:
                            member.save(part)
                    ended = time.monotonic()
                    due = ended + max(self.checkpoint_s, CHECKPOINT_REST * (ended - began))
            for member, part in zip(members, split_learner(learner, self.build, rate, self.device), strict=True):
                member.learner = part

    def _advance(self, learner: Learner, members: list[Member], batches: Batches, places: list[int]) -> None:
        """Take the steps up to the end of the block, or to where the first member ends."""
        done = members[0].done
        # Blocks end at multiples of their length, whether training was interrupted or not.
        stop = min((done // BLOCK_STEPS + 1) * BLOCK_STEPS, *(member.n_steps for member in members))
        dropout = torch.Generator(self.device)
        seed_dropout(learner.discriminator, dropout)
        sums: dict[str, Tensor] = {}
        counts: dict[str, int] = {}
        for step, batch in enumerate(batches.draw(done, stop, places), start=done):
            dropout.manual_seed(derive_seed(self.seed, "dropout", step))
            adversarial = step % self.training.adversarial_every == 0
            terms = take_step(learner, batch, self.losses, self.training, adversarial)
            update_average(learner, self.training.average, step)
            for name, term in terms.items():
                sums[name] = sums.get(name, 0) + term
                counts[name] = counts.get(name, 0) + 1
        # One transfer a block, in which the host waits for the device.
        table = torch.stack([total.reshape(-1) for total in sums.values()], dim=1).tolist()
        for member, row in zip(members, table, strict=True):
            member.count(stop, dict(zip(sums, row, strict=True)), counts)
