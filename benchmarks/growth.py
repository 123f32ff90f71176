"""How cost grows with subjects, windows, channels and folds, fitted and drawn to ``benchmarks/growth.png``."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from benchmarks import scale
from benchmarks.features import CHANNELS, SFREQ
from benchmarks.ratio import Ratio
from escgan.bands import BAND_SETS
from escgan.features import FeatureConfig, extract_features
from escgan.gan.config import NetworkConfig, TrainingConfig
from escgan.gan.training import train_gan
from escgan.recording import Recording, Trial

PICTURE = Path(__file__).parent / "growth.png"
BANDS, BATCH, ROUNDS = "esc-gan", 64, 3


@dataclass(frozen=True)
class Sweep:
    """Seconds against an amount of work."""

    title: str
    axis: str
    work: Sequence[float]
    seconds: Sequence[float]

    @property
    def exponent(self) -> float:
        """The slope on logarithmic axes: 1 where cost is proportional to work, below where a fixed part counts."""
        return float(np.polyfit(np.log(self.work), np.log(self.seconds), 1)[0])


def ratios() -> list[Ratio]:
    """Measure all sweeps, draw them, and return their exponents."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        sweeps = [_subjects(), _windows(), _channels(), _folds()]
    finally:
        torch.set_num_threads(threads)
    _draw(sweeps)
    return [
        Ratio(f"growth: exponent of {s.title}", s.exponent, 1.1, False, "", _told(s), "1 is linear") for s in sweeps
    ]


def _subjects() -> Sweep:
    counts = (10, 20, 40, 80)
    return Sweep("ingest and features, subjects", "recordings", counts, [scale.measure(n)[0] for n in counts])


def _windows() -> Sweep:
    minutes = (1, 2, 4, 8, 16)
    seconds = [_fastest(_features(len(CHANNELS), m * 60)) for m in minutes]
    return Sweep("features, windows", "windows of 1 s", [m * 60 for m in minutes], seconds)


def _channels() -> Sweep:
    counts = (8, 16, 32, 64, 128)
    return Sweep("features, channels", "channels", counts, [_fastest(_features(n, 240)) for n in counts])


def _folds() -> Sweep:
    """Leave one subject out: as many folds as subjects, each of which trains on all others."""
    counts = (3, 6, 12)
    own = 2 * BATCH
    draw = np.random.default_rng(0)

    def train(n: int) -> Callable[[], object]:
        grid = draw.standard_normal(((n - 1) * own, 5, 9, 9)).astype(np.float32)
        labels = np.arange(len(grid)) % 2
        network, training = NetworkConfig(hidden=16), TrainingConfig(epochs=1, batch_size=BATCH)
        mask = np.ones((9, 9), bool)
        return lambda: [train_gan(grid, labels, 2, mask, network=network, training=training) for _ in range(n)]

    seconds = [_fastest(train(n)) for n in counts]
    return Sweep("training, folds", "folds x training windows", [n * (n - 1) * own for n in counts], seconds)


def _features(n_channels: int, n_seconds: int) -> Callable[[], object]:
    eeg = np.random.default_rng(0).standard_normal((n_channels, n_seconds * SFREQ)).astype(np.float32)
    names = tuple(f"E{i}" for i in range(n_channels))
    trials = (Trial(1, "1", 0.0, eeg),)
    recording = Recording("01", "1", names, float(SFREQ), trials, (0.0, SFREQ / 2), "average")
    config = FeatureConfig(bands=BAND_SETS[BANDS], window_s=1.0)
    return lambda: extract_features(recording, config)


def _fastest(run: Callable[[], object]) -> float:
    """Return the least seconds of some rounds, after one that is not counted."""
    run()
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def _told(sweep: Sweep) -> str:
    return ", ".join(f"{work:g}: {s:.3g} s" for work, s in zip(sweep.work, sweep.seconds, strict=True))


def _draw(sweeps: Sequence[Sweep]) -> None:
    figure = Figure(figsize=(3.2 * len(sweeps), 3.2), layout="constrained")
    for axes, sweep in zip(figure.subplots(1, len(sweeps)), sweeps, strict=True):
        work, seconds = np.asarray(sweep.work), np.asarray(sweep.seconds)
        linear = seconds[-1] * work / work[-1]
        axes.loglog(work, linear, "--", color="0.6", label="proportional to work")
        axes.loglog(work, seconds, "o-", color="#0072b2", label=f"measured, exponent {sweep.exponent:.2f}")
        axes.set(title=sweep.title, xlabel=sweep.axis, ylabel="seconds")
        axes.minorticks_off()
        axes.set_xticks(work, [f"{w:g}" for w in work])
        axes.set_yticks(seconds, [f"{t:.2g}" for t in seconds])
        axes.legend(frameon=False, fontsize=7)
    figure.savefig(PICTURE, dpi=110)
