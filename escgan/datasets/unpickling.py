"""Reading a corpus' pickle without running it.

A pickle is a program: loading one from elsewhere can run any code. Files of NumPy arrays need a few names
only, and even those are not given to the file here: it gets stand-ins that write down what the file says
about each array, and the arrays are then built from plain bytes. NumPy itself never sees the file's
instructions.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Never, TypeVar

import numpy as np
from numpy.typing import NDArray

from escgan.errors import RecordingError

# Arrays of numbers and nothing else: no objects, strings, dates or records.
_NUMERIC = frozenset(["b1", *(kind + size for kind in "iu" for size in "1248"), "f2", "f4", "f8"])
_BYTE_ORDERS = frozenset("<>=|")
# A dictionary of two arrays takes about sixty instructions. The limits keep a hostile file from building
# towers of nested objects or a memo of billions of entries, both of which end the process instead of raising.
_MOST_INSTRUCTIONS = 10_000
_MOST_MEMO = 10_000
_MEMO_INSTRUCTIONS = frozenset(["PUT", "BINPUT", "LONG_BINPUT"])
MALFORMED = (
    pickle.UnpicklingError,
    EOFError,
    ValueError,  # UnicodeDecodeError among them
    AttributeError,
    LookupError,
    TypeError,
    ArithmeticError,
    MemoryError,
    RecursionError,
    struct.error,
)
"""Everything that the pickle machine raises on a malformed stream."""

_Content = TypeVar("_Content")


def load_arrays(path: Path, subject: str) -> dict[str, NDArray[Any]]:
    """Read a pickled dictionary of numeric NumPy arrays; entries that are no arrays are left out.

    Raises
    ------
    RecordingError
        The file is missing, names anything that an array does not need, or is no such dictionary. Nothing
        that the file asks for is run.
    """

    def arrays(loaded: object) -> dict[str, NDArray[Any]]:
        if not isinstance(loaded, dict):
            raise ValueError(f"it holds {_words(loaded)} instead of a dictionary")
        return {name: value.array() for name, value in loaded.items() if isinstance(value, PickledArray)}

    return _load(path, subject, arrays)


def load_array(path: Path, subject: str) -> NDArray[Any]:
    """Read one pickled numeric NumPy array.

    Raises
    ------
    RecordingError
        As :func:`load_arrays`, and where the file holds anything but one array.
    """

    def array(loaded: object) -> NDArray[Any]:
        if not isinstance(loaded, PickledArray):
            raise ValueError(f"it holds {_words(loaded)} instead of one array")
        return loaded.array()

    return _load(path, subject, array)


def unpickled(content: bytes, where: str) -> object:
    """Return what a pickle describes, with a :class:`PickledArray` in the place of each array.

    Raises
    ------
    RecordingError
        The pickle names anything that an array does not need; nothing that it asks for is run. ``where`` begins
        the message.
    Exception
        One of :data:`MALFORMED`: the pickle is damaged.
    """
    _check_instructions(content)
    return _ArrayUnpickler(content, where).load()


def _load(path: Path, subject: str, arrays: Callable[[object], _Content]) -> _Content:
    where = f"The file {path.name} of subject {subject}"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RecordingError(f"{where} cannot be read ({error.strerror}): check the file or get it again.") from error
    try:
        return arrays(unpickled(content, where))
    except MALFORMED as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise RecordingError(
            f"{where} is damaged, truncated or no pickle of arrays ({reason}): get it again from the corpus."
        ) from error


def _words(loaded: object) -> str:
    return "an array" if isinstance(loaded, PickledArray) else f"a {type(loaded).__name__}"


def _check_instructions(content: bytes) -> None:
    """Walk the instructions without running them and refuse a stream that is absurdly long."""
    for count, (instruction, argument, _) in enumerate(pickletools.genops(content)):
        if count > _MOST_INSTRUCTIONS:
            raise ValueError(f"it has more than {_MOST_INSTRUCTIONS} instructions")
        if instruction.name in _MEMO_INSTRUCTIONS and not 0 <= int(argument or 0) <= _MOST_MEMO:
            raise ValueError("it numbers its objects absurdly")


class PickledArray:
    """What a pickle says about one array."""

    def __init__(self) -> None:
        self._state: tuple[Any, ...] | None = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        # (version, shape, dtype, Fortran order, bytes); Python 2's bytes arrive as Latin-1 text.
        _, shape, dtype, fortran, data = state
        self._state = (shape, dtype, fortran, data)

    def array(self) -> NDArray[Any]:
        """Build the array from its bytes."""
        if self._state is None:
            raise ValueError("an array has no content")
        shape, dtype, fortran, data = self._state
        if not isinstance(dtype, _Dtype) or not isinstance(shape, tuple):
            raise ValueError("an array has no numeric type or no shape")
        if not all(type(length) is int and length >= 0 for length in shape):
            raise ValueError("an array's shape is not made of whole numbers")
        if isinstance(data, str):
            data = data.encode("latin1")
        if not isinstance(data, bytes | bytearray):
            raise ValueError("an array holds objects instead of bytes")
        numpy_dtype = dtype.numpy_dtype()
        if len(data) != math.prod(shape) * numpy_dtype.itemsize:
            raise ValueError(f"an array of shape {shape} has {len(data)} bytes")
        return np.frombuffer(data, numpy_dtype).reshape(shape, order="F" if fortran else "C")


class _Dtype:
    """What a pickle says about one array's number type."""

    def __init__(self, code: str, *_: Any) -> None:
        if code not in _NUMERIC:
            raise ValueError(f"an array holds {code!r} instead of plain numbers")
        self._code = code
        self._order = "|" if code[1:] == "1" else "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        # (version, byte order, subtype, names, fields, ...): the three are None for plain numbers.
        _, order, subtype, names, fields, *_ = state
        if order not in _BYTE_ORDERS or (subtype, names, fields) != (None, None, None):
            raise ValueError("an array holds records instead of plain numbers")
        self._order = order

    def numpy_dtype(self) -> np.dtype[Any]:
        """Return the type as NumPy knows it."""
        return np.dtype(self._order + self._code)


