"""EDF and EDF+, byte by byte (Kemp et al. 1992; Kemp and Olivan 2003): 16-bit samples, a rate for each signal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LIMIT_UV = 400.0
STEP_UV = 2 * LIMIT_UV / 65535


@dataclass(frozen=True)
class EdfSignal:
    """One signal in its unit, ``(n_times,)``, and its samples in a record of one second."""

    label: str
    samples: NDArray[np.floating]
    rate: int
    unit: str = "uV"
    limit: float = LIMIT_UV


def edf_bytes(
    signals: Sequence[EdfSignal], reserved: str = "", notes: Sequence[tuple[float, float, str]] | None = None
) -> bytes:
    """Write records of one second; ``notes`` (onset, duration, text) make it an EDF+ with an annotations' signal."""
    n_records = len(signals[0].samples) // signals[0].rate
    note_bytes = 120
    labels = [signal.label for signal in signals]
    rates = [signal.rate for signal in signals]
    limits = [signal.limit for signal in signals]
    units = [signal.unit for signal in signals]
    if notes is not None:
        labels, rates = [*labels, "EDF Annotations"], [*rates, note_bytes // 2]
        limits, units = [*limits, 1.0], [*units, ""]
        reserved = reserved or "EDF+C"
    n_signals = len(labels)
    header = [
        _field("0", 8),
        _field("X X X X", 80),
        _field("Startdate 01-JAN-2011 X X X", 80),
        _field("01.01.11", 8),
        _field("00.00.00", 8),
        _field(256 * (1 + n_signals), 8),
        _field(reserved, 44),
        _field(n_records, 8),
        _field(1, 8),
        _field(n_signals, 4),
    ]
    columns: list[tuple[Sequence[object], int]] = [
        (labels, 16),
        ([""] * n_signals, 80),
        (units, 8),
        ([f"{-limit:g}" for limit in limits], 8),
        ([f"{limit:g}" for limit in limits], 8),
        ([-32768] * n_signals, 8),
        ([32767] * n_signals, 8),
        ([""] * n_signals, 80),
        (rates, 8),
        ([""] * n_signals, 32),
    ]
    for column, width in columns:
        header += [_field(text, width) for text in column]
    digital = [
        np.round((np.asarray(signal.samples, np.float64) + signal.limit) / (2 * signal.limit) * 65535 - 32768)
        .astype("<i2")
        .reshape(n_records, signal.rate)
        for signal in signals
    ]
    body = []
    for record in range(n_records):
        body += [samples[record].tobytes() for samples in digital]
        if notes is not None:
            lists = f"+{record}\x14\x14\x00".encode()
            for onset, duration, text in notes:
                if record <= onset < record + 1:
                    lists += f"+{onset:g}\x15{duration:g}\x14{text}\x14\x00".encode()
            body.append(lists.ljust(note_bytes, b"\0"))
    return b"".join(header) + b"".join(body)


def _field(text: object, width: int) -> bytes:
    written = str(text).ljust(width).encode("ascii")
    assert len(written) == width
    return written
