"""Pickled dictionaries in an archive: numbered arrays of numbers are given, anything else is refused unrun."""

from __future__ import annotations

import os
import pickle
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escgan.datasets.numbered_arrays import load_numbered_arrays
from escgan.errors import RecordingError

REFUSED = r"The file 3_123\.npz of subject 3 .*: get it"


class Call:
    """Pickles as a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


def archive(folder: Path, **entries: Any) -> Path:
    path = folder / "3_123.npz"
    np.savez(path, **entries)
    return path


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_arrays_come_back_under_their_numbers(protocol: int, tmp_path: Path) -> None:
    content = {7: np.arange(6.0).reshape(2, 3), 0: np.array([1, 2]), 44: np.asfortranarray(np.ones((2, 3), np.float32))}
    path = archive(tmp_path, data=pickle.dumps(content, protocol), label=pickle.dumps({1: np.zeros(2)}, protocol))
    data, label = load_numbered_arrays(path, "3", ("data", "label"))
    assert data.keys() == content.keys() and label.keys() == {1}
    for number, array in content.items():
        np.testing.assert_array_equal(data[number], array)
        assert data[number].dtype == array.dtype


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_entry_that_holds_code_is_refused_and_nothing_runs(protocol: int, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    for content in (Call(os.system, f"touch {trace}"), {0: np.zeros(2), 1: Call(open, str(trace), "w")}):
        path = archive(tmp_path, data=pickle.dumps(content, protocol))
        with pytest.raises(RecordingError, match=r"3_123\.npz of subject 3 holds code .* without running"):
            load_numbered_arrays(path, "3", ("data",))
    assert not trace.exists()


def test_an_entry_of_objects_is_refused_and_nothing_runs(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    path = archive(tmp_path, data=np.array({0: Call(os.system, f"touch {trace}")}, dtype=object))
    with pytest.raises(RecordingError, match=REFUSED):
        load_numbered_arrays(path, "3", ("data",))
    assert not trace.exists()
    # It would have run: the refusal is not of a file that does nothing.
    np.load(path, allow_pickle=True)["data"]
    assert trace.exists()


@pytest.mark.parametrize(
    "entry",
    [
        pickle.dumps({"0": np.zeros(2)}),
        pickle.dumps({True: np.zeros(2)}),
        pickle.dumps({0: 1.5}),
        pickle.dumps({0: [1, 2]}),
        pickle.dumps({0: np.array([None])}),
        pickle.dumps([np.zeros(2)]),
        pickle.dumps(np.zeros(2)),
        b"no pickle",
        b"",
        np.zeros(3),
        np.array([b"a", b"b"]),
    ],
)
def test_anything_but_one_pickle_of_numbered_arrays_is_refused(entry: Any, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=REFUSED):
        load_numbered_arrays(archive(tmp_path, data=entry), "3", ("data",))


def test_a_missing_entry_and_a_missing_file_are_named(tmp_path: Path) -> None:
    path = archive(tmp_path, data=pickle.dumps({0: np.zeros(2)}))
    with pytest.raises(RecordingError, match="it has no entry 'label'"):
        load_numbered_arrays(path, "3", ("data", "label"))
    path.unlink()
    with pytest.raises(RecordingError, match=r"3_123\.npz of subject 3 is missing: get it"):
        load_numbered_arrays(path, "3", ("data",))


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "3_123.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(RecordingError, match=REFUSED):
        load_numbered_arrays(path, "3", ("data",))
    for content in (b"", b"PK\x03\x04", pickle.dumps({0: np.zeros(2)}), b"some text"):
        path.write_bytes(content)
        with pytest.raises(RecordingError, match=REFUSED):
            load_numbered_arrays(path, "3", ("data",))


def test_a_damaged_archive_gives_a_refusal_or_arrays_and_nothing_else(tmp_path: Path) -> None:
    path = archive(tmp_path, data=pickle.dumps({0: np.zeros((2, 3)), 1: np.ones(4)}, 3))
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    for length in rng.integers(0, len(content), 40):
        path.write_bytes(content[:length])
        with pytest.raises(RecordingError, match=REFUSED):
            load_numbered_arrays(path, "3", ("data",))
    refused = 0
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= int(rng.integers(1, 256))
        path.write_bytes(changed)
        try:
            (data,) = load_numbered_arrays(path, "3", ("data",))
        except RecordingError:
            refused += 1
        else:
            assert all(isinstance(array, np.ndarray) for array in data.values())
    assert refused > len(content) / 2


def forged(folder: Path, head: str, content: bytes = b"", method: int = zipfile.ZIP_STORED) -> Path:
    """Write an archive whose entry begins with a head of one's own."""
    line = head.encode("latin1") + b"\n"
    entry = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(line)) + line + content
    path = folder / "3_123.npz"
    with zipfile.ZipFile(path, "w", method, compresslevel=1) as written:
        written.writestr("data.npy", entry)
    return path


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("{'descr': '|S1073741824', 'fortran_order': False, 'shape': (), }", "has 0 bytes where"),
        ("{'descr': '|S1000000000', 'fortran_order': False, 'shape': (1000,), }", r"of shape \(1000,\) and type"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (2000000000,), }", "type float64, not one pickle"),
        ("{'descr': '|O', 'fortran_order': False, 'shape': (), }", "type object, not one pickle"),
        ("{'descr': '|S1', 'fortran_order': False, 'shape': " + "(" * 500, "has no head"),
    ],
)
def test_no_room_is_made_for_what_an_entry_only_announces(head: str, message: str, tmp_path: Path) -> None:
    tracemalloc.start()
    with pytest.raises(RecordingError, match=rf"3_123\.npz of subject 3 is damaged.*{message}"):
        load_numbered_arrays(forged(tmp_path, head), "3", ("data",))
    assert tracemalloc.get_traced_memory()[1] < 1 << 26
    tracemalloc.stop()


def test_an_entry_that_unpacks_to_a_thousand_times_its_size_is_refused(tmp_path: Path) -> None:
    head = "{'descr': '|S200000000', 'fortran_order': False, 'shape': (), }"
    path = forged(tmp_path, head, bytes(200_000_000), zipfile.ZIP_DEFLATED)
    with pytest.raises(RecordingError, match="would unpack to more than 100 times its size"):
        load_numbered_arrays(path, "3", ("data",))
