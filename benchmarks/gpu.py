"""Training on a card: a step against the plain one, the share of the card's rate, and many folds against one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from benchmarks.ratio import Ratio, in_turns
from benchmarks.training import BATCH, N_BANDS, N_CLASSES, _Windows, operations, our_step, plain_step
from escgan.gan import FoldWindows, NetworkConfig, TrainingConfig, train_gans

STEPS, FOLDS = 50, 32


def _times(step: Callable[[], None], n: int) -> Callable[[], None]:
    def run() -> None:
        for _ in range(n):
            step()
        torch.cuda.synchronize()

    return run


def _matrix_rate(size: int = 8192) -> float:
    """Return the operations a second of a bfloat16 matrix product."""
    a, b = (torch.randn(size, size, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    return 2 * size**3 / in_turns({"product": _times(lambda: a @ b, 1)}, rounds=20)["product"]


def ratios() -> list[Ratio]:
    """Measure on the first card."""
    if not torch.cuda.is_available():
        raise SystemExit("The part 'gpu' needs a CUDA card, and torch finds none here.")
    rate, name = _matrix_rate(), torch.cuda.get_device_name()
    return [*(_step(hidden, rate, name) for hidden in (32, 128)), *(_folds(hidden) for hidden in (32, 128))]


def _step(hidden: int, rate: float, name: str) -> Ratio:
    windows = _Windows()
    ours, plain = our_step(windows, hidden, "cuda"), plain_step(windows, hidden, "cuda")
    took = in_turns({"ours": _times(ours, STEPS), "plain": _times(plain, STEPS)}, rounds=3)
    reached = operations(ours) * STEPS / took["ours"]
    per_s = BATCH * STEPS / took["ours"]
    return Ratio(
        f"training, {name}: a step at H = {hidden}, batch {BATCH}", took["plain"] / took["ours"], 10, True, "times",
        f"{per_s:.0f} windows a second", f"{reached / rate:.1%} of {rate / 1e12:.0f} TFLOP/s of a matrix product",
    )  # fmt: skip


def _folds(hidden: int) -> Ratio:
    draw = np.random.default_rng(0)
    windows = FoldWindows(
        draw.standard_normal((BATCH * STEPS, N_BANDS, 9, 9)).astype(np.float32),
        draw.integers(0, N_CLASSES, BATCH * STEPS),
    )

    def train(n: int) -> Callable[[], object]:
        options = {"network": NetworkConfig(hidden=hidden), "training": TrainingConfig(epochs=2), "device": "cuda"}
        return lambda: train_gans([windows] * n, N_CLASSES, np.ones((9, 9), bool), **options)

    took = in_turns({"one": train(1), "all": train(FOLDS)}, rounds=2)
    return Ratio(
        f"training: {FOLDS} folds at H = {hidden} against one", took["all"] / took["one"], 8, False, "times",
        f"{took['all']:.1f} s against {took['one']:.1f} s", f"{FOLDS} one by one",
    )  # fmt: skip
