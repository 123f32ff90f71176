"""Training: our step against a plain rendering of the published one, on one CPU thread or on a card."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from benchmarks.ratio import Ratio, in_turns, matrix_rate
from escgan.gan.batches import Batches
from escgan.gan.config import LossWeights, NetworkConfig, TrainingConfig
from escgan.gan.step import make_learner, take_step
from escgan.gan.training import build_gan
from escgan.gan.trunk import seed_dropout

N_BANDS, N_CLASSES, BATCH, N_WINDOWS = 5, 2, 256, 2048


class _Windows(Dataset):
    """One item a window, converted when it is asked for."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.grid = rng.standard_normal((N_WINDOWS, N_BANDS, 9, 9)).astype(np.float32)
        self.labels = rng.integers(0, N_CLASSES, N_WINDOWS)

    def __len__(self) -> int:
        return N_WINDOWS

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.tensor(self.grid[index]), torch.tensor(self.labels[index])


def plain_step(windows: _Windows, hidden: int, device: str = "cpu") -> Callable[[], None]:
    """Make the published step: the whole generator for each target, the discriminator twice on the same edits."""
    gan = build_gan(N_BANDS, N_CLASSES, np.ones((9, 9), bool), NetworkConfig(hidden=hidden))
    generator, discriminator = gan.generator.to(device).train(), gan.discriminator.to(device).train()
    seed_dropout(discriminator, torch.Generator(device).manual_seed(0))
    optimizers = [torch.optim.Adam(net.parameters(), lr=1e-4) for net in (generator, discriminator)]
    loader = DataLoader(windows, BATCH, shuffle=True, drop_last=True)
    bce, cross = functional.binary_cross_entropy_with_logits, functional.cross_entropy
    drawn = iter(loader)

    def step() -> None:
        nonlocal drawn
        try:
            x, y = next(drawn)
        except StopIteration:
            drawn = iter(loader)
            x, y = next(drawn)
        x, y = x.to(device), y.to(device)
        t = (y + 1) % N_CLASSES
        code = generator.encode(x)
        own, edited = generator.decode(code, y), generator(x, t)
        realness, classes = discriminator(edited)
        partner = torch.randperm(len(x), device=device)
        apart = (edited - edited[partner]).abs().mean((1, 2, 3))
        scale = (code - code[partner]).abs().mean((1, 2, 3))
        half = 0.5 * (functional.one_hot(y, N_CLASSES) + functional.one_hot(t, N_CLASSES))
        boundary = 0.25 * functional.kl_div(classes.log_softmax(1), half, reduction="batchmean")
        loss = functional.mse_loss(own, x) + 0.5 * bce(realness, torch.zeros_like(realness)) + cross(classes, t)
        loss = loss + torch.exp(-apart / (scale + 1e-6)).mean() + 5 * (boundary + 0.5 * cross(classes, t))
        optimizers[0].zero_grad()
        loss.backward()
        optimizers[0].step()
        on_real, on_edited = discriminator(x), discriminator(edited.detach())
        judge = 0.25 * (cross(on_real[1], y) + cross(on_edited[1], t))
        judge = judge + 0.25 * bce(on_real[0], torch.zeros_like(on_real[0]))
        judge = judge + 0.25 * bce(on_edited[0], torch.full_like(on_edited[0], 0.85))
        optimizers[1].zero_grad()
        judge.backward()
        optimizers[1].step()
        loss.item(), judge.item()

    return step


def our_step(windows: _Windows, hidden: int, device: str = "cpu") -> Callable[[], None]:
    """Make the step of :mod:`escgan.gan.step`, batches included; the real/fake terms enter each time, as above."""
    gan = build_gan(N_BANDS, N_CLASSES, np.ones((9, 9), bool), NetworkConfig(hidden=hidden))
    learner = make_learner(gan.generator, gan.discriminator, 1e-4, device)
    seed_dropout(gan.discriminator, torch.Generator(device).manual_seed(0))
    config = TrainingConfig(epochs=1000, batch_size=BATCH)
    batches = Batches([windows.grid], [windows.labels], N_CLASSES, config, 0, device)
    drawn = (batch for start in range(0, 10**6, 20) for batch in batches.draw(start, start + 20))

    def step() -> None:
        take_step(learner, next(drawn), LossWeights(), config, adversarial=True)

    return step


def operations(step: Callable[[], None]) -> float:
    """Count the floating-point operations of a step."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        step()
    return float(counter.get_total_flops())


def ratios() -> list[Ratio]:
    """Measure a step at H = 32 and H = 128."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rate = matrix_rate()
        return [_ratio(hidden, rounds, rate) for hidden, rounds in ((32, 12), (128, 4))]
    finally:
        torch.set_num_threads(before)


def _ratio(hidden: int, rounds: int, rate: float) -> Ratio:
    windows = _Windows()
    ours, plain = our_step(windows, hidden), plain_step(windows, hidden)
    took = in_turns({"ours": ours, "plain": plain}, rounds)
    counted = {"ours": operations(ours), "plain": operations(plain)}
    reached = counted["ours"] / took["ours"]
    return Ratio(
        f"training, CPU: a step at H = {hidden}, batch {BATCH}, one core",
        took["plain"] / took["ours"],
        2,
        True,
        "times",
        f"{took['ours']:.3f} s against {took['plain']:.3f} s",
        f"{counted['plain'] / counted['ours']:.2f} times fewer operations; {reached / 1e9:.0f} of {rate / 1e9:.0f} "
        "GFLOP/s of a matrix product (multiplications with padding counted)",
    )
