"""The further files that a FIF file names, found without following any of them, and whether it has an end.

A split recording names its next part in a tag. A tag is its kind, its type, its length and its place of the next,
four big-endian words, and then the data; a directory elsewhere in the file lists kind, type, length and place of each.
Which of the two a reader follows is its own affair, so every place that could be either is looked at.
"""

from __future__ import annotations

import gzip
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

# FIFF_REF_FILE_NAME; the type "text"; FIFF_REF_FILE_NUM, a whole number of four bytes; FIFF_REF_ROLE likewise.
_NAMED, _TEXT = struct.pack(">i", 118), 10
_NUMBERED, _ROLE = struct.pack(">3i", 117, 3, 4), struct.pack(">4i", 115, 3, 4, 0)
_GOES_ON = struct.pack(">i", 2)
_TAG = struct.Struct(">4i")
_CHUNK_BYTES = 1 << 20
_LONGEST_NAME = 4096


def named_parts(path: Path) -> tuple[str, ...]:
    """Return the names that a FIF file, packed or not, and its further parts in the same folder give other files.

    Raises
    ------
    ValueError
        Who follows the file's tags, or its parts, never ends, or the tags announce more than there is.
    OSError, EOFError, zlib.error
        The file cannot be read or unpacked.
    """
    names: dict[str, None] = {}
    goes_on_in: dict[Path, Path] = {}
    seen, waiting = {_real(path)}, [path]
    while waiting:
        part = waiting.pop()
        for name, goes_on in _named_in(part).items():
            names[name] = None
            if not name or os.sep in name or not name.isprintable():
                continue  # who asked refuses it
            other = _real(path.parent / name)
            # A part also names the one before, but never itself.
            if goes_on or other == _real(part):
                goes_on_in[_real(part)] = other
            if other not in seen and other.is_file():
                seen.add(other)
                waiting.append(path.parent / name)
    for start in goes_on_in:
        at, steps = start, 0
        while at in goes_on_in:
            at, steps = goes_on_in[at], steps + 1
            if steps > len(goes_on_in):
                raise ValueError("its parts go on in one another without an end")
    return tuple(names)


def _real(path: Path) -> Path:
    # Path.resolve fails at a link that leads to itself.
    return Path(os.path.realpath(path))


def _named_in(path: Path) -> dict[str, bool]:
    """Return the names in one file, and whether the tag before says that the recording goes on there."""
    found: dict[str, bool] = {}
    with cast(BinaryIO, gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")) as file:
        _refuse_endless(file)
        for at in list(_places(file, _NAMED)):
            for place in (at, _listed(file, at)):
                if (name := _text(file, place)) is not None:
                    file.seek(max(place - len(_ROLE) - len(_GOES_ON), 0))
                    before = file.read(len(_ROLE) + len(_GOES_ON))
                    found[name] = found.get(name, False) or before == _ROLE + _GOES_ON
        for at in list(_places(file, _NUMBERED)):
            file.seek(at + _TAG.size)
            found.setdefault(_numbered(path.name, int.from_bytes(file.read(4), "big", signed=True)), False)
    return found


def _numbered(name: str, number: int) -> str:
    """Return the name of a part by its number, as MNE does where no name is given: ``a-1.fif``."""
    stem, _, suffix = name.partition(".")
    base, _, own = stem.rpartition("-")
    return f"{base if own.isdigit() and base else stem}-{number}.{suffix}"


def _refuse_endless(file: BinaryIO) -> None:
    """Follow the tags as a reader does, and count: a file holds no more of them than places."""
    size, at = file.seek(0, os.SEEK_END), 0
    for _ in range(size // _TAG.size + 1):
        file.seek(max(at, 0))
        words = file.read(_TAG.size)
        if len(words) < _TAG.size:
            return
        _, _, n_bytes, following = _TAG.unpack(words)
        if at + _TAG.size + n_bytes > size:
            raise ValueError(f"a tag announces {n_bytes} bytes, more than the file holds")
        if following < 0:
            return
        at = following or at + _TAG.size + n_bytes
    raise ValueError("its tags lead back to earlier ones")


def _places(file: BinaryIO, pattern: bytes) -> Iterator[int]:
    file.seek(0)
    start, kept = 0, b""
    while chunk := file.read(_CHUNK_BYTES):
        block = kept + chunk
        at = block.find(pattern)
        while at >= 0:
            yield start + at
            at = block.find(pattern, at + 1)
        kept = block[-len(pattern) + 1 :]
        start += len(block) - len(kept)


def _listed(file: BinaryIO, at: int) -> int:
    """Return where the tag lies that an entry of a directory stands for; -1 where the file ends before."""
    file.seek(at)
    words = file.read(_TAG.size)
    return _TAG.unpack(words)[3] if len(words) == _TAG.size else -1


def _text(file: BinaryIO, at: int) -> str | None:
    """Return the text of a tag; None where there is no tag of a text."""
    if at < 0:
        return None
    file.seek(at)
    words = file.read(_TAG.size)
    if len(words) < _TAG.size:
        return None
    _, kind, n_bytes, _ = _TAG.unpack(words)
    if kind != _TEXT or not 0 < n_bytes <= _LONGEST_NAME:
        return None
    return file.read(n_bytes).rstrip(b"\0").decode("latin1")
