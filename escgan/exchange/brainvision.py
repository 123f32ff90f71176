"""Writing BrainVision, one of BIDS' formats for EEG: Brain Products' core data format 1.0, samples as float32.

Unlike EDF, whose samples are 16 bits wide, it holds preprocessed microvolts to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Marker(NamedTuple):
    """A marker: its type and description, its first sample (from 0), and its length in samples."""

    kind: str
    description: str
    sample: int
    length: int = 1


def write_brainvision(
    stem: Path, channels: Sequence[str], eeg_uv: NDArray[np.float32], sfreq: float, markers: Sequence[Marker]
) -> None:
    """Write ``stem``.vhdr, ``stem``.vmrk and ``stem``.eeg.

    Parameters
    ----------
    stem
        The files' common name, without its end.
    channels
        Names of the rows.
    eeg_uv
        ``(n_channels, n_times)`` float32 in microvolts.
    sfreq
        Sampling rate in Hz.
    markers
        In the order of their samples.
    """
    common = ["[Common Infos]", "Codepage=UTF-8", f"DataFile={stem.name}.eeg"]
    header = [
        "Brain Vision Data Exchange Header File Version 1.0",
        *common,
        f"MarkerFile={stem.name}.vmrk",
        "DataFormat=BINARY",
        "DataOrientation=MULTIPLEXED",
        f"NumberOfChannels={len(channels)}",
        # Microseconds.
        f"SamplingInterval={1e6 / sfreq:.15g}",
        "[Binary Infos]",
        "BinaryFormat=IEEE_FLOAT_32",
        "[Channel Infos]",
        *(f"Ch{number}={_field(name)},,1,µV" for number, name in enumerate(channels, start=1)),
    ]
    marks = [
        "Brain Vision Data Exchange Marker File, Version 1.0",
        *common,
        "[Marker Infos]",
        *(
            f"Mk{number}={kind},{_field(description)},{sample + 1},{length},0"
            for number, (kind, description, sample, length) in enumerate(markers, start=1)
        ),
    ]
    for end, lines in ((".vhdr", header), (".vmrk", marks)):
        Path(f"{stem}{end}").write_bytes(("\r\n".join(lines) + "\r\n").encode("utf-8"))
    np.ascontiguousarray(eeg_uv.T, dtype="<f4").tofile(f"{stem}.eeg")


def _field(text: str) -> str:
    # The format's own way of writing a comma inside a field.
    return text.replace(",", r"\1")
