"""What the first bytes of a MATLAB file say about a large struct, without reading the struct.

MAT-File Format (The MathWorks), level 5: a header of 128 bytes, then data elements, each a tag (type and byte
count) and its data, padded to 8 bytes. A matrix is an element that holds further ones: flags, dimensions,
name and, for a struct, the fields' names and then the fields' matrices one after the other.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

_HEADER_BYTES = 128
_LITTLE_ENDIAN = b"IM"
_MATRIX, _COMPRESSED = 14, 15
_CELL_CLASS, _STRUCT_CLASS = 1, 2
# The tags before the first field take a few hundred bytes.
_PEEK_BYTES = 65_536


def leading_cells(path: Path, field: str) -> int | None:
    """Count the cells of a struct's first field, where that struct is the file's first variable.

    Parameters
    ----------
    path
        A MATLAB file of version 5 to 7.2.
    field
        The name that the first field must have.

    Returns
    -------
    n_cells
        None where the file does not begin so, or cannot be read: who reads it whole will say what is wrong.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_PEEK_BYTES)
        return _leading_cells(head, field)
    except (OSError, struct.error, zlib.error, ValueError):
        return None


def _leading_cells(head: bytes, field: str) -> int | None:
    if head[_HEADER_BYTES - 2 : _HEADER_BYTES] != _LITTLE_ENDIAN:
        return None
    kind, data = next(_elements(head[_HEADER_BYTES:]), (0, b""))
    if kind == _COMPRESSED:
        kind, data = next(_elements(zlib.decompressobj().decompress(data, _PEEK_BYTES)), (0, b""))
    parts = list(islice(_elements(data), 6)) if kind == _MATRIX else []
    if len(parts) < 6 or _matrix_class(parts[0][1]) != _STRUCT_CLASS:
        return None
    (_, width), (_, names), (kind, data) = parts[3:]
    if names[: int.from_bytes(width[:4], "little")].rstrip(b"\0") != field.encode() or kind != _MATRIX:
        return None
    inner = list(islice(_elements(data), 2))
    if len(inner) < 2 or _matrix_class(inner[0][1]) != _CELL_CLASS:
        return None
    return math.prod(size for (size,) in struct.iter_unpack("<I", inner[1][1]))


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Walk (type, data) of the elements; the last one may be cut off by the end of what was read."""
    while len(data) >= 8:
        kind, n_bytes = struct.unpack("<II", data[:8])
        if kind >> 16:
            # The small form: up to four bytes of data within the tag itself.
            yield kind & 0xFFFF, data[4 : 4 + (kind >> 16)]
            data = data[8:]
        else:
            yield kind, data[8 : 8 + n_bytes]
            data = data[8 + -(-n_bytes // 8) * 8 :]


def _matrix_class(flags: bytes) -> int:
    return flags[0] if flags else 0
