"""Small text tables that people and spreadsheets write: CSV with any usual separator, and BIDS' TSV.

Cells stay text: what a column means is for its reader to say. Spreadsheets put a byte-order mark before the first
column's name and, where the comma is the decimal sign, separate by semicolons; both are taken as they come.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escgan.datasets.regular import refuse_irregular
from escgan.errors import RecordingError

_MISSING = ("", "n/a", "na", "nan")


@dataclass(frozen=True)
class Row:
    """One line; ``line`` is its number in the file, the header being line 1."""

    line: int
    cells: dict[str, str]

    def text(self, column: str) -> str | None:
        """Return a cell; None where there is no such column or the cell says that there is no value."""
        cell = self.cells.get(column, "")
        return None if cell.lower() in _MISSING else cell

    def number(self, column: str) -> float | None:
        """Return a cell as a finite number; raises ValueError where it is none."""
        cell = self.text(column)
        if cell is None:
            return None
        value = float(cell.replace(",", "."))
        if not math.isfinite(value):
            raise ValueError(f"'{cell}' is no finite number")
        return value


@dataclass(frozen=True)
class Table:
    """A table of text; column names without surrounding blanks, empty lines left out."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def is_numeric(self, column: str) -> bool:
        """Whether a column holds at least one number and nothing else but missing values."""
        try:
            numbers = [row.number(column) for row in self.rows]
        except ValueError:
            return False
        return any(number is not None for number in numbers)


def read_table(path: Path, separators: str = "\t;,") -> Table:
    """Read a table whose first line names its columns.

    Parameters
    ----------
    path
        The file, in UTF-8.
    separators
        What can stand between cells; the one that the first line holds most often does.

    Raises
    ------
    RecordingError
        The file is none, cannot be read, names a column twice, or has a line of another length.
    """
    refuse_irregular(path)
    try:
        # The encoding takes a byte-order mark away where there is one.
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RecordingError(f"The table {path.name} cannot be read ({error.strerror}): check it.") from error
    except UnicodeDecodeError as error:
        raise RecordingError(f"The table {path.name} is not UTF-8 text: save it again as CSV in UTF-8.") from error
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(separators, key=first.count)
    # BIDS' tables know no quotes: one in a cell is a character like any other.
    quoting: Any = csv.QUOTE_NONE if separators == "\t" else csv.QUOTE_MINIMAL
    columns: tuple[str, ...] = ()
    rows = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, quoting=quoting, strict=True)
    try:
        for raw_cells in reader:
            cells = [cell.strip() for cell in raw_cells]
            if not any(cells):
                continue
            if not columns:
                columns = tuple(_without_empty_end(cells, 0))
                continue
            cells = _without_empty_end(cells, len(columns))
            if len(cells) != len(columns):
                raise csv.Error(f"it has {len(cells)} cells for {len(columns)} columns")
            rows.append(Row(reader.line_num, dict(zip(columns, cells, strict=True))))
    except csv.Error as error:
        raise RecordingError(
            f"Line {reader.line_num} of the table {path.name} cannot be right ({error}): correct it."
        ) from error
    twice = next((name for name in columns if columns.count(name) > 1), None)
    if twice is not None:
        raise RecordingError(f"The table {path.name} has two columns named '{twice}': rename one of them.")
    return Table(path, columns, tuple(rows))


def _without_empty_end(cells: list[str], least: int) -> list[str]:
    """Spreadsheets write separators for columns that were emptied."""
    while len(cells) > least and not cells[-1]:
        cells = cells[:-1]
    return cells
