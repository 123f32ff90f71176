"""Reading variables of one MATLAB file, and walking its cells and structs, with errors that name file and subject."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escgan.datasets.matlab_walk import refuse_forged
from escgan.errors import RecordingError

# MATLAB writes this into the first bytes of its HDF5 form (version 7.3), which SciPy does not read.
_HDF5_HEAD = b"MATLAB 7.3"


def load_mat(path: Path, subject: str, names: Collection[str] | None = None) -> dict[str, Any]:
    """Read variables of a MATLAB file of versions 4 to 7.2.

    Parameters
    ----------
    path, subject
        The file, and whose it is, for messages.
    names
        Variables to read; all when not given. A name that the file does not hold is left out.

    Returns
    -------
    variables
        Numeric arrays at least two-dimensional; cells as object arrays; structs as arrays with named fields.

    Raises
    ------
    RecordingError
        The file is missing, damaged or of another format; the message names file and subject.
    """
    _refuse_hdf5(path, subject)
    from scipy.io import loadmat

    try:
        refuse_forged(path)
        content = loadmat(path, variable_names=None if names is None else list(names))
    except Exception as error:  # SciPy raises whatever its parser stumbles on
        raise _damaged(path, subject, error) from error
    return {name: value for name, value in content.items() if not name.startswith("__")}


def mat_shapes(path: Path, subject: str) -> dict[str, tuple[int, ...]]:
    """List a MATLAB file's variables and their shapes without reading them; raises RecordingError."""
    _refuse_hdf5(path, subject)
    from scipy.io import whosmat

    try:
        refuse_forged(path)
        return {name: tuple(shape) for name, shape, _ in whosmat(path)}
    except Exception as error:  # as above
        raise _damaged(path, subject, error) from error


def struct_fields(value: Any, names: Sequence[str], where: str) -> tuple[Any, ...]:
    """Return fields of a struct that :func:`load_mat` read, in the order of ``names``.

    Raises
    ------
    RecordingError
        The value is no single struct, or lacks a field; ``where`` begins the message.
    """
    held = getattr(getattr(value, "dtype", None), "names", None) or ()
    if getattr(value, "size", 0) != 1 or not held:
        raise RecordingError(f"{where} is not a struct with {', '.join(names)}: get the file again from the corpus.")
    missing = [name for name in names if name not in held]
    if missing:
        raise RecordingError(
            f"{where} lacks the field {', '.join(map(repr, missing))} among {', '.join(map(str, held))}: get the file "
            "again from the corpus."
        )
    return tuple(value[name].item() for name in names)


def cell_contents(value: Any, n_cells: int, where: str) -> list[Any]:
    """Return the contents of a cell array of one row or one column.

    Raises
    ------
    RecordingError
        The value is no cell array, or has another number of cells; ``where`` begins the message.
    """
    if not isinstance(value, np.ndarray) or value.dtype != object or sorted(value.shape) != sorted((1, n_cells)):
        raise RecordingError(
            f"{where} is {_words(value)} instead of one row or column of {n_cells} cells: get the file again from the "
            "corpus."
        )
    return list(value.flat)


def channel_columns(value: Any, n_channels: int, where: str) -> NDArray[np.floating]:
    """Return a signal that is stored with a column a channel as ``(n_channels, n_times)``.

    Raises
    ------
    RecordingError
        The value is no matrix of real numbers with that many columns; ``where`` begins the message.
    """
    if not isinstance(value, np.ndarray) or value.ndim != 2 or value.dtype.kind not in "fiu":
        raise RecordingError(
            f"{where} is {_words(value)} instead of a numeric matrix of {n_channels} columns: get the file again from "
            "the corpus."
        )
    if value.shape[1] != n_channels or value.shape[0] <= n_channels:
        turned = value.shape[0] == n_channels and value.shape[1] != n_channels
        remedy = "transpose it back" if turned else "get the file again from the corpus"
        raise RecordingError(f"{where} has shape {value.shape} instead of (samples, {n_channels}): {remedy}.")
    return value.T


def _words(value: Any) -> str:
    if not isinstance(value, np.ndarray):
        return f"a {type(value).__name__}"
    kind = "a struct" if value.dtype.names else "a cell array" if value.dtype == object else f"a {value.dtype} array"
    return f"{kind} of shape {value.shape}"


def _refuse_hdf5(path: Path, subject: str) -> None:
    where = f"The file {path.name} of subject {subject}"
    try:
        with path.open("rb") as file:
            head = file.read(len(_HDF5_HEAD))
    except OSError as error:
        raise RecordingError(f"{where} cannot be read ({error.strerror}): check the file or get it again.") from error
    if head == _HDF5_HEAD:
        raise RecordingError(
            f"{where} was saved by MATLAB as version 7.3, not as the corpus' owners distribute it: save it with "
            "'-v7' or get the original."
        )


def _damaged(path: Path, subject: str, error: Exception) -> RecordingError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return RecordingError(
        f"The file {path.name} of subject {subject} is damaged, truncated or no MATLAB file ({reason}): get it again "
        "from the corpus."
    )
