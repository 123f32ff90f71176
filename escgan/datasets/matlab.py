"""Reading variables of one MATLAB file, with errors that name file and subject."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

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
        content = loadmat(path, variable_names=None if names is None else list(names))
    except Exception as error:  # SciPy raises whatever its parser stumbles on
        raise _damaged(path, subject, error) from error
    return {name: value for name, value in content.items() if not name.startswith("__")}


def mat_shapes(path: Path, subject: str) -> dict[str, tuple[int, ...]]:
    """List a MATLAB file's variables and their shapes without reading them; raises RecordingError."""
    _refuse_hdf5(path, subject)
    from scipy.io import whosmat

    try:
        return {name: tuple(shape) for name, shape, _ in whosmat(path)}
    except Exception as error:  # as above
        raise _damaged(path, subject, error) from error


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
