"""Reading one EDF file through MNE, after checking that the file is as long as its header says.

MNE reads a truncated EDF without failing: it takes as many records as it finds. A recording that lost its end
would then go through as a shorter one, so the size is checked first.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from escgan.errors import RecordingError

# Kemp et al., "A simple format for exchange of digitized polygraphic recordings" (1992): a fixed header of
# 256 bytes, then 256 bytes a signal, field by field over all signals; samples are 16-bit.
_FIXED_BYTES = 256
_BYTES_BEFORE_RECORD_LENGTHS = 216
_SAMPLE_BYTES = 2


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

    try:
        announced, actual = announced_bytes(path), path.stat().st_size
    except FileNotFoundError:
        raise RecordingError(f"The file {path.name} of subject {subject} is missing: download it again.") from None
    except (ValueError, OSError) as error:
        raise _damaged(path, subject, str(error)) from error
    if announced != actual:
        raise _damaged(path, subject, f"it has {actual} bytes where its header announces {announced}")
    try:
        raw = mne.io.read_raw_edf(path, preload=True, verbose="error")
    except (
        ValueError,
        TypeError,
        LookupError,
        OSError,
        RuntimeError,
        ArithmeticError,
        AssertionError,
        AttributeError,
    ) as error:
        raise _damaged(path, subject, f"MNE says: {error}") from error
    # MNE holds volts.
    return tuple(raw.ch_names), raw.get_data(verbose="error") * 1e6, float(raw.info["sfreq"])


def announced_bytes(path: Path) -> int:
    """Return the size that an EDF file's header announces; raises ValueError where it is no such header."""
    with path.open("rb") as file:
        fixed = file.read(_FIXED_BYTES)
        if len(fixed) < _FIXED_BYTES or fixed[:8] != b"0       ":
            raise ValueError("it does not begin with an EDF header")
        header_bytes, n_records, n_signals = (_number(fixed, *at) for at in ((184, 8), (236, 8), (252, 4)))
        if n_records < 1 or n_signals < 1 or header_bytes != _FIXED_BYTES * (1 + n_signals):
            raise ValueError("its header contradicts itself")
        file.seek(_FIXED_BYTES + _BYTES_BEFORE_RECORD_LENGTHS * n_signals)
        lengths = file.read(8 * n_signals)
    if len(lengths) < 8 * n_signals:
        raise ValueError("it ends inside its header")
    per_record = [_number(lengths, 8 * i, 8) for i in range(n_signals)]
    if min(per_record) < 0:
        raise ValueError("its header contradicts itself")
    return header_bytes + n_records * sum(per_record) * _SAMPLE_BYTES


def _number(header: bytes, start: int, length: int) -> int:
    text = header[start : start + length].decode("latin1").strip()
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"its header has {text!r} where a number belongs") from None


def _damaged(path: Path, subject: str, reason: str) -> RecordingError:
    return RecordingError(
        f"The file {path.name} of subject {subject} is damaged or truncated ({reason}): download it again."
    )
