"""A ratio, its bar, and how both sides are timed: in turns, so that a slow minute of the machine slows both."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version


@dataclass(frozen=True)
class Ratio:
    """One measured figure beside its bar.

    ``at_least`` says on which side of the bar it should lie; ``limit`` is the most (or least) that the hardware
    would allow, in words, and ``detail`` what was measured. ``value`` is None where it could not be measured.
    """

    name: str
    value: float | None
    bar: float
    at_least: bool
    unit: str
    detail: str
    limit: str = ""

    @property
    def verdict(self) -> str:
        """Whether the bar is met."""
        if self.value is None:
            return "not measured"
        return "met" if (self.value >= self.bar if self.at_least else self.value <= self.bar) else "MISSED"


def in_turns(sides: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return each side's median seconds over rounds in which all take their turn; the first round is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds + 1):
        for name, run in sides.items():
            began = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(values[1:]) for name, values in seconds.items()}


def matrix_rate(size: int = 1536) -> float:
    """Return the floating-point operations a second of a float32 matrix product on torch's threads."""
    import torch

    a, b = torch.randn(size, size), torch.randn(size, size)
    return 2 * size**3 / in_turns({"product": lambda: a @ b}, rounds=5)["product"]


def print_ratios(ratios: Sequence[Ratio]) -> None:
    """Print one line a ratio, as a Markdown table."""
    print("| what | measured | bar | | how | limit |")
    print("|---|---|---|---|---|---|")
    for ratio in ratios:
        sign = "≥" if ratio.at_least else "≤"
        value = "-" if ratio.value is None else f"{ratio.value:.3g} {ratio.unit}"
        bar = f"{sign} {ratio.bar:g} {ratio.unit}"
        print(f"| {ratio.name} | {value} | {bar} | {ratio.verdict} | {ratio.detail} | {ratio.limit} |", flush=True)


def machine() -> str:
    """Say on what the figures were measured."""
    import torch

    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    packages = ", ".join(f"{name} {version(name)}" for name in ("escgan", "torch", "numpy", "scipy", "prefect"))
    return f"{model}, {torch.get_num_threads()} threads; Python {platform.python_version()}, {packages}"
