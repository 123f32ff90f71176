"""Tables that people and spreadsheets write are read as they are meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from escgan.datasets.tables import read_table
from escgan.errors import RecordingError


def test_a_table_comes_back_whatever_stands_between_its_cells(tmp_path: Path) -> None:
    for separator in (",", ";", "\t"):
        path = tmp_path / "t.csv"
        path.write_text(f"file{separator} subject\n a.edf{separator}1\n\n b.edf {separator}2\n")
        table = read_table(path)
        assert table.columns == ("file", "subject")
        assert [(row.line, row.cells) for row in table.rows] == [
            (2, {"file": "a.edf", "subject": "1"}),
            (4, {"file": "b.edf", "subject": "2"}),
        ]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_bytes(b"\xef\xbb\xbfonset\tduration\r\n1\t2\r\n")
    assert read_table(path, "\t").columns == ("onset", "duration")


def test_decimal_commas_and_missing_values_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a;b;c;d\n1,5;n/a;-2e-3;NaN\n")
    (row,) = read_table(path).rows
    assert [row.number(name) for name in "abcd"] == [1.5, None, -0.002, None]
    assert (row.text("b"), row.text("nowhere")) == (None, None)


@pytest.mark.parametrize("cell", ["seven", "1.2.3", "inf", "5 s"])
def test_what_is_no_number_is_no_number(cell: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"a,b\n{cell},1\n")
    table = read_table(path)
    with pytest.raises(ValueError):
        table.rows[0].number("a")
    assert (table.is_numeric("a"), table.is_numeric("b")) == (False, True)


def test_a_column_without_any_value_is_not_numeric(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n,n/a\n")
    assert not read_table(path).is_numeric("b")


def test_quoted_separators_stay_in_their_cell_but_bids_knows_no_quotes(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('a,b\n"x, y",1\n')
    assert read_table(path).rows[0].cells == {"a": "x, y", "b": "1"}
    path.write_text('a\tb\n"x\t1\n')
    assert read_table(path, "\t").rows[0].cells == {"a": '"x', "b": "1"}


def test_columns_that_a_spreadsheet_has_emptied_are_not_there(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b,,\n1,,,\n")
    assert read_table(path).rows[0].cells == {"a": "1", "b": ""}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1\n", r"Line 2 of the table t\.csv cannot be right \(it has 1 cells for 2 columns\): correct it"),
        (b"a,b\n1,2,3\n", r"Line 2 of the table t\.csv .* 3 cells for 2 columns"),
        (b'a,b\n"1,2\n', r"Line \d of the table t\.csv cannot be right"),
        (b"a,a\n1,2\n", r"t\.csv has two columns named 'a': rename"),
        ("a,b\nfröhlich,1\n".encode("latin1"), r"t\.csv is not UTF-8 text: save it again"),
    ],
)
def test_a_table_that_cannot_be_right_is_refused_with_its_line(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=message):
        read_table(path)


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"trials\.csv cannot be read \(No such file"):
        read_table(tmp_path / "trials.csv")


def test_an_empty_table_has_neither_columns_nor_rows(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n\n")
    table = read_table(path)
    assert (table.columns, table.rows) == ((), ())
