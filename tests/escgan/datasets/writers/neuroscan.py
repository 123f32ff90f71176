"""Neuroscan recordings, byte by byte: a header of 900 bytes, 75 bytes a channel, interleaved samples, events."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SENSITIVITY_AT, CALIBRATION_AT, BASELINE_AT = 59, 71, 47
# Microvolts a bit of a 24-bit amplifier, and of an old one of 16 bits.
STEP_UV = {32: 0.03, 16: 0.168}


def pink(rng: np.random.Generator, n_channels: int, n_times: int, uv: float = 20.0) -> NDArray[np.float64]:
    """Draw noise whose power falls with frequency, around an offset of its own in each channel."""
    spectrum = np.fft.rfft(rng.standard_normal((n_channels, n_times)))
    spectrum /= np.sqrt(np.maximum(np.arange(spectrum.shape[1]), 10))
    noise = np.fft.irfft(spectrum, n_times)
    return noise * (uv / noise.std(axis=1, keepdims=True)) + rng.normal(0, 15 * uv, (n_channels, 1))


def cnt_bytes(
    names: Sequence[str],
    eeg_uv: NDArray[np.floating],
    *,
    bits: int = 32,
    sfreq: int = 1000,
    step_uv: float | None = None,
    announced_samples: int | None = None,
    announced_s: float = 0.0,
    interleaving: int = 0,
    event_table: int | None = None,
    event_samples: Sequence[int] = (0, 7),
) -> tuple[bytes, NDArray[np.float64]]:
    """Build a file with a scale and a baseline of its own in every channel.

    Parameters
    ----------
    eeg_uv
        ``(n_channels, n_times)``.
    step_uv
        About one bit; STEP_UV when not given.
    announced_samples, announced_s, interleaving, event_table
        What the header says; when not given, the number of samples and the event table's place as they are.

    Returns
    -------
    content, stored
        The file, and the microvolts after rounding to its bits.
    """
    n_channels, n_times = eeg_uv.shape
    step = STEP_UV[bits] if step_uv is None else step_uv
    calibration = (1 + np.arange(n_channels) % 7 / 10).astype("<f4")
    sensitivity = (204.8 * step * (1 + np.arange(n_channels) % 5 / 5) / calibration).astype("<f4")
    baseline = (np.arange(n_channels) % 4 * 11 - 15).astype("<i2")
    scale = calibration.astype(np.float64) * sensitivity / 204.8
    raw = np.round(eeg_uv / scale[:, None]) + baseline[:, None]
    samples = raw.T.astype(f"<i{bits // 8}")
    assert (samples == raw.T).all()
    data_start = 900 + 75 * n_channels
    header = bytearray(data_start)
    header[:11] = b"Version 3.0"
    table = data_start + samples.nbytes if event_table is None else event_table
    struct.pack_into("<H", header, 370, n_channels)
    struct.pack_into("<H", header, 376, sfreq)
    struct.pack_into("<i", header, 864, n_times if announced_samples is None else announced_samples)
    struct.pack_into("<i", header, 886, table)
    struct.pack_into("<f", header, 890, announced_s)
    struct.pack_into("<i", header, 894, interleaving)
    for channel, name in enumerate(names):
        at = 900 + 75 * channel
        header[at : at + len(name)] = name.encode("ascii")
        struct.pack_into("<h", header, at + BASELINE_AT, baseline[channel])
        struct.pack_into("<f", header, at + SENSITIVITY_AT, sensitivity[channel])
        struct.pack_into("<f", header, at + CALIBRATION_AT, calibration[channel])
    frame = n_channels * bits // 8
    events = b"".join(
        struct.pack("<HBcl", code + 1, 0, b"\0", data_start + sample * frame)
        for code, sample in enumerate(event_samples)
    )
    footer = struct.pack("<Bll", 1, len(events), 0) + events
    return bytes(header) + samples.tobytes() + footer, (raw - baseline[:, None]) * scale[:, None]
