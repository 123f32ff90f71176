"""A file can ask for anything; only arrays of numbers are given, and nothing is run."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escgan.datasets.unpickling import load_array, load_arrays
from escgan.errors import RecordingError

WritePickle = Callable[..., Path]


class Call:
    """Pickles as a call of a function."""

    def __init__(self, function: Callable[..., Any], *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[object, ...]]:
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", "|i1", "<u2", "|b1"])
def test_arrays_come_back_whatever_the_protocol_and_type(protocol: int, dtype: str, write_pickle: WritePickle) -> None:
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)
    content = {"a": array, "b": np.asfortranarray(array), "c": array[:0], "d": np.float64(2.5)}
    loaded = load_arrays(write_pickle(content, protocol=protocol), "01")
    assert loaded["a"].dtype == array.dtype
    np.testing.assert_array_equal(loaded["a"], array)
    np.testing.assert_array_equal(loaded["b"], array)
    assert loaded["c"].shape == (0, 3, 4)
    assert loaded["d"] == 2.5


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_one_array_comes_back_whatever_the_protocol(protocol: int, write_pickle: WritePickle) -> None:
    array = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(load_array(write_pickle(array, protocol=protocol), "01"), array)
    turned = np.asfortranarray(array)
    np.testing.assert_array_equal(load_array(write_pickle(turned, protocol=protocol), "01"), array)


@pytest.mark.parametrize(
    "content", [{"data": np.zeros(2)}, [np.zeros(2)], None, 3, np.array([1, "a", None], dtype=object), np.dtype("f8")]
)
def test_anything_but_one_array_of_numbers_is_refused(content: object, write_pickle: WritePickle) -> None:
    with pytest.raises(RecordingError, match=r"s01\.dat of subject 01 .*: get"):
        load_array(write_pickle(content), "01")


def test_a_single_array_that_holds_code_is_refused_and_nothing_runs(write_pickle: WritePickle, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    path = write_pickle(Call(os.system, f"touch {trace}"))
    with pytest.raises(RecordingError, match=r"s01\.dat of subject 07 holds code .* without running"):
        load_array(path, "07")
    assert not trace.exists()


def test_a_file_that_python_2_wrote_is_read(tmp_path: Path) -> None:
    # Python 2 has its own instructions for text (U), which Python 3 never writes; spelled out from the
    # format.
    content = (
        b"\x80\x02}q\x01U\x01xq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85U\x01b"
        b"\x87Rq\x05(K\x01K\x02\x85cnumpy\ndtype\nq\x06U\x02f8K\x00K\x01\x87Rq\x07(K\x03U\x01<NNNJ\xff\xff\xff\xffJ"
        b"\xff\xff\xff\xffK\x00tb\x89U\x10\x00\x00\x00\x00\x00\x00\xf8?\x00\x00\x00\x00\x00\x00\x00\xc0tbs."
    )
    path = tmp_path / "s01.dat"
    path.write_bytes(content)
    np.testing.assert_array_equal(load_arrays(path, "01")["x"], [1.5, -2.0])


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("nested", [False, True])
def test_a_file_that_holds_code_is_refused_and_nothing_runs(
    protocol: int, nested: bool, write_pickle: WritePickle, tmp_path: Path
) -> None:
    traces = [tmp_path / "system", tmp_path / "eval", tmp_path / "open"]
    calls = [
        Call(os.system, f"touch {traces[0]}"),
        Call(eval, f"open({str(traces[1])!r}, 'w').close()"),
        Call(open, str(traces[2]), "w"),
    ]
    for number, call in enumerate(calls, start=1):
        content = {"data": np.zeros(3), "labels": [{"deep": (call,)}]} if nested else call
        path = write_pickle(content, f"s{number:02d}.dat", protocol)
        with pytest.raises(RecordingError, match=rf"s{number:02d}\.dat of subject 07 holds code .* without running"):
            load_arrays(path, "07")
    assert not any(trace.exists() for trace in traces)


def test_the_malicious_file_of_these_tests_does_run_when_python_loads_it(
    write_pickle: WritePickle, tmp_path: Path
) -> None:
    """Without this, the refusal above could be of a file that does nothing."""
    trace = tmp_path / "system"
    path = write_pickle({"data": Call(os.system, f"touch {trace}")})
    pickle.loads(path.read_bytes())
    assert trace.exists()


@pytest.mark.parametrize(
    "content",
    [
        {"data": np.array([1, "a", None], dtype=object)},
        {"data": np.zeros(2).view(np.recarray)},
        {"data": np.ma.masked_array([1.0, 2.0])},
        {"data": np.zeros(2, dtype=[("a", "f8")])},
        {"data": np.array(["text"])},
        {"data": np.array(["2020-01-01"], dtype="M8[D]")},
        {"data": Call(np.memmap, "nowhere")},
        {"data": Call(np.dtype, "O")},
        {"data": 1 + 2j},
        {"data": bytearray(b"x")},
        [np.zeros(3)],
        np.zeros(3),
        None,
    ],
)
def test_anything_but_plain_arrays_of_numbers_in_a_dictionary_is_refused(
    content: object, write_pickle: WritePickle
) -> None:
    with pytest.raises(RecordingError, match=r"s01\.dat of subject 01 .*: get"):
        load_arrays(write_pickle(content), "01")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no pickle at all",
        b"PK\x03\x04" + bytes(100),
        # An array of a class that is none.
        b"\x80\x02}U\x01xcnumpy.core.multiarray\n_reconstruct\nc_codecs\nencode\nK\x00\x85U\x01b\x87Rs.",
        b"\x80\x02}U\x01xc_codecs\nencode\nX\x01\x00\x00\x00aX\x05\x00\x00\x00rot13\x86Rs.",  # another codec
        b"\x80\x02c_codecs\nencode\n}U\x0c__defaults__U\x01asb.",  # changes a function's attributes
        b"\x80\x02}r\xff\xff\xff\x7f.",  # memo of two billion entries
        b"\x80\x02" + b")" * 1 + b"\x85" * 1_000_000 + b".",  # a tower of a million tuples
        # An array without content.
        b"\x80\x02}U\x01xcnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87Rs.",
        b"\x80\x02\x82\x01.",  # an extension code
        b"\x80\x02U\x01aQ.",  # a persistent id
    ],
)
def test_malformed_and_hostile_streams_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "s05.dat"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"s05\.dat of subject 05 .*: get it"):
        load_arrays(path, "05")


@pytest.mark.parametrize("protocol", [2, 4])
def test_a_file_cut_anywhere_is_refused(protocol: int, tmp_path: Path) -> None:
    content = pickle.dumps({"data": np.zeros((2, 5)), "labels": np.ones((2, 4))}, protocol=protocol)
    path = tmp_path / "s01.dat"
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(RecordingError, match=r"s01\.dat of subject 01"):
            load_arrays(path, "01")


def test_a_flipped_byte_gives_arrays_or_a_refusal_and_nothing_else(tmp_path: Path) -> None:
    content = pickle.dumps({"data": np.zeros((2, 5)), "labels": np.ones((2, 4))}, protocol=2)
    path = tmp_path / "s01.dat"
    rng = np.random.default_rng(0)
    refused = 0
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= int(rng.integers(1, 256))
        path.write_bytes(changed)
        try:
            loaded = load_arrays(path, "01")
        except RecordingError:
            refused += 1
        else:
            assert all(isinstance(array, np.ndarray) for array in loaded.values())
    assert refused > len(content) / 4


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"s09\.dat of subject 09 cannot be read"):
        load_arrays(tmp_path / "s09.dat", "09")
