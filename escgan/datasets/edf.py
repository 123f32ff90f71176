"""The header of EDF and BDF files, and reading one EDF file through MNE after checking it.

MNE reads a truncated file without failing: it takes as many records as it finds. A recording that lost its end
would then go through as a shorter one, so the size is compared with what the header announces first.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from escgan.errors import RecordingError

# Kemp et al., "A simple format for exchange of digitized polygraphic recordings" (1992): a fixed header of
# 256 bytes, then 256 bytes a signal, field by field over all signals; samples are 16-bit. BioSemi's BDF is the
# same with another first field and 24-bit samples.
_FIXED_BYTES = 256
_LABEL_BYTES = 16
_BYTES_BEFORE_UNITS = 96
_BYTES_BEFORE_RECORD_LENGTHS = 216
_SAMPLE_BYTES = {b"0       ": 2, b"\xffBIOSEMI": 3}
_UNKNOWN = -1

MNE_FAILURES = (
    ValueError,
    TypeError,
    LookupError,
    OSError,
    RuntimeError,
    ArithmeticError,
    AssertionError,
    AttributeError,
)
"""What MNE raises on files that it stumbles over."""


@dataclass(frozen=True)
class Header:
    """What the header of an EDF or BDF file says about its samples.

    ``labels`` and ``units`` have one text a signal; ``record_lengths`` are its samples in one data record of
    ``record_s`` seconds. The first record begins ``header_bytes`` into the file.
    """

    labels: tuple[str, ...]
    units: tuple[str, ...]
    record_lengths: tuple[int, ...]
    n_records: int
    record_s: float
    header_bytes: int
    sample_bytes: int

    @property
    def record_bytes(self) -> int:
        """Size of one data record."""
        return sum(self.record_lengths) * self.sample_bytes

    @property
    def file_bytes(self) -> int:
        """Size of the whole file."""
        return self.header_bytes + self.n_records * self.record_bytes


def read_edf(path: Path, subject: str) -> tuple[tuple[str, ...], NDArray[np.float64], float]:
    """Read an EDF file.

    Returns
    -------
    labels, eeg, sfreq
        Channel labels as in the file, samples ``(n_channels, n_times)`` in microvolts, sampling rate in Hz.

    Raises
    ------
    RecordingError
        The file is missing, damaged or truncated; the message names file and subject.
    """
    import mne

    checked_header(path, subject, sample_bytes=2)
    try:
        raw = mne.io.read_raw_edf(path, preload=True, verbose="error")
    except MNE_FAILURES as error:
        raise damaged(path, subject, f"MNE says: {error}") from error
    # MNE holds volts.
    return tuple(raw.ch_names), raw.get_data(verbose="error") * 1e6, float(raw.info["sfreq"])


def checked_header(path: Path, subject: str, sample_bytes: int) -> Header:
    """Read the header of an EDF (``sample_bytes`` 2) or BDF (3) file and check the file's size against it.

    Raises
    ------
    RecordingError
        The file is missing, of another format, or not as long as announced; the message names file and subject.
    """
    try:
        header, actual = read_header(path, sample_bytes), path.stat().st_size
    except FileNotFoundError:
        raise RecordingError(f"The file {path.name} of subject {subject} is missing: download it again.") from None
    except (ValueError, OSError) as error:
        raise damaged(path, subject, str(error)) from error
    if header.file_bytes != actual:
        raise damaged(path, subject, f"it has {actual} bytes where its header announces {header.file_bytes}")
    return header


def read_header(path: Path, sample_bytes: int) -> Header:
    """Read the header of an EDF or BDF file; raises ValueError where it is no such header."""
    with path.open("rb") as file:
        fixed = file.read(_FIXED_BYTES)
        if len(fixed) < _FIXED_BYTES or _SAMPLE_BYTES.get(fixed[:8]) != sample_bytes:
            raise ValueError(f"it does not begin with {'an EDF' if sample_bytes == 2 else 'a BDF'} header")
        header_bytes, n_records, n_signals = (_number(fixed, *at) for at in ((184, 8), (236, 8), (252, 4)))
        if n_signals < 1 or header_bytes != _FIXED_BYTES * (1 + n_signals):
            raise ValueError("its header contradicts itself")
        signals = file.read(_FIXED_BYTES * n_signals)
    if len(signals) < _FIXED_BYTES * n_signals:
        raise ValueError("it ends inside its header")
    record_lengths = tuple(
        _number(signals, _BYTES_BEFORE_RECORD_LENGTHS * n_signals + 8 * i, 8) for i in range(n_signals)
    )
    record_bytes = sum(record_lengths) * sample_bytes
    if n_records == _UNKNOWN and sample_bytes == 3 and record_bytes > 0:
        # BioSemi's recorder leaves the count open when it is not stopped properly. Only an incomplete last
        # record can be noticed then: rounded down, the count does not fit the file's size.
        n_records = (path.stat().st_size - header_bytes) // record_bytes
    if n_records < 1 or min(record_lengths) < 0:
        raise ValueError("its header contradicts itself")
    return Header(
        labels=_texts(signals, 0, _LABEL_BYTES, n_signals),
        units=_texts(signals, _BYTES_BEFORE_UNITS * n_signals, 8, n_signals),
        record_lengths=record_lengths,
        n_records=n_records,
        record_s=_duration(fixed),
        header_bytes=header_bytes,
        sample_bytes=sample_bytes,
    )


def damaged(path: Path, subject: str, reason: str) -> RecordingError:
    """Return the error for a file that cannot be what it should be."""
    return RecordingError(
        f"The file {path.name} of subject {subject} is damaged or truncated ({reason}): download it again."
    )


def _texts(header: bytes, start: int, length: int, n: int) -> tuple[str, ...]:
    return tuple(header[start + length * i : start + length * (i + 1)].decode("latin1").strip() for i in range(n))


def _number(header: bytes, start: int, length: int) -> int:
    text = header[start : start + length].decode("latin1").strip()
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"its header has {text!r} where a number belongs") from None


def _duration(fixed: bytes) -> float:
    text = fixed[244:252].decode("latin1").strip()
    try:
        seconds = float(text)
    except ValueError:
        raise ValueError(f"its header has {text!r} where a duration belongs") from None
    if not 0 < seconds < float("inf"):
        raise ValueError("its header contradicts itself")
    return seconds
