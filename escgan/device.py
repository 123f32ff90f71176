"""Where networks are trained."""

from __future__ import annotations

from typing import Literal

from escgan.errors import ConfigError

Device = Literal["auto", "cpu", "cuda", "mps"]


def choose_device(asked: str = "auto") -> str:
    """Return the device to use: what was asked for, or the best one present.

    Raises
    ------
    ConfigError
        If the device asked for is not there.
    """
    if asked == "cpu":
        return "cpu"
    import torch

    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if asked == "auto":
        return next((name for name, there in present.items() if there), "cpu")
    kind = asked.split(":")[0]
    if kind not in present:
        raise ConfigError(f"There is no device '{asked}': expected one of auto, cpu, cuda, mps.")
    if not present[kind]:
        raise ConfigError(f"Device '{asked}' was asked for, but torch finds none here: use --device cpu.")
    return asked
