"""A MATLAB file that announces more than it holds is refused before any room is made for it."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from scipy.io import loadmat, savemat
from scipy.sparse import csc_matrix

from escgan.datasets.matlab_walk import refuse_forged
from escgan.datasets.raw_files import checked_header
from escgan.errors import RecordingError
from tests.escgan.datasets.writers.mat_doubles import mat_bytes

RNG = np.random.default_rng(0)


def cells(*values: Any) -> np.ndarray:
    row = np.empty((1, len(values)), dtype=object)
    row[0, :] = values
    return row


WHOLE = {
    "numbers": RNG.normal(size=(62, 300)),
    "few": np.array([[1.0, 2.0]]),
    "whole": np.arange(6, dtype=np.int16).reshape(2, 3),
    "none": np.zeros((0, 5)),
    "complex": RNG.normal(size=(3, 4)) + 1j,
    "sparse": csc_matrix(np.eye(5)),
    "text": "films of joy",
    "no_text": "",
    "cells": cells("a", np.zeros((0, 0)), cells(1.0, cells("b", "Ω"))),
    "struct": {"a": 1.0, "b": {"c": cells(1.0, 2.0), "d": "x"}},
    "structs": np.array([(1.0, "a"), (2.0, "b")], dtype=[("x", "O"), ("y", "O")]),
}


@pytest.mark.parametrize("options", [{}, {"do_compression": True}, {"oned_as": "row"}], ids=["plain", "packed", "rows"])
def test_whole_files_of_every_class_pass(options: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    savemat(path, WHOLE, **options)
    refuse_forged(path)
    assert set(WHOLE) <= set(loadmat(path))


def test_files_of_level_4_and_of_matlab_itself_pass(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    savemat(path, {"a": RNG.normal(size=(3, 4)), "b": "text", "c": np.eye(2) * 1j}, format="4")
    refuse_forged(path)
    assert set(loadmat(path)) >= {"a", "b", "c"}
    for packed in (False, True):
        path.write_bytes(mat_bytes({"label": np.ones((1, 15)), "eeg1": RNG.normal(size=(62, 50))}, compressed=packed))
        refuse_forged(path)
        assert loadmat(path)["eeg1"].shape == (62, 50)


def element(kind: int, data: bytes, n_bytes: int | None = None) -> bytes:
    return struct.pack("<II", kind, len(data) if n_bytes is None else n_bytes) + data + bytes(-len(data) % 8)


def matrix(shape: tuple[int, ...], inside: bytes, kind: int = 6, name: bytes = b"EEG") -> bytes:
    flags = element(6, struct.pack("<II", kind, 0))
    return element(14, flags + element(5, struct.pack(f"<{len(shape)}i", *shape)) + element(1, name) + inside)


def nested(depth: int) -> bytes:
    inside = element(14, b"")
    for _ in range(depth):
        inside = matrix((1, 1), inside, kind=1)
    return inside


def zeros(head: bytes, n_bytes: int) -> bytes:
    packer = zlib.compressobj(1)
    packed = [packer.compress(head)]
    packed += [packer.compress(bytes(2**20)) for _ in range(n_bytes >> 20)]
    return b"".join([*packed, packer.flush()])


FIELD = element(5, struct.pack("<i", 4)) + element(1, b"a\0\0\0")
WIDE = matrix((62, 2**22), element(9, b"", 62 * 2**25))
FORGED = {
    "cells": (matrix((30000, 30000), b"", kind=1), "announces 900000000 cells"),
    "structs": (matrix((30000, 30000), FIELD, kind=2), "announces 900000000 cells or fields"),
    "structs without fields": (
        matrix((9, 9), element(5, struct.pack("<i", 4)) + element(1, b""), kind=2),
        "81 structs",
    ),
    "no width": (matrix((1, 1), element(5, bytes(4)) + element(1, b"a\0\0\0"), kind=2), "fields of 0 characters"),
    "letters": (matrix((1, 2**30), element(4, b""), kind=4), "a text of 1073741824 characters in 0 bytes"),
    "numbers": (matrix((62, 9), element(9, bytes(80), 2**31)), "announces 2147483648 bytes of numbers"),
    "no dimensions": (matrix((), element(9, bytes(80))), "a matrix's dimensions in 0 bytes"),
    "one dimension": (matrix((5,), element(9, bytes(80))), "a matrix's dimensions in 4 bytes"),
    "negative": (matrix((-1, 5), element(9, bytes(80))), "a matrix of -1 x 5"),
    "samples": (matrix((1, 1), element(15, bytes(8))), "samples of the unknown type 15"),
    "class": (matrix((1, 1), element(9, bytes(8)), kind=99), "of the unknown class 99"),
    "depth": (nested(8000), "nested more than 64 deep"),
    "other elements": (matrix((1, 2), element(9, bytes(80)) * 2, kind=1), "an element of type 9 where a cell"),
    "packed numbers": (element(15, zlib.compress(WIDE)), "announces 2080374784 bytes of numbers"),
    "packed zeros": (
        element(15, zeros(matrix((1, 1), matrix((62, 2**19), element(9, b"", 62 * 2**22)), kind=1), 2**28)),
        "announces 260046848 bytes of numbers",
    ),
    "packed end": (element(15, zlib.compress(nested(3))[:20]), "ends too early"),
    "not packed": (element(15, b"no zlib, but text"), "wrongly packed"),
    "end": (matrix((1, 1), b"", kind=1)[:-30], "ends"),
}


@pytest.mark.parametrize(("variable", "message"), FORGED.values(), ids=FORGED)
def test_numbers_that_do_not_fit_the_bytes_are_refused(variable: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.set"
    path.write_bytes(b"MATLAB 5.0".ljust(124) + struct.pack("<H", 0x0100) + b"IM" + variable)
    with pytest.raises(ValueError, match=message):
        refuse_forged(path)
    # EEGLAB's files are MATLAB's.
    with pytest.raises(RecordingError, match=r"a\.set of subject 1 cannot be read"):
        checked_header(path, "1")


def test_a_matrix_of_level_4_beyond_its_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    path.write_bytes(struct.pack("<5i", 0, 62, 10**8, 0, 5) + b"eeg1\0" + bytes(80))
    with pytest.raises(ValueError, match="a matrix of 62 x 100000000, more than it can hold"):
        refuse_forged(path)


def test_a_file_that_was_replaced_is_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    savemat(path, WHOLE)
    refuse_forged(path)
    path.write_bytes(b"MATLAB 5.0".ljust(124) + struct.pack("<H", 0x0100) + b"IM" + FORGED["cells"][0])
    with pytest.raises(ValueError, match="cells"):
        refuse_forged(path)


def test_a_file_of_version_7_3_that_stores_nothing_but_sizes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.set"
    with h5py.File(path, "w") as file:
        file.create_dataset("EEG/data", (100, 100), "f8")
    refuse_forged(path)
    with h5py.File(path, "a") as file:
        file.create_dataset("EEG/icaact", (10**6, 10**5), "f8", chunks=(1000, 10))
    assert path.stat().st_size < 10**5
    with pytest.raises(ValueError, match="unpack to more than 100 times its size"):
        refuse_forged(path)
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises((ValueError, OSError), match=r"truncated|damaged"):
        refuse_forged(path)
