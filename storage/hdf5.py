"""Arrays in HDF5 files whose bytes depend on nothing but the arrays.

HDF5 can record times and creation order, and lays out a file by the versions it may use. All three are fixed
here, so that computing an array again gives the same file and thereby the same digest.

Nothing is compressed: the low mantissa bits of EEG are noise, which no lossless method makes smaller by much,
while reading a few windows from the middle would have to unpack whole chunks.
"""

import json
import mmap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np

from storage.digest import canonical_json
from storage.errors import ArtifactCorrupt, ArtifactMissing, StorageError

# The oldest layout with dense attributes (a preprocessing log may exceed 64 KiB); fixed on both sides, as the
# library's default moves with its version.
_LAYOUT = ("v110", "v110")
# Booleans, signed and unsigned integers, floats.
_KINDS = "biuf"


def write_arrays(
    path: Path,
    arrays: Mapping[str, np.ndarray],
    attributes: Mapping[str, Any] | None = None,
    chunk_rows: int | None = None,
) -> None:
    """Write named arrays to a new file.

    Parameters
    ----------
    path : Path
        The file; one that exists is replaced.
    arrays : mapping of str to array
        Numbers or booleans of any shape, empty ones included. A "/" in a name makes groups: "trial-003/eeg".
    attributes : mapping of str to JSON value, optional
        Each is stored as JSON text under its own name.
    chunk_rows : int, optional
        Store in chunks of this many rows, for reading blocks of rows; contiguous otherwise.

    Raises
    ------
    StorageError
        If a name, an array's type, an attribute or `chunk_rows` cannot be stored.
    OSError
        If the disk cannot take the file.
    """
    if chunk_rows is not None and chunk_rows < 1:
        raise StorageError(f"chunk_rows is {chunk_rows}: use at least 1, or None for a contiguous layout.")
    _check_array_names(arrays)
    values = {name: _storable(name, arrays[name]) for name in sorted(arrays)}
    texts = {name: _attribute_text(name, value) for name, value in sorted((attributes or {}).items())}
    # The draft is this writer's alone, and published files never change: HDF5's own locks add nothing.
    with h5py.File(path, "w", libver=_LAYOUT, track_order=False, locking=False) as file:
        for name, value in values.items():
            chunks = None
            if chunk_rows is not None and value.ndim and value.size:
                chunks = (min(chunk_rows, value.shape[0]), *value.shape[1:])
            dataset = file.create_dataset(name, data=value, chunks=chunks, track_times=False)
            # Otherwise its place in the file depends on when Python gets round to closing it, which in a process with
            # other threads is now and then after the attributes.
            dataset.flush()
        for name, text in texts.items():
            file.attrs[name] = text


