"""Where networks are trained."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

from escgan.errors import ConfigError

Device = Literal["auto", "cpu", "cuda", "mps"]

LOG = logging.getLogger("escgan")

Item = TypeVar("Item")
Result = TypeVar("Result")


def choose_device(asked: str = "auto") -> str:
    """Return the device to use: what was asked for, or the best one present.

    Raises
    ------
    ConfigError
        If the device asked for is not there.
    """
    if asked == "cpu":
        return "cpu"
    kind = asked.split(":")[0]
    if asked != "auto" and kind not in ("cuda", "mps"):
        # Said without torch, which takes seconds to import.
        raise ConfigError(f"There is no device '{asked}': expected one of auto, cpu, cuda, mps.")
    import torch

    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if asked == "auto":
        return next((name for name, there in present.items() if there), "cpu")
    if not present[kind]:
        raise ConfigError(f"Device '{asked}' was asked for, but torch finds none here: use --device cpu.")
    return asked


def compute_what_fits(compute: Callable[[Sequence[Item]], list[Result]], items: Sequence[Item]) -> list[Result]:
    """Compute items as one program, or as two of half as many each time the device's memory does not hold them.

    Raises
    ------
    ConfigError
        If the memory does not hold one.
    """
    import torch

    try:
        return compute(items)
    except torch.OutOfMemoryError:
        if len(items) == 1:
            raise ConfigError(
                "The device's memory does not hold the training of one fold: lower the batch size or the networks' "
                "hidden, or use --device cpu."
            ) from None
    # Outside the handler, whose traceback would keep the tensors alive.
    half = (len(items) + 1) // 2
    LOG.warning("The device's memory does not hold %d folds at once: trying %d", len(items), half)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return [*compute_what_fits(compute, items[:half]), *compute_what_fits(compute, items[half:])]
