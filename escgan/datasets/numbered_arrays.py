"""Pickled dictionaries of numbered arrays inside an ``.npz``, as SEED-V's features are distributed.

Each entry of the archive is a string of bytes that is a pickle. Neither the archive's nor the entry's pickle is
ever loaded: NumPy is told to allow none, and the entry goes through :mod:`escgan.datasets.unpickling`.
"""

from __future__ import annotations

import math
import tokenize
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from escgan.datasets.unpickling import MALFORMED, PickledArray, unpickled
from escgan.errors import RecordingError

# Pickled numbers pack to about a half: only an archive that is meant to take all memory comes near a hundredth.
_UNPACKED_TIMES, _UNPACKED_BYTES = 100, 1 << 26
# RuntimeError: what an encrypted entry raises, and one that is compressed in an unknown way.
_DAMAGED = (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, *MALFORMED)


def load_numbered_arrays(path: Path, subject: str, entries: Sequence[str]) -> list[dict[int, NDArray[Any]]]:
    """Read entries of an ``.npz`` that are pickled dictionaries from whole numbers to numeric arrays.

    Returns
    -------
    dictionaries
        One an entry, in the order of ``entries``.

    Raises
    ------
    RecordingError
        The file is missing, damaged, or holds anything else; nothing that it asks for is run.
    """
    where = f"The file {path.name} of subject {subject}"
    try:
        with zipfile.ZipFile(path) as archive:
            return [_numbered(archive, entry, where) for entry in entries]
    except FileNotFoundError:
        raise RecordingError(f"{where} is missing: get it from the corpus.") from None
    except _DAMAGED as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise RecordingError(
            f"{where} is damaged, truncated or no archive of pickled arrays ({reason}): get it again from the corpus."
        ) from error


def _numbered(archive: zipfile.ZipFile, entry: str, where: str) -> dict[int, NDArray[Any]]:
    if f"{entry}.npy" not in archive.namelist():
        raise ValueError(f"it has no entry '{entry}'")
    facts = archive.getinfo(f"{entry}.npy")
    if facts.file_size > _UNPACKED_TIMES * facts.compress_size + _UNPACKED_BYTES:
        raise ValueError(f"its entry '{entry}' would unpack to more than {_UNPACKED_TIMES} times its size")
    with archive.open(facts) as member:
        shape, dtype = _announced(member, entry)
        # numpy.savez makes a single string of bytes of what pickle.dumps returns.
        if dtype.kind != "S" or math.prod(shape) != 1:
            raise ValueError(f"its entry '{entry}' is of shape {shape} and type {dtype}, not one pickle")
        content = member.read()
    # Compared before NumPy would make room for it.
    if len(content) != dtype.itemsize:
        raise ValueError(f"its entry '{entry}' has {len(content)} bytes where {dtype.itemsize} are announced")
    loaded = unpickled(content, where)
    if not isinstance(loaded, dict):
        raise ValueError(f"its entry '{entry}' is no dictionary")
    if not all(type(number) is int and isinstance(value, PickledArray) for number, value in loaded.items()):
        raise ValueError(f"its entry '{entry}' holds something else than numbered arrays")
    return {number: value.array() for number, value in loaded.items()}


def _announced(member: IO[bytes], entry: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Read the head of an ``.npy``: shape and type of the array that follows."""
    read_head = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    version = np.lib.format.read_magic(member)
    if version not in read_head:
        raise ValueError(f"its entry '{entry}' is of an unknown version")
    try:
        shape, _, dtype = read_head[version](member)
    except tokenize.TokenError as error:
        # NumPy asks Python's own tokenizer what a head that is no literal could mean.
        raise ValueError(f"its entry '{entry}' has no head") from error
    return shape, dtype