class _Admitted:
    """A name that a pickle may use: it can be called, and nothing else.

    Without a ``__setstate__`` of its own, the BUILD instruction could overwrite a function's attributes.
    """

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments)

    def __setstate__(self, state: object) -> Never:
        raise pickle.UnpicklingError("it tries to change a function")


_NDARRAY = object()


def _new_array(subtype: object, *_: Any) -> PickledArray:
    if subtype is not _NDARRAY:
        raise ValueError("an array is of a subclass")
    return PickledArray()


def _array_from_buffer(data: Any, dtype: Any, shape: Any, order: Any) -> PickledArray:
    array = PickledArray()
    array.__setstate__((1, shape, dtype, order == "F", data))
    return array


def _scalar(dtype: Any, data: Any = b"") -> PickledArray:
    array = PickledArray()
    array.__setstate__((1, (), dtype, False, data))
    return array


def _latin1_bytes(text: str, encoding: str) -> bytes:
    # Protocol 2 has no bytes; Python 3 writes them as Latin-1 text to be encoded.
    if encoding not in ("latin1", "latin-1"):
        raise ValueError("it encodes text in an unexpected way")
    return text.encode("latin1")


def _no_bytes() -> bytes:
    # Protocol 2's way of writing the content of an array of length 0.
    return b""


_ADMITTED: dict[tuple[str, str], Callable[..., Any] | object] = {
    ("numpy.core.multiarray", "_reconstruct"): _new_array,
    ("numpy._core.multiarray", "_reconstruct"): _new_array,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy._core.multiarray", "scalar"): _scalar,
    ("numpy.core.numeric", "_frombuffer"): _array_from_buffer,
    ("numpy._core.numeric", "_frombuffer"): _array_from_buffer,
    ("numpy", "dtype"): _Dtype,
    ("numpy", "ndarray"): _NDARRAY,
    ("_codecs", "encode"): _latin1_bytes,
    ("__builtin__", "bytes"): _no_bytes,
}


class _ArrayUnpickler(pickle.Unpickler):
    """An unpickler whose only names are those of :data:`_ADMITTED`."""

    def __init__(self, content: bytes, where: str) -> None:
        # The files were written by Python 2, whose bytes are text to Python 3; Latin-1 keeps every byte.
        super().__init__(io.BytesIO(content), encoding="latin1")
        self._where = where

    def find_class(self, module: str, name: str, /) -> Any:
        admitted = _ADMITTED.get((module, name))
        if admitted is None:
            raise RecordingError(
                f"{self._where} holds code ({module}.{name}), refused without running it: get the file from "
                "the corpus itself."
            )
        return _Admitted(admitted) if callable(admitted) else admitted
