"""Whether the numbers in a MATLAB file fit its bytes, before SciPy believes them.

SciPy makes room for as many cells, fields and characters as an array's dimensions announce, unpacks whatever was
packed, and goes down as deep as cells are nested: a file of some hundred bytes can take all memory, or end the process.
The walk here goes through the same elements in the same order and keeps nothing. It skips samples by their length, and
unpacks no further than it must: a matrix of numbers that is no part of a cell or struct is judged by its tags alone.

MAT-File Format (The MathWorks), level 5; :mod:`escgan.datasets.matlab_head` describes the elements.
"""

from __future__ import annotations

import math
import os
import struct
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Protocol

_HEADER_BYTES = 128
# Level 4: type, rows, columns, imaginary, length of the name. The tens of the type say how wide a number is.
_HEADER_BYTES_4, _LARGEST_TYPE_4 = 20, 5000
_WIDTHS_4 = {0: 8, 1: 4, 2: 4, 3: 2, 4: 2, 5: 1}
_MATRIX, _COMPRESSED = 14, 15
_CELL, _STRUCT, _OBJECT, _CHAR, _SPARSE, _FUNCTION, _OPAQUE = 1, 2, 3, 4, 5, 16, 17
_NUMERIC = range(6, 16)
_COMPLEX = 0x0800
# Of any other type of samples SciPy looks up a description that does not exist, and the process ends.
_SAMPLES = frozenset([1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 16, 17, 18])
# Version 7.3 is HDF5, behind a head of MATLAB's own or bare.
_HDF5_HEADS = (b"MATLAB 7.3", b"\x89HDF")
_TAG_BYTES = 8
# Names, dimensions and flags. Samples are longer, and are skipped.
_LONGEST_NAMES = 1 << 20
_DEEPEST = 64
# EEG packs to about a half. Only a file that is meant to unpack to all memory comes near a hundredth.
_UNPACKED_TIMES, _UNPACKED_BYTES = 100, 1 << 26
_CHUNK_BYTES = 1 << 16


class _Source(Protocol):
    left: int
    """How many bytes can follow at most."""

    def take(self, n_bytes: int) -> bytes:
        """Return the next bytes; raises ValueError where there are fewer."""
        ...


class _Plain:
    """The rest of a file."""

    def __init__(self, file: BinaryIO, left: int) -> None:
        self._file, self.left = file, left

    def take(self, n_bytes: int) -> bytes:
        if n_bytes > self.left:
            raise ValueError(f"it ends {n_bytes - self.left} bytes before its content does")
        self.left -= n_bytes
        if n_bytes > _LONGEST_NAMES:
            self._file.seek(n_bytes, os.SEEK_CUR)
            return b""
        return self._file.read(n_bytes)


class _Packed:
    """What a compressed element unpacks to, a little at a time."""

    def __init__(self, packed: _Plain, n_bytes: int) -> None:
        self._packed, self._to_come = packed, n_bytes
        self._inflater, self._ready = zlib.decompressobj(), bytearray()
        self.left = _UNPACKED_TIMES * n_bytes + _UNPACKED_BYTES

    def take(self, n_bytes: int) -> bytes:
        if n_bytes > self.left:
            raise ValueError(f"it would unpack to more than {_UNPACKED_TIMES} times its size")
        self.left -= n_bytes
        kept = bytearray()
        while n_bytes > 0:
            if not self._ready:
                self._inflate()
            part = self._ready[:n_bytes]
            del self._ready[:n_bytes]
            n_bytes -= len(part)
            if len(kept) < _LONGEST_NAMES:
                kept += part
        return bytes(kept)

    def _inflate(self) -> None:
        while not self._ready:
            packed = self._inflater.unconsumed_tail
            if not packed:
                packed = self._packed.take(min(self._to_come, _CHUNK_BYTES))
                self._to_come -= len(packed)
            if self._inflater.eof or not packed:
                raise ValueError("a compressed variable ends too early")
            self._ready += self._inflater.decompress(packed, _CHUNK_BYTES)


