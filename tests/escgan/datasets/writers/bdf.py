"""BioSemi's BDF, byte by byte: 24-bit little-endian samples in one-second records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LOWEST, HIGHEST = -8388608, 8388607
LIMIT_UV = 262144
STEP_UV = 2 * LIMIT_UV / (HIGHEST - LOWEST)


@dataclass(frozen=True)
class Signal:
    """One channel's whole numbers, ``(n_times,)``, as they stand in the file."""

    label: str
    digital: NDArray[np.int64]
    unit: str = "uV"
    limits: tuple[int, int] = (-LIMIT_UV, LIMIT_UV)


def digitised(microvolts: NDArray[np.floating]) -> NDArray[np.int64]:
    """Round to the amplifier's steps."""
    return np.round((np.asarray(microvolts, np.float64) + LIMIT_UV) / STEP_UV).astype(np.int64) + LOWEST


def electrode(label: str, microvolts: NDArray[np.floating]) -> Signal:
    return Signal(label, digitised(microvolts))


def trigger(label: str, words: NDArray[np.integer]) -> Signal:
    """A trigger channel from unsigned 24-bit words."""
    return Signal(label, words.astype(np.int64), "Boolean", (LOWEST, HIGHEST))


def bdf_bytes(signals: Sequence[Signal], sfreq: int, n_records: int | None = None) -> bytes:
    """Build a file whose first signal has ``sfreq``; ``n_records`` replaces the true number in its header."""
    n_signals, n_seconds = len(signals), signals[0].digital.size // sfreq

    def field(text: object, width: int) -> bytes:
        return str(text).encode("latin1").ljust(width)

    header = [
        b"\xffBIOSEMI",
        field("", 80),
        field("", 80),
        field("05.11.01", 8),
        field("19.38.42", 8),
        field(256 * (1 + n_signals), 8),
        field("24BIT", 44),
        field(n_seconds if n_records is None else n_records, 8),
        field(1, 8),
        field(n_signals, 4),
    ]
    columns = [
        (16, [signal.label for signal in signals]),
        (80, ["Active Electrode, pin type"] * n_signals),
        (8, [signal.unit for signal in signals]),
        (8, [signal.limits[0] for signal in signals]),
        (8, [signal.limits[1] for signal in signals]),
        (8, [LOWEST] * n_signals),
        (8, [HIGHEST] * n_signals),
        (80, ["HP: DC; LP: 113 Hz"] * n_signals),
        (8, [signal.digital.size // n_seconds for signal in signals]),
        (32, ["Reserved"] * n_signals),
    ]
    header += [field(value, width) for width, values in columns for value in values]
    records = np.concatenate([signal.digital.reshape(n_seconds, -1) for signal in signals], axis=1).astype("<i4")
    return b"".join(header) + records.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
