"""Writing a file in DEAP's own layout: a pickle that Python 2 and its NumPy can load, as DEAP's are.

The only place where the project writes a pickle. The instructions are spelled out, because a modern NumPy
would name modules that the Python 2 of DEAP's time does not have, and would write the samples as text.
"""

from __future__ import annotations

import os
import pickle
import struct
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from escgan.datasets.deap import ELECTRODES, N_TIMES, PERIPHERALS, RATINGS


def write_deap(path: Path, data: NDArray[np.float64], labels: NDArray[np.float64]) -> None:
    """Write ``data`` and ``labels`` as one subject's file; the file appears whole or not at all.

    Parameters
    ----------
    path
        The file, ``sNN.dat``.
    data
        ``(n_trials, 40, 8064)``: 32 EEG channels in microvolts, then 8 peripheral ones, at 128 Hz.
    labels
        ``(n_trials, 4)``: valence, arousal, dominance and liking on 1 to 9.

    Raises
    ------
    ValueError
        A shape is not DEAP's.
    """
    n_trials = len(data)
    expected = (n_trials, len(ELECTRODES) + len(PERIPHERALS), N_TIMES)
    if data.shape != expected or labels.shape != (n_trials, len(RATINGS)):
        raise ValueError(f"DEAP's layout needs data {expected} and labels, got {data.shape} and {labels.shape}.")
    content = b"".join(
        [
            pickle.PROTO + b"\x02" + pickle.EMPTY_DICT + pickle.MARK,
            _text("labels"),
            *_array(labels),
            _text("data"),
            *_array(data),
            pickle.SETITEMS + pickle.STOP,
        ]
    )
    write_whole(path, content)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under another name first, so that a killed run leaves no half file behind."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        # mkstemp makes files that only their owner can read.
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _array(array: NDArray[np.float64]) -> list[bytes]:
    """Return the instructions that rebuild an array: an empty one, then its state."""
    values = np.ascontiguousarray(array, dtype="<f8")
    return [
        _name("numpy.core.multiarray", "_reconstruct"),
        _name("numpy", "ndarray") + _integer(0) + pickle.TUPLE1 + _text("b") + pickle.TUPLE3 + pickle.REDUCE,
        # State: version, shape, dtype, Fortran order, bytes.
        pickle.MARK + _integer(1) + pickle.MARK + b"".join(map(_integer, values.shape)) + pickle.TUPLE,
        _name("numpy", "dtype") + _text("f8") + _integer(0) + _integer(1) + pickle.TUPLE3 + pickle.REDUCE,
        # The type's state: version, byte order; no subtype, names or fields; size, alignment and flags by
        # default.
        pickle.MARK + _integer(3) + _text("<") + pickle.NONE * 3,
        _integer(-1) + _integer(-1) + _integer(0) + pickle.TUPLE + pickle.BUILD,
        pickle.NEWFALSE,
        pickle.BINSTRING + struct.pack("<i", values.nbytes),
        values.tobytes(),
        pickle.TUPLE + pickle.BUILD,
    ]


def _name(module: str, name: str) -> bytes:
    return pickle.GLOBAL + f"{module}\n{name}\n".encode("ascii")


def _text(text: str) -> bytes:
    # Python 2's str, which is bytes there.
    return pickle.SHORT_BINSTRING + bytes([len(text)]) + text.encode("ascii")


def _integer(value: int) -> bytes:
    return pickle.BININT + struct.pack("<i", value)
