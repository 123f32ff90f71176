"""MATLAB files: variables by name, cells and structs by their layout, and one sentence for what is wrong."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from escgan.datasets.matlab import cell_contents, channel_columns, load_mat, mat_shapes, struct_fields
from escgan.datasets.matlab_head import leading_cells
from escgan.errors import RecordingError


def cells(*values: Any, column: bool = False) -> np.ndarray:
    array = np.empty((len(values), 1) if column else (1, len(values)), dtype=object)
    for place, value in zip(np.ndindex(array.shape), values, strict=True):
        array[place] = value
    return array


def element(kind: int, data: bytes) -> bytes:
    """Spell a data element as the format describes it: tag, data, padding to 8 bytes."""
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def matrix(matrix_class: int, shape: tuple[int, ...], name: bytes, rest: bytes) -> bytes:
    flags = element(6, struct.pack("<II", matrix_class, 0))
    return element(14, flags + element(5, struct.pack(f"<{len(shape)}i", *shape)) + element(1, name) + rest)


def struct_matrix(name: bytes, fields: dict[bytes, bytes]) -> bytes:
    width = struct.pack("<HHi", 5, 4, 32)
    names = element(1, b"".join(field.ljust(32, b"\0") for field in fields))
    return matrix(2, (1, 1), name, width + names + b"".join(fields.values()))


HEADER = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x0100) + b"IM"


def test_variables_are_read_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    savemat(path, {"x": np.arange(6.0).reshape(2, 3), "y": np.ones(3)})
    assert sorted(load_mat(path, "01")) == ["x", "y"]
    assert list(load_mat(path, "01", ["x", "z"])) == ["x"]
    assert mat_shapes(path, "01") == {"x": (2, 3), "y": (1, 3)}


@pytest.mark.parametrize("read", [load_mat, mat_shapes])
def test_a_file_that_cannot_be_read_is_one_sentence(read: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    with pytest.raises(RecordingError, match=r"a\.mat of subject 01 cannot be read"):
        read(path, "01")
    path.write_bytes(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512) + b"\x89HDF\r\n\x1a\n")
    with pytest.raises(RecordingError, match=r"a\.mat of subject 01 was saved by MATLAB as version 7\.3"):
        read(path, "01")
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(RecordingError, match=r"a\.mat of subject 01 is damaged, truncated or no MATLAB file"):
        read(path, "01")


def test_structs_and_cells_give_their_contents(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    savemat(path, {"s": {"n": 2.0, "c": cells(np.ones((2, 2)), "text", column=True)}})
    number, column = struct_fields(load_mat(path, "01")["s"], ["n", "c"], "Here")
    assert number == 2.0
    first, second = cell_contents(column, 2, "Here")
    np.testing.assert_array_equal(first, np.ones((2, 2)))
    assert second == "text"


def test_what_is_no_such_struct_or_cell_array_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    savemat(path, {"s": {"n": 2.0}, "many": np.zeros(2, dtype=[("n", "f8")]), "x": np.ones((2, 2))})
    held = load_mat(path, "01")
    with pytest.raises(RecordingError, match=r"Here lacks the field 'c' among n: get"):
        struct_fields(held["s"], ["n", "c"], "Here")
    for value in (held["x"], held["many"], "text", None):
        with pytest.raises(RecordingError, match="Here is not a struct with n: get"):
            struct_fields(value, ["n"], "Here")
    for value, words in (
        (held["x"], r"a float64 array of shape \(2, 2\)"),
        (held["s"], r"a struct of shape \(1, 1\)"),
        (cells(1, 2, 3), r"a cell array of shape \(1, 3\)"),
        (3, "a int"),
    ):
        with pytest.raises(RecordingError, match=rf"Here is {words} instead of one row or column of 2 cells"):
            cell_contents(value, 2, "Here")


def test_columns_become_channels() -> None:
    signal = np.arange(12.0).reshape(6, 2)
    np.testing.assert_array_equal(channel_columns(signal, 2, "Here"), signal.T)
    with pytest.raises(RecordingError, match=r"Here has shape \(2, 6\) instead of \(samples, 2\): transpose it back"):
        channel_columns(signal.T, 2, "Here")
    with pytest.raises(RecordingError, match=r"Here is a complex128 array .* numeric matrix of 2 columns: get"):
        channel_columns(signal + 1j, 2, "Here")


@pytest.mark.parametrize("compressed", [True, False])
def test_the_cells_of_a_leading_field_are_counted_from_the_first_bytes(compressed: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    noise = np.random.default_rng(0).normal(size=(3000, 20))
    savemat(path, {"s": {"Data": cells(noise, noise, noise), "Other": cells(1)}}, do_compression=compressed)
    assert leading_cells(path, "Data") == 3
    path.write_bytes(path.read_bytes()[:70_000])
    assert leading_cells(path, "Data") == 3


def test_the_count_agrees_with_bytes_spelled_out_from_the_format(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    variable = struct_matrix(
        b"DREAMER", {b"Data": matrix(1, (1, 23), b"", b""), b"Version": matrix(4, (1, 1), b"", b"")}
    )
    for body in (variable, element(15, zlib.compress(variable))):
        path.write_bytes(HEADER + body)
        assert leading_cells(path, "Data") == 23
        assert leading_cells(path, "Version") is None


def test_a_file_that_begins_otherwise_has_no_count(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    assert leading_cells(path, "Data") is None
    number = matrix(6, (1, 1), b"", element(9, bytes(8)))
    for content in (
        b"",
        b"x" * 500,
        HEADER,
        HEADER + element(15, b"no zlib stream"),
        HEADER + matrix(6, (1, 1), b"x", element(9, bytes(8))),
        HEADER + struct_matrix(b"s", {b"Data": number}),
        HEADER + struct_matrix(b"s", {b"Data": matrix(1, (1, 23), b"", b"")})[:100],
        HEADER[:-2] + b"MI" + struct_matrix(b"s", {b"Data": matrix(1, (1, 23), b"", b"")}),
    ):
        path.write_bytes(content)
        assert leading_cells(path, "Data") is None
