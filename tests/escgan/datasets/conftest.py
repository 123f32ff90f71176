"""Files in the corpora's layouts, written from the formats' descriptions and not by the code under test."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

OLD_NAMES = ("Fp1", "Fp2", "F3", "F4", "F7", "F8", "T3", "T4", "C3", "C4", "T5", "T6", "P3", "P4", "O1", "O2")
EEGMAT_LABELS = [*(f"EEG {name}" for name in (*OLD_NAMES, "Fz", "Cz", "Pz")), "EEG A2-A1", "ECG ECG"]
EDF_LIMIT_UV = 200.0


def edf_bytes(labels: list[str], samples_uv: NDArray[np.float64], sfreq: int) -> bytes:
    """Build an EDF with one-second records and a range of +-200 uV over 16 bits."""
    n_signals, n_records = len(labels), samples_uv.shape[1] // sfreq

    def field(text: object, width: int) -> bytes:
        return str(text).ljust(width).encode("ascii")

    header = [
        field("0", 8),
        field("X X X X", 80),
        field("Startdate X X X X", 80),
        field("01.01.11", 8),
        field("00.00.00", 8),
        field(256 * (1 + n_signals), 8),
        field("", 44),
        field(n_records, 8),
        field(1, 8),
        field(n_signals, 4),
    ]
    header += [field(label, 16) for label in labels]
    for text, width in (
        ("", 80),
        ("uV", 8),
        (-EDF_LIMIT_UV, 8),
        (EDF_LIMIT_UV, 8),
        (-32768, 8),
        (32767, 8),
        ("", 80),
        (sfreq, 8),
        ("", 32),
    ):
        header += [field(text, width)] * n_signals
    digital = np.round((samples_uv + EDF_LIMIT_UV) / (2 * EDF_LIMIT_UV) * 65535 - 32768).astype("<i2")
    records = digital[:, : n_records * sfreq].reshape(n_signals, n_records, sfreq).transpose(1, 0, 2)
    return b"".join(header) + records.tobytes()


@pytest.fixture
def write_eegmat(tmp_path: Path) -> Callable[..., dict[str, NDArray[np.float64]]]:
    """Write both files of a subject; returns the samples ``(21, n_times)`` of each."""

    def write(subject: str = "07", labels: list[str] | None = None) -> dict[str, NDArray[np.float64]]:
        names = EEGMAT_LABELS if labels is None else labels
        rng = np.random.default_rng(int(subject))
        written = {}
        for suffix, seconds in (("1", 9), ("2", 4)):
            samples = rng.uniform(-150, 150, (len(names), seconds * 500))
            (tmp_path / f"Subject{subject}_{suffix}.edf").write_bytes(edf_bytes(names, samples, 500))
            written[suffix] = samples
        return written

    return write


@pytest.fixture(scope="session")
def deap_arrays() -> dict[str, NDArray[np.float64]]:
    """Two trials in DEAP's layout."""
    rng = np.random.default_rng(1)
    return {"labels": rng.uniform(1, 9, (2, 4)), "data": rng.normal(0, 10, (2, 40, 8064))}


@pytest.fixture
def write_pickle(tmp_path: Path) -> Callable[..., Path]:
    """Pickle anything as a subject's file, by Python's own pickler."""

    def write(content: object, name: str = "s01.dat", protocol: int = 2) -> Path:
        path = tmp_path / name
        path.write_bytes(pickle.dumps(content, protocol=protocol))
        return path

    return write