def read_array(path: Path, name: str, rows: slice | Sequence[int] | np.ndarray | None = None) -> np.ndarray:
    """Read one array, or some of its rows.

    Parameters
    ----------
    path : Path
        A file that `write_arrays` wrote.
    name : str
        The array's name.
    rows : slice, integers or boolean mask, optional
        Which rows, as in NumPy. The span from the first to the last of them is read.

    Returns
    -------
    array
        As it was written: shape and dtype included.

    Raises
    ------
    ArtifactMissing
        If there is no such file.
    ArtifactCorrupt
        If the file is damaged.
    StorageError
        If it has no such array.
    IndexError
        If a row does not exist.
    """
    with _opened(path) as file:
        dataset = file.get(name)
        if not isinstance(dataset, h5py.Dataset):
            raise StorageError(f"{path} has no array {name!r}: it has {', '.join(_dataset_names(file)) or 'none'}.")
        if rows is None:
            return dataset[()]
        wanted = np.arange(dataset.shape[0])[rows if isinstance(rows, slice) else _row_index(rows)]
        if not wanted.size:
            return dataset[0:0]
        # HDF5 is slow at scattered rows and refuses repeated or unsorted ones; NumPy is neither.
        first, last = wanted.min(), wanted.max()
        span = dataset[first : last + 1]
        return span if wanted.size == len(span) and np.all(np.diff(wanted) == 1) else span[wanted - first]


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read every array of a file.

    Returns
    -------
    dict of str to array
        By full name ("trial-003/eeg"), sorted.

    Raises
    ------
    ArtifactMissing, ArtifactCorrupt
        As `read_array`.
    """
    with _opened(path) as file:
        return {name: file[name][()] for name in _dataset_names(file)}


def create_mapped(path: Path, name: str, shape: tuple[int, ...], dtype: str) -> np.memmap:
    """Make a file with one array, and map the array for writing: for data that memory does not hold.

    Parameters
    ----------
    path : Path
        The file; one that exists is replaced.
    name : str
        The array's name.
    shape : tuple of int
        Not empty.
    dtype : str
        A NumPy type of numbers.

    Returns
    -------
    memmap
        Zeros. What is written into it is written into the file.

    Raises
    ------
    OSError
        If the disk cannot take the file.
    """
    with h5py.File(path, "w", libver=_LAYOUT, track_order=False, locking=False) as file:
        layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        # Contiguous and there at once, so that its bytes have a place in the file.
        layout.set_layout(h5py.h5d.CONTIGUOUS)
        layout.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        layout.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        layout.set_obj_track_times(False)
        space = h5py.h5s.create_simple(shape)
        h5py.h5d.create(file.id, name.encode(), h5py.h5t.py_create(np.dtype(dtype)), space, layout)
    return _mapped(path, name, "r+")


def map_array(path: Path, name: str) -> np.memmap:
    """Map a contiguous array of a file for reading scattered rows, each when it is asked for.

    Raises
    ------
    ArtifactMissing, ArtifactCorrupt
        As `read_array`.
    StorageError
        If the file has no such array, or has it in chunks.
    """
    mapped = _mapped(path, name, "r")
    # Without it the kernel reads 128 KiB around each row, most of which memory would not hold until it is asked for.
    mapped._mmap.madvise(mmap.MADV_RANDOM)  # type: ignore[attr-defined]
    return mapped


def _mapped(path: Path, name: str, mode: Literal["r", "r+"]) -> np.memmap:
    with _opened(path) as file:
        dataset = file.get(name)
        offset = dataset.id.get_offset() if isinstance(dataset, h5py.Dataset) else None
        if offset is None:
            raise StorageError(f"{path} has no contiguous array {name!r}.")
        shape, dtype = dataset.shape, dataset.dtype
    return np.memmap(path, dtype, mode, offset, shape)


def read_attributes(path: Path) -> dict[str, Any]:
    """Read the attributes of a file.

    Returns
    -------
    dict of str to JSON value
        Sorted by name.

    Raises
    ------
    ArtifactMissing, ArtifactCorrupt
        As `read_array`.
    """
    with _opened(path) as file:
        return {name: json.loads(file.attrs[name]) for name in sorted(file.attrs)}


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    try:
        with h5py.File(path, "r", locking=False) as file:
            yield file
    except FileNotFoundError as error:
        raise ArtifactMissing(f"{path} does not exist: run again to recompute it.") from error
    # h5py reports damage as any of these, depending on which structure of the file was hit.
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, MemoryError) as error:
        raise ArtifactCorrupt(f"{path} is not a readable HDF5 file ({error}): run again to recompute it.") from error


def _dataset_names(file: h5py.File) -> list[str]:
    names: list[str] = []
    file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
    return sorted(names)


def _check_array_names(arrays: Mapping[str, np.ndarray]) -> None:
    for name in arrays:
        parts = name.split("/")
        if any(part in ("", ".", "..") or not part.isprintable() for part in parts):
            raise StorageError(f"{name!r} cannot name an array: use words separated by single slashes.")
        for depth in range(1, len(parts)):
            group = "/".join(parts[:depth])
            if group in arrays:
                raise StorageError(f"{group!r} cannot be an array and the group of {name!r}: rename one.")


def _storable(name: str, array: np.ndarray) -> np.ndarray:
    value = np.asarray(array, order="C")
    if value.dtype.kind not in _KINDS:
        raise StorageError(f"Array {name!r} has type {value.dtype}: store numbers or booleans.")
    return value


def _attribute_text(name: str, value: Any) -> str:
    try:
        return canonical_json(value)
    except (TypeError, ValueError) as error:
        raise StorageError(f"Attribute {name!r} is not JSON ({error}): use plain finite values.") from error


def _row_index(rows: Sequence[int] | np.ndarray) -> np.ndarray:
    index = np.asarray(rows)
    # NumPy makes an empty list a float array, which cannot index.
    return index.astype(np.int64) if index.size == 0 else index
