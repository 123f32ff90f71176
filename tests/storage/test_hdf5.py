import time

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from storage.errors import ArtifactCorrupt, ArtifactMissing, StorageError
from storage.hdf5 import create_mapped, map_array, read_array, read_arrays, read_attributes, write_arrays

ARRAYS = {
    "de": np.arange(60, dtype=np.float32).reshape(5, 4, 3),
    "trial-003/eeg": np.array([[np.nan, np.inf, -0.0]]),
    "trial-003/baseline": np.zeros((0, 32), dtype=np.float32),
    "index": np.array([-(2**63), 2**63 - 1]),
    "accepted": np.array([True, False]),
    "scale": np.float64(2.5),
}
ATTRIBUTES = {"sfreq": 128.0, "bands": {"theta": [4, 8]}, "log": ["x" * 70_000], "none": None, "α": "β"}

WRITE = """
import sys
from pathlib import Path
import numpy as np
from storage.hdf5 import write_arrays
rng = np.random.default_rng(0)
arrays = {f"trial-{i:03d}/eeg": rng.standard_normal((32, 500), dtype=np.float32) for i in range(20)}
write_arrays(Path(sys.argv[1]), arrays, {"sfreq": 128, "log": ["a"] * 20}, chunk_rows=7)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("hdf5")


def assert_identical(got, expected):
    expected = np.asarray(expected)
    assert got.dtype == expected.dtype
    assert got.shape == expected.shape
    assert got.tobytes() == expected.tobytes()


@pytest.mark.parametrize("chunk_rows", [None, 1, 2, 100])
def test_arrays_read_back_bit_for_bit(tmp_path, chunk_rows):
    path = tmp_path / "a.h5"
    write_arrays(path, ARRAYS, chunk_rows=chunk_rows)
    assert list(read_arrays(path)) == sorted(ARRAYS)
    for name, value in ARRAYS.items():
        assert_identical(read_arrays(path)[name], value)
        assert_identical(np.asarray(read_array(path, name)), value)


@settings(max_examples=60, deadline=None)
@given(
    value=hnp.arrays(
        st.sampled_from([np.dtype(t) for t in ("f4", "f8", "i8")]),
        hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4),
    ),
    chunk_rows=st.sampled_from([None, 2]),
)
def test_any_numeric_array_reads_back_bit_for_bit(folder, value, chunk_rows):
    path = folder / "a.h5"
    write_arrays(path, {"x": value}, chunk_rows=chunk_rows)
    assert_identical(read_array(path, "x"), value)


def test_a_view_that_is_not_contiguous_reads_back_as_its_values(tmp_path):
    value = np.arange(12.0).reshape(3, 4)
    write_arrays(tmp_path / "a.h5", {"x": value.T[::2]})
    np.testing.assert_array_equal(read_array(tmp_path / "a.h5", "x"), value.T[::2])


def test_attributes_read_back_even_when_large(tmp_path):
    write_arrays(tmp_path / "a.h5", {}, ATTRIBUTES)
    assert read_attributes(tmp_path / "a.h5") == ATTRIBUTES


def test_the_same_arrays_give_the_same_bytes_at_another_time_and_in_another_order(tmp_path):
    first, second = tmp_path / "first.h5", tmp_path / "second.h5"
    write_arrays(first, ARRAYS, ATTRIBUTES, chunk_rows=2)
    time.sleep(1.1)
    write_arrays(second, dict(reversed(ARRAYS.items())), dict(reversed(ATTRIBUTES.items())), chunk_rows=2)
    assert first.read_bytes() == second.read_bytes()


def test_the_same_arrays_give_the_same_bytes_in_two_processes(tmp_path, start):
    paths = [tmp_path / "first.h5", tmp_path / "second.h5"]
    for process in [start(WRITE, path) for path in paths]:
        assert process.wait(20) == 0
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize("chunk_rows", [None, 2])
def test_the_bytes_do_not_depend_on_when_an_array_is_closed(tmp_path, monkeypatch, chunk_rows):
    write_arrays(tmp_path / "usual.h5", ARRAYS, ATTRIBUTES, chunk_rows)
    late = []
    create = h5py.File.create_dataset

    def closed_late(*arguments, **options):
        late.append(create(*arguments, **options))
        return late[-1]

    monkeypatch.setattr(h5py.File, "create_dataset", closed_late)
    write_arrays(tmp_path / "late.h5", ARRAYS, ATTRIBUTES, chunk_rows)
    assert len(late) == len(ARRAYS)
    assert (tmp_path / "late.h5").read_bytes() == (tmp_path / "usual.h5").read_bytes()


def test_one_changed_value_changes_the_bytes(tmp_path):
    write_arrays(tmp_path / "a.h5", {"x": np.zeros(3)})
    write_arrays(tmp_path / "b.h5", {"x": np.array([0, 0, 1e-300])})
    assert (tmp_path / "a.h5").read_bytes() != (tmp_path / "b.h5").read_bytes()


@pytest.mark.parametrize(
    "rows",
    [
        slice(1, 3),
        slice(None, None, -1),
        slice(3, 1),
        [4, 0, 0, -1],
        [],
        np.array([2, 3]),
        np.array([True, False, False, True, False]),
    ],
)
@pytest.mark.parametrize("chunk_rows", [None, 2])
def test_rows_are_chosen_as_numpy_does(tmp_path, rows, chunk_rows):
    value = ARRAYS["de"]
    write_arrays(tmp_path / "a.h5", {"de": value}, chunk_rows=chunk_rows)
    expected = value[:0] if isinstance(rows, list) and not rows else value[rows]
    assert_identical(read_array(tmp_path / "a.h5", "de", rows), expected)


def test_a_row_that_does_not_exist_is_an_index_error(tmp_path):
    write_arrays(tmp_path / "a.h5", {"x": np.zeros(3)})
    with pytest.raises(IndexError):
        read_array(tmp_path / "a.h5", "x", [3])


def test_an_absent_array_is_told_with_those_present(tmp_path):
    write_arrays(tmp_path / "a.h5", {"x": np.zeros(3), "g/y": np.zeros(1)})
    for name in ("z", "g"):
        with pytest.raises(StorageError, match=rf"no array '{name}': it has g/y, x"):
            read_array(tmp_path / "a.h5", name)


@pytest.mark.parametrize("name", ["", "/x", "x/", "a//b", "../x", ".", "a\0b"])
def test_a_name_that_is_no_path_of_words_is_refused(tmp_path, name):
    with pytest.raises(StorageError, match="cannot name an array"):
        write_arrays(tmp_path / "a.h5", {name: np.zeros(1)})


def test_a_name_that_is_both_array_and_group_is_refused(tmp_path):
    with pytest.raises(StorageError, match="rename"):
        write_arrays(tmp_path / "a.h5", {"a": np.zeros(1), "a/b": np.zeros(1)})


@pytest.mark.parametrize("value", [np.array(["text"]), np.array([None]), np.array([1j])])
def test_an_array_of_other_things_than_numbers_is_refused(tmp_path, value):
    with pytest.raises(StorageError, match="store numbers"):
        write_arrays(tmp_path / "a.h5", {"x": value})


@pytest.mark.parametrize("value", [float("nan"), {1}, np.zeros(2)])
def test_an_attribute_that_is_not_json_is_refused_by_name(tmp_path, value):
    with pytest.raises(StorageError, match="'sfreq' is not JSON"):
        write_arrays(tmp_path / "a.h5", {}, {"sfreq": value})


def test_chunks_of_no_rows_are_refused(tmp_path):
    with pytest.raises(StorageError, match="chunk_rows is 0"):
        write_arrays(tmp_path / "a.h5", {}, chunk_rows=0)


@pytest.mark.parametrize("keep", [0, 4, 100, 0.5])
@pytest.mark.parametrize("read", [read_arrays, read_attributes, lambda path: read_array(path, "de")])
def test_a_truncated_file_is_named_as_damaged(tmp_path, keep, read):
    path = tmp_path / "a.h5"
    write_arrays(path, ARRAYS, ATTRIBUTES)
    content = path.read_bytes()
    path.write_bytes(content[: keep if isinstance(keep, int) else int(len(content) * keep)])
    with pytest.raises(ArtifactCorrupt, match=r"a\.h5 is not a readable"):
        read(path)


def test_an_absent_file_is_told_apart_from_a_damaged_one(tmp_path):
    with pytest.raises(ArtifactMissing, match=r"a\.h5"):
        read_arrays(tmp_path / "a.h5")


def test_a_mapped_array_is_written_through_and_any_reader_can_read_it(tmp_path):
    path = tmp_path / "a.h5"
    mapped = create_mapped(path, "de", (1000, 4, 3), "float32")
    assert not mapped.any()
    values = np.random.default_rng(0).standard_normal((1000, 4, 3)).astype(np.float32)
    mapped[:] = values
    mapped.flush()
    np.testing.assert_array_equal(read_array(path, "de"), values)
    rows = [999, 0, 5, 5]
    np.testing.assert_array_equal(map_array(path, "de")[rows], values[rows])
    with pytest.raises(ValueError, match="read-only"):
        map_array(path, "de")[0] = 1


def test_an_array_that_was_written_whole_can_be_mapped_and_one_in_chunks_cannot(tmp_path):
    path = tmp_path / "a.h5"
    write_arrays(path, {"de": ARRAYS["de"]})
    np.testing.assert_array_equal(map_array(path, "de"), ARRAYS["de"])
    with pytest.raises(StorageError, match="no contiguous array 'other'"):
        map_array(path, "other")
    write_arrays(path, {"de": ARRAYS["de"]}, chunk_rows=2)
    with pytest.raises(StorageError, match="no contiguous array 'de'"):
        map_array(path, "de")
    with pytest.raises(ArtifactMissing):
        map_array(tmp_path / "none.h5", "de")
