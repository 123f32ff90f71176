"""Matrices of doubles as MATLAB saves them by default: MAT-File Format (The MathWorks), level 5, byte by byte."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_INT8, _INT32, _UINT32, _DOUBLE, _MATRIX, _COMPRESSED = 1, 5, 6, 9, 14, 15
_DOUBLE_CLASS = 6


def mat_bytes(variables: Mapping[str, NDArray[np.floating]], compressed: bool = False) -> bytes:
    """Build a file with these variables in this order.

    As in MATLAB, whole numbers that fit are stored in one byte each, and elements of up to four bytes share the
    eight bytes of their tag. ``compressed`` is how MATLAB 7 saves; the data must then be worth it.
    """
    text = b"MATLAB 5.0 MAT-file, Platform: PCWIN64, Created on: Tue Jun 17 12:00:00 2014"
    header = text.ljust(116) + bytes(8) + struct.pack("<H", 0x0100) + b"IM"
    matrices = [_matrix(name, np.asarray(values, dtype=np.float64)) for name, values in variables.items()]
    if compressed:
        packed = [zlib.compress(matrix, 1) for matrix in matrices]
        matrices = [struct.pack("<II", _COMPRESSED, len(data)) + data for data in packed]
    return header + b"".join(matrices)


def _matrix(name: str, values: NDArray[np.float64]) -> bytes:
    small = values.size > 0 and np.isfinite(values).all() and np.abs(values).max() < 128
    whole = small and (values == np.round(values)).all()
    columns = values.astype("<i1" if whole else "<f8").tobytes(order="F")
    content = (
        _element(_UINT32, struct.pack("<II", _DOUBLE_CLASS, 0))
        + _element(_INT32, struct.pack(f"<{values.ndim}i", *values.shape))
        + _element(_INT8, name.encode("ascii"))
        + _element(_INT8 if whole else _DOUBLE, columns)
    )
    return struct.pack("<II", _MATRIX, len(content)) + content


def _element(kind: int, data: bytes) -> bytes:
    if 0 < len(data) <= 4:
        return struct.pack("<HH", kind, len(data)) + data.ljust(4, b"\0")
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)
