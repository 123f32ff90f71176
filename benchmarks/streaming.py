"""Training on 10 million windows in an HDF5 file against training on windows in memory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks.features import CHANNELS
from benchmarks.ratio import Ratio, in_turns
from escgan.gan.batches import Batches
from escgan.gan.config import LossWeights, NetworkConfig, TrainingConfig
from escgan.gan.sources import GridRows
from escgan.gan.step import make_learner, take_step
from escgan.gan.training import build_gan
from escgan.gan.trunk import seed_dropout
from escgan.montage import scalp_grid
from storage.hdf5 import create_mapped, map_array

N_WINDOWS, IN_MEMORY = 10_000_000, 100_000
N_BANDS, N_CLASSES, BATCH, STEPS, READ, HIDDEN = 5, 4, 256, 25, 300, 32


def ratios() -> list[Ratio]:
    """Time steps of both, and how fast batches alone are read."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with tempfile.TemporaryDirectory() as folder:
            return _measure(Path(folder) / "windows.h5")
    finally:
        torch.set_num_threads(threads)


def _measure(path: Path) -> list[Ratio]:
    _fill(path)
    scalp = scalp_grid(CHANNELS)
    de = map_array(path, "de")
    resident, streamed = scalp.to_grid(np.asarray(de[:IN_MEMORY])), scalp.paint(de)
    _forget(path)
    took = in_turns({"memory": _training(resident), "file": _training(streamed)}, rounds=3)
    alone = in_turns({"file": _reading(streamed)}, rounds=3)["file"]
    gigabytes = path.stat().st_size / 1e9
    return [
        Ratio(
            f"streaming: a step on {N_WINDOWS // 10**6} million windows in HDF5 against memory, H = {HIDDEN}",
            took["file"] / took["memory"], 1.25, False, "times",
            f"{took['file'] / STEPS:.3f} s against {took['memory'] / STEPS:.3f} s a batch of {BATCH}; "
            f"{gigabytes:.1f} GB, not in the page cache",
            f"reading alone: {alone / READ * 1000:.1f} ms a step",
        )
    ]  # fmt: skip


def _fill(path: Path) -> None:
    block = np.random.default_rng(0).standard_normal((200_000, len(CHANNELS), N_BANDS), dtype=np.float32)
    de = create_mapped(path, "de", (N_WINDOWS, *block.shape[1:]), "float32")
    for start in range(0, N_WINDOWS, len(block)):
        de[start : start + len(block)] = block
    de.flush()


def _forget(path: Path) -> None:
    """Let the kernel drop the file's pages, so that rows come from the disk."""
    file = os.open(path, os.O_RDONLY)
    os.fsync(file)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(file)


def _batches(grid: GridRows) -> Batches:
    labels = np.arange(grid.shape[0]) % N_CLASSES
    return Batches([grid], [labels], N_CLASSES, TrainingConfig(epochs=1000, batch_size=BATCH), 0, "cpu")


def _training(grid: GridRows) -> Callable[[], None]:
    gan = build_gan(N_BANDS, N_CLASSES, scalp_grid(CHANNELS).mask, NetworkConfig(hidden=HIDDEN))
    learner = make_learner(gan.generator, gan.discriminator, 1e-4, "cpu")
    seed_dropout(gan.discriminator, torch.Generator().manual_seed(0))
    batches, config, done = _batches(grid), TrainingConfig(), 0

    def steps() -> None:
        nonlocal done
        for batch in batches.draw(done, done + STEPS):
            take_step(learner, batch, LossWeights(), config, True)
        done += STEPS

    return steps


def _reading(grid: GridRows) -> Callable[[], None]:
    batches, done = _batches(grid), 0

    def steps() -> None:
        nonlocal done
        for _ in batches.draw(done, done + READ):
            pass
        done += READ

    return steps
