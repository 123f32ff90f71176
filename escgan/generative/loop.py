"""The training loop of all generative models: batches, history, checkpoints.

Every batch derives from (seed, pass) and every other draw from (seed, step), and a checkpoint holds everything else:
training that was killed goes on from its last checkpoint and ends with the same bytes.
"""

from __future__ import annotations

import hashlib
import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from escgan.errors import DivergedError
from escgan.gan.batches import steps_per_epoch
from escgan.gan.checkpoint import Progress, load_checkpoint, save_checkpoint
from escgan.gan.loop import BLOCK_STEPS, CHECKPOINT_REST
from escgan.generative.model import Batch, GenerativeModel
from escgan.seeds import derive_seed, generator

# Windows that are digested at once.
_BLOCK = 65536

LOG = logging.getLogger("escgan")


@dataclass(frozen=True)
class Passes:
    """How long and how fast a model trains.

    Attributes
    ----------
    epochs
        Passes over the training windows.
    batch_size
        Windows in a step; all of them where there are fewer.
    learning_rate
        Step size of Adam at the start, from which it falls to 0 along half a cosine.
    """

    epochs: int
    batch_size: int
    learning_rate: float

    def rate(self, share: float) -> float:
        """Return the step size when a share of training is done."""
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * share))


@dataclass(frozen=True)
class Drawn:
    """Labelled windows, and the batches that a seed draws of them.

    ``flat`` is ``(n_windows, n_features)`` float32. A batch's rows are read when the step needs them, so windows in
    a memory-mapped file never have to fit in memory.
    """

    flat: NDArray[np.float32]
    labels: NDArray[np.int64]
    seed: int
    _orders: dict[int, NDArray[np.int64]] = field(default_factory=dict, repr=False)

    def rows(self, step: int, size: int) -> NDArray[np.int64]:
        """Return the rows of a step's batch, in the order in which they lie."""
        epoch, place = divmod(step, steps_per_epoch(len(self.labels), size))
        return np.sort(self._order(epoch)[place * size : (place + 1) * size])

    def _order(self, epoch: int) -> NDArray[np.int64]:
        """Return the rows in the order of a pass."""
        if epoch not in self._orders:
            self._orders.clear()
            self._orders[epoch] = generator(self.seed, "order", epoch).permutation(len(self.labels))
        return self._orders[epoch]

    def digest(self, science: str, passes: Passes) -> str:
        """Name what the training depends on: a checkpoint of anything else is not resumed."""
        digest = hashlib.sha256()
        for start in range(0, len(self.labels), _BLOCK):
            digest.update(np.ascontiguousarray(self.flat[start : start + _BLOCK]).data)
        digest.update(self.labels.tobytes())
        digest.update(repr((science, passes, self.seed)).encode())
        return digest.hexdigest()


def train_model(
    model: GenerativeModel,
    flat: NDArray[np.float32],
    labels: NDArray[np.int64],
    passes: Passes,
    *,
    seed: int,
    science: str = "",
    device: str = "cpu",
    checkpoints: Path | None = None,
    checkpoint_s: float = 2.0,
    on_step: Callable[[int, int], None] | None = None,
    on_terms: Callable[[Mapping[str, float]], None] | None = None,
) -> list[dict[str, float]]:
    """Draw a model's weights and train it.

    Parameters
    ----------
    model
        Left on ``device``, its weights trained and its units learned.
    flat
        ``(n_windows, n_features)`` float32, in any unit.
    labels
        ``(n_windows,)`` int64 in ``range(n_classes)``.
    science
        The settings that the model was built of: a checkpoint made with others is not resumed.
    checkpoints
        Folder for checkpoints; training resumes from the newest that fits. None: no checkpoints.
    checkpoint_s
        Least seconds between checkpoints; more where writing them takes long.
    on_step
        Called after each block of steps with (steps done, steps in all).
    on_terms
        Called with each history row, those before a checkpoint that training resumed from included.

    Returns
    -------
    list
        One row a block of steps: ``step``, and the mean of every named loss term.

    Raises
    ------
    DivergedError
        If a loss term becomes infinite or NaN.
    """
    drawn = Drawn(flat, labels, seed)
    model.draw_weights(torch.Generator().manual_seed(derive_seed(seed, "weights")))
    model.learn_units(flat)
    model.to(device).train()
    optimizers = model.optimizers(passes.learning_rate)
    fingerprint = drawn.digest(science, passes) if checkpoints else ""
    done, history = 0, list[dict[str, float]]()
    n_steps = passes.epochs * steps_per_epoch(len(labels), passes.batch_size)
    progress = load_checkpoint(checkpoints, {"model": model}, optimizers, fingerprint) if checkpoints else None
    if progress:
        done, history = progress.step, progress.history
        LOG.info("Training resumes at step %d of %d", done, n_steps)
        if on_terms:
            for row in history:
                on_terms(row)
    due = time.monotonic() + checkpoint_s
    while done < n_steps:
        # Blocks end at multiples of their length, whether training was interrupted or not.
        stop = min((done // BLOCK_STEPS + 1) * BLOCK_STEPS, n_steps)
        for optimizer in optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = passes.rate(done / n_steps)
        history.append(_block(model, optimizers, drawn, range(done, stop), passes.batch_size, device))
        done = stop
        if on_terms:
            on_terms(history[-1])
        if on_step:
            on_step(done, n_steps)
        began = time.monotonic()
        if checkpoints and began >= due and done < n_steps:
            save_checkpoint(checkpoints, {"model": model}, optimizers, Progress(done, history), fingerprint)
            ended = time.monotonic()
            due = ended + max(checkpoint_s, CHECKPOINT_REST * (ended - began))
    return history


def _block(
    model: GenerativeModel,
    optimizers: dict[str, torch.optim.Optimizer],
    drawn: Drawn,
    steps: range,
    size: int,
    device: str,
) -> dict[str, float]:
    """Take the steps of a block and return its history row."""
    draw = torch.Generator(device)
    sums: dict[str, Tensor] = {}
    counts: dict[str, int] = {}
    for step in steps:
        rows = drawn.rows(step, size)
        draw.manual_seed(derive_seed(drawn.seed, "draws", step))
        x = model.standardize(torch.from_numpy(np.asarray(drawn.flat[rows])).to(device))
        label = torch.from_numpy(drawn.labels[rows]).to(device)
        for name, term in model.step(Batch(x, label, step, draw), optimizers).items():
            sums[name] = sums.get(name, 0) + term
            counts[name] = counts.get(name, 0) + 1
    # One transfer a block, in which the host waits for the device.
    totals = torch.stack(list(sums.values())).tolist()
    for name, total in zip(sums, totals, strict=True):
        if not math.isfinite(total):
            raise DivergedError(
                f"The loss term '{name}' became {total} by step {steps.stop}: "
                "lower learning_rate or check the features for extreme values."
            )
    return {"step": float(steps.stop)} | {name: total / counts[name] for name, total in zip(sums, totals, strict=True)}