def refuse_forged(path: Path) -> None:
    """Raise ValueError where a MATLAB file announces more than it can hold, and OSError.

    Files of other kinds pass: whoever reads them says what they are.
    """
    status = path.stat()
    _refuse_forged(path.absolute(), status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=16)
def _refuse_forged(path: Path, changed_ns: int, size: int) -> None:
    """Walk through a file, once while it stays as it is: some corpora's files are read a variable at a time."""
    with path.open("rb") as file:
        head = file.read(_HEADER_BYTES)
        if head.startswith(_HDF5_HEADS):
            return _walk_hdf5(path, size)
        # Level 4 begins with small numbers, level 5 with text.
        if 0 in head[:4]:
            return _walk_level_4(file, size)
        if len(head) < _HEADER_BYTES:
            return
        order = "<" if head[126:128] == b"IM" else ">"
        at = _HEADER_BYTES
        while at + _TAG_BYTES <= size:
            file.seek(at)
            kind, n_bytes = struct.unpack(order + "II", file.read(_TAG_BYTES))
            rest = _Plain(file, size - at - _TAG_BYTES)
            try:
                _variable(rest, kind, n_bytes, order)
            except (struct.error, zlib.error) as error:
                raise ValueError(f"a variable is cut off or wrongly packed ({error})") from error
            at += _TAG_BYTES + n_bytes


def _walk_hdf5(path: Path, size: int) -> None:
    """Add up what the datasets announce: HDF5 stores one of any size in no bytes at all, as nothing but zeros."""
    import h5py

    announced = 0

    def add(name: str, item: Any) -> None:
        nonlocal announced
        announced += item.nbytes if isinstance(item, h5py.Dataset) else 0

    try:
        with h5py.File(path, "r") as file:
            file.visititems(add)
    except (RuntimeError, LookupError, TypeError) as error:
        raise ValueError(f"its HDF5 is damaged ({error})") from error
    if announced > _UNPACKED_TIMES * size + _UNPACKED_BYTES:
        raise ValueError(f"it would unpack to more than {_UNPACKED_TIMES} times its size")


