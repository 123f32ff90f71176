"""BrainVision's three files (Brain Products' core data format 1.0): header, markers, multiplexed float32 samples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def write_brainvision(
    stem: Path,
    labels: Sequence[str],
    microvolts: NDArray[np.floating],
    sfreq: int,
    markers: Sequence[tuple[str, str, int]] = (),
    units: Sequence[str] | None = None,
) -> None:
    """Write ``stem``.vhdr, .vmrk and .eeg; ``markers`` are (type, description, sample from 0)."""
    units = units or ["µV"] * len(labels)
    header = [
        "Brain Vision Data Exchange Header File Version 1.0",
        "[Common Infos]",
        "Codepage=UTF-8",
        f"DataFile={stem.name}.eeg",
        f"MarkerFile={stem.name}.vmrk",
        "DataFormat=BINARY",
        "DataOrientation=MULTIPLEXED",
        f"NumberOfChannels={len(labels)}",
        f"SamplingInterval={1e6 / sfreq:g}",
        "[Binary Infos]",
        "BinaryFormat=IEEE_FLOAT_32",
        "[Channel Infos]",
        *(f"Ch{i}={label},,1,{unit}" for i, (label, unit) in enumerate(zip(labels, units, strict=True), start=1)),
    ]
    marks = [
        "Brain Vision Data Exchange Marker File, Version 1.0",
        "[Common Infos]",
        "Codepage=UTF-8",
        f"DataFile={stem.name}.eeg",
        "[Marker Infos]",
        *(f"Mk{i}={kind},{text},{sample + 1},1,0" for i, (kind, text, sample) in enumerate(markers, start=1)),
    ]
    stem.parent.mkdir(parents=True, exist_ok=True)
    Path(f"{stem}.vhdr").write_text("\r\n".join(header) + "\r\n", encoding="utf-8")
    Path(f"{stem}.vmrk").write_text("\r\n".join(marks) + "\r\n", encoding="utf-8")
    Path(f"{stem}.eeg").write_bytes(np.asarray(microvolts, "<f4").T.tobytes())
