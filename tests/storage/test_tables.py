import time

import numpy as np
import pandas as pd
import pytest

from storage.errors import ArtifactCorrupt, ArtifactMissing, StorageError
from storage.tables import read_table, write_table

TABLE = pd.DataFrame(
    {
        "subject": pd.Series(["sub-01", "sub-02", None], dtype="str"),
        "trial": np.array([1, 2, 2**62], dtype=np.int64),
        "small": np.array([1, 2, 3], dtype=np.int8),
        "label": pd.Series([0, None, 1], dtype="Int64"),
        "start_s": [0.5, np.nan, -np.inf],
        "logit": np.array([0.1, 0.2, 0.3], dtype=np.float32),
        "accepted": [True, False, True],
        "maybe": pd.Series([True, None, False], dtype="boolean"),
    }
)

WRITE = """
import sys
from pathlib import Path
import pandas as pd
from storage.tables import write_table
write_table(Path(sys.argv[1]), pd.DataFrame({"subject": ["sub-01"] * 100_000, "x": range(100_000)}))
"""


def test_a_table_reads_back_with_its_types(tmp_path):
    write_table(tmp_path / "t.parquet", TABLE)
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.parquet"), TABLE)


def test_an_empty_table_keeps_its_columns_and_types(tmp_path):
    write_table(tmp_path / "t.parquet", TABLE.iloc[:0])
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.parquet"), TABLE.iloc[:0])


def test_a_table_without_columns_stays_one(tmp_path):
    write_table(tmp_path / "t.parquet", pd.DataFrame())
    assert read_table(tmp_path / "t.parquet").shape == (0, 0)


def test_the_index_and_free_attributes_are_not_stored(tmp_path):
    shuffled = TABLE.iloc[::-1]
    shuffled.attrs["note"] = object()
    write_table(tmp_path / "t.parquet", shuffled)
    write_table(tmp_path / "plain.parquet", TABLE.iloc[::-1].reset_index(drop=True))
    assert (tmp_path / "t.parquet").read_bytes() == (tmp_path / "plain.parquet").read_bytes()
    assert "note" in shuffled.attrs
    assert list(read_table(tmp_path / "t.parquet").index) == [0, 1, 2]


def test_columns_are_returned_in_the_order_asked_for(tmp_path):
    write_table(tmp_path / "t.parquet", TABLE)
    got = read_table(tmp_path / "t.parquet", ["trial", "subject"])
    pd.testing.assert_frame_equal(got, TABLE[["trial", "subject"]])


def test_the_same_table_gives_the_same_bytes_at_another_time(tmp_path):
    write_table(tmp_path / "first.parquet", TABLE)
    time.sleep(1.1)
    write_table(tmp_path / "second.parquet", TABLE.copy())
    assert (tmp_path / "first.parquet").read_bytes() == (tmp_path / "second.parquet").read_bytes()


def test_the_same_table_gives_the_same_bytes_in_two_processes(tmp_path, start):
    paths = [tmp_path / "first.parquet", tmp_path / "second.parquet"]
    for process in [start(WRITE, path) for path in paths]:
        assert process.wait(20) == 0
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_table_put_together_from_pieces_gives_the_same_bytes(tmp_path):
    pieces = pd.concat([TABLE.iloc[:1], TABLE.iloc[1:2], TABLE.iloc[2:]])
    write_table(tmp_path / "pieces.parquet", pieces)
    write_table(tmp_path / "whole.parquet", TABLE)
    assert (tmp_path / "pieces.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_a_table_written_read_and_written_again_gives_the_same_bytes(tmp_path):
    write_table(tmp_path / "first.parquet", TABLE)
    write_table(tmp_path / "second.parquet", read_table(tmp_path / "first.parquet"))
    assert (tmp_path / "first.parquet").read_bytes() == (tmp_path / "second.parquet").read_bytes()


@pytest.mark.parametrize("names", [["a", "a"], ["a", 1], [0, 1]])
def test_columns_without_their_own_text_name_are_refused(tmp_path, names):
    with pytest.raises(StorageError, match="own name"):
        write_table(tmp_path / "t.parquet", pd.DataFrame([[1, 2]], columns=names))


def test_a_column_of_mixed_types_is_refused(tmp_path):
    with pytest.raises(StorageError, match="one type"):
        write_table(tmp_path / "t.parquet", pd.DataFrame({"a": pd.Series(["x", 1], dtype=object)}))


def test_an_absent_column_is_told_with_those_present(tmp_path):
    write_table(tmp_path / "t.parquet", TABLE[["trial", "small"]])
    with pytest.raises(StorageError, match="no column 'fold': it has trial, small"):
        read_table(tmp_path / "t.parquet", ["fold"])


@pytest.mark.parametrize("keep", [0, 3, 50, -1])
def test_a_truncated_file_is_named_as_damaged(tmp_path, keep):
    path = tmp_path / "t.parquet"
    write_table(path, TABLE)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ArtifactCorrupt, match=r"t\.parquet is not a readable table"):
        read_table(path)


def test_an_absent_file_is_told_apart_from_a_damaged_one(tmp_path):
    with pytest.raises(ArtifactMissing, match=r"t\.parquet"):
        read_table(tmp_path / "t.parquet")