def _walk_level_4(file: BinaryIO, size: int) -> None:
    """Compare sizes with the file's: there is nothing nested and nothing packed."""
    if size < _HEADER_BYTES_4:
        return
    file.seek(0)
    (first,) = struct.unpack("<i", file.read(4))
    order, at = "<" if 0 <= first <= _LARGEST_TYPE_4 else ">", 0
    while at + _HEADER_BYTES_4 <= size:
        file.seek(at)
        kind, rows, columns, imaginary, n_letters = struct.unpack(order + "5i", file.read(_HEADER_BYTES_4))
        width = _WIDTHS_4.get(kind // 10 % 10, 8)
        n_bytes = rows * columns * width * (2 if imaginary else 1)
        at += _HEADER_BYTES_4 + n_letters + n_bytes
        if min(rows, columns, n_letters) < 0 or at > size:
            raise ValueError(f"it announces a matrix of {rows} x {columns}, more than it can hold")


def _variable(rest: _Plain, kind: int, n_bytes: int, order: str) -> None:
    source: _Source = rest
    if kind == _COMPRESSED:
        source = _Packed(rest, n_bytes)
        kind, n_bytes = struct.unpack(order + "II", source.take(_TAG_BYTES))
    if kind == _MATRIX and n_bytes:
        _matrix(source, order, 0)


def _matrix(source: _Source, order: str, depth: int) -> None:
    """Walk through a matrix behind its tag, in the order in which SciPy reads it."""
    if depth > _DEEPEST:
        raise ValueError(f"its cells are nested more than {_DEEPEST} deep")
    flags = _short(source, order)
    word = struct.unpack(order + "I", flags[:4])[0]
    kind, complex_ = word & 0xFF, bool(word & _COMPLEX)
    if kind != _OPAQUE:
        dimensions = _short(source, order)
        # SciPy ends the process over an array without dimensions. MATLAB knows none below two.
        if len(dimensions) < 8 or len(dimensions) % 4:
            raise ValueError(f"it gives a matrix's dimensions in {len(dimensions)} bytes")
        sizes = struct.unpack(f"{order}{len(dimensions) // 4}i", dimensions)
        if any(size < 0 for size in sizes):
            raise ValueError(f"it holds a matrix of {' x '.join(map(str, sizes))}")
        n_elements = math.prod(sizes)
    _short(source, order)
    if kind == _CELL:
        _matrices(source, order, depth, n_elements)
    elif kind in (_STRUCT, _OBJECT):
        if kind == _OBJECT:
            _short(source, order)
        (width,) = struct.unpack(order + "i", _short(source, order)[:4])
        names = _short(source, order)
        if width < 1:
            raise ValueError(f"it has names of fields of {width} characters")
        n_fields = len(names) // width
        if n_fields == 0 and n_elements > 1:
            raise ValueError(f"it holds {n_elements} structs without a field")
        _matrices(source, order, depth, n_elements * n_fields)
    elif kind == _FUNCTION:
        _nested(source, order, depth)
    elif kind == _OPAQUE:
        for _ in range(2):
            _short(source, order)
        _nested(source, order, depth)
    elif kind == _CHAR:
        length = _data(source, order)
        if n_elements > length:
            raise ValueError(f"it holds a text of {n_elements} characters in {length} bytes")
    elif kind not in (_SPARSE, *_NUMERIC):
        raise ValueError(f"it holds a matrix of the unknown class {kind}")
    else:
        for _ in range((2 if kind == _SPARSE else 0) + 1 + complex_):
            _data(source, order, skip=depth > 0 or complex_ or kind == _SPARSE)


def _matrices(source: _Source, order: str, depth: int, count: int) -> None:
    # Each has a tag at least.
    if count * _TAG_BYTES > source.left:
        raise ValueError(f"it announces {count} cells or fields, more than it can hold")
    for _ in range(count):
        _nested(source, order, depth)


def _nested(source: _Source, order: str, depth: int) -> None:
    kind, n_bytes = struct.unpack(order + "II", source.take(_TAG_BYTES))
    if kind != _MATRIX:
        raise ValueError(f"it has an element of type {kind} where a cell or field belongs")
    if n_bytes:
        _matrix(source, order, depth + 1)


def _tag(source: _Source, order: str) -> tuple[int, int, bytes]:
    """Return type and length of an element, and its data where they lie in the tag itself."""
    tag = source.take(_TAG_BYTES)
    kind, n_bytes = struct.unpack(order + "II", tag)
    if kind >> 16:
        kind, n_bytes = kind & 0xFFFF, kind >> 16
        if n_bytes > 4:
            raise ValueError(f"it has {n_bytes} bytes in a tag that holds four")
        return kind, n_bytes, tag[4 : 4 + n_bytes]
    return kind, n_bytes, b""


def _short(source: _Source, order: str) -> bytes:
    """Return the data of an element of the head."""
    _, n_bytes, data = _tag(source, order)
    if data or not n_bytes:
        return data
    if n_bytes >= _LONGEST_NAMES:
        raise ValueError(f"it has a name or a list of dimensions of {n_bytes} bytes")
    return source.take(n_bytes + -n_bytes % 8)[:n_bytes]


def _data(source: _Source, order: str, skip: bool = True) -> int:
    """Return the length of an element of numbers, whose bytes are skipped or, if nothing follows, only counted."""
    kind, n_bytes, within = _tag(source, order)
    if kind not in _SAMPLES:
        raise ValueError(f"it has samples of the unknown type {kind}")
    if within or not n_bytes:
        return n_bytes
    if n_bytes > source.left:
        raise ValueError(f"it announces {n_bytes} bytes of numbers, more than it can hold")
    if skip:
        source.take(n_bytes + -n_bytes % 8)
    return n_bytes
