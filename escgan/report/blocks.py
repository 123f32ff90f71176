"""The parts a page is built from: sections of pictures, tables, sentences and listings.

Sections are gathered as plain values first, so that what the report says can be tested without reading HTML,
and so that the template stays one loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes
    ----------
    text
        What is read.
    sort
        The number to sort by; without one, the text sorts.
    detail
        A second, smaller line.
    title
        What a pointer resting on the cell shows, such as the full key behind a shortened one.
    strong
        Printed bold.
    tone
        "helped", "hurt" or "undecided" to colour the cell; the text must say the same in words.
    """

    text: str
    sort: float | None = None
    detail: str = ""
    title: str = ""
    strong: bool = False
    tone: str = ""


@dataclass(frozen=True)
class Column:
    """The head of a column: its name, whether it holds numbers, and what it means."""

    name: str
    numeric: bool = False
    title: str = ""


@dataclass(frozen=True)
class Table:
    """A table with a caption; folded behind ``summary`` where one is given."""

    kind: ClassVar[str] = "table"
    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    summary: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(
                    f"Table '{self.name}' has {len(self.columns)} columns but a row of {len(row)} cells: "
                    "give every row one cell a column."
                )


@dataclass(frozen=True)
class Picture:
    """A figure inside the page.

    ``uri`` is a ``data:`` URI, ``alt`` says what the figure shows with its key numbers, ``caption`` says how
    to read it, and ``width`` and ``height`` are CSS pixels. ``chart`` is the same figure as Plotly's JSON, to be laid
    over the picture where scripts run; "" for none.
    """

    kind: ClassVar[str] = "picture"
    uri: str
    alt: str
    caption: str
    width: int
    height: int
    chart: str = ""


@dataclass(frozen=True)
class Paragraph:
    """A sentence or a few; ``empty`` marks one that stands where data are missing."""

    kind: ClassVar[str] = "paragraph"
    text: str
    heading: str = ""
    empty: bool = False


@dataclass(frozen=True)
class Listing:
    """Text kept as it is typed, such as a configuration, folded behind ``summary``."""

    kind: ClassVar[str] = "listing"
    text: str
    summary: str


Block = Picture | Table | Paragraph | Listing


@dataclass(frozen=True)
class Section:
    """A headed part of the page; ``name`` is its anchor."""

    name: str
    heading: str
    blocks: tuple[Block, ...]


def missing(text: str) -> Paragraph:
    """Return the sentence that stands where a figure or table has nothing to show."""
    return Paragraph(text, empty=True)


def columns(text: Sequence[str] = (), numbers: Sequence[str] = ()) -> tuple[Column, ...]:
    """Return the heads of columns of text followed by columns of numbers.

    >>> [(column.name, column.numeric) for column in columns(["fold"], ["accuracy"])]
    [('fold', False), ('accuracy', True)]
    """
    return (*(Column(name) for name in text), *(Column(name, numeric=True) for name in numbers))
