"""A plain folder of anything that MNE reads, and a table that says which stretches of which files are trials."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from escgan.datasets.corpus import existing_folder, nothing_found
from escgan.datasets.mne_reading import Marker, RecordedFile, marker_words, open_recording
from escgan.datasets.own_recordings import OwnRecordings, Part, natural_key
from escgan.datasets.raw_files import companions, named_file
from escgan.datasets.tables import Row, Table, read_table
from escgan.errors import RecordingError
from escgan.recording import RawRecording, RecordingSource, TrialSpan

_TABLE = re.compile(r"trials([_-].*)?\.(csv|tsv)", re.I)
_NEEDED = ("file", "subject")
_TEXTS = ("session", "stimulus", "condition", "marker")
_NUMBERS = ("trial", "start_s", "duration_s", "baseline_s")
# Names that the pipeline's own tables use beside ratings.
_TAKEN = ("window", "label")
# Beyond it, a number that went through a spreadsheet is no longer exact.
_LARGEST_TRIAL = 2**31 - 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class _Line:
    """A row of a table, and the table that it stands in."""

    table: Table
    row: Row

    @property
    def where(self) -> str:
        return f"Line {self.row.line} of {self.table.path.name}"

    @property
    def recording(self) -> tuple[str, str]:
        return str(self.row.text("subject")), self.row.text("session") or "1"

    @property
    def file(self) -> Path | None:
        """The recording's file; None where the name leads out of the table's folder."""
        # Tables are written on Windows and read elsewhere.
        return named_file(self.table.path.parent, str(self.row.text("file")).replace("\\", "/"))

    def number(self, column: str) -> float | None:
        try:
            return self.row.number(column)
        except ValueError:
            cell = self.row.cells[column]
            raise RecordingError(f"{self.where} has '{cell}' as {column}: give a number, or leave it empty.") from None


class FolderConfig(OwnRecordings):
    """Recordings in files of any kind, with the trials in ``trials.csv``."""

    title: ClassVar[str] = "Your own recordings in a folder"
    in_text: ClassVar[str] = "a folder of recordings"
    licence: ClassVar[str] = "your own terms"
    citation: ClassVar[str] = "your own publication"
    note: ClassVar[str] = (
        "The classes are what trials.csv says: conditions, or ratings cut into classes. Whether trials of different "
        "classes differ in anything else (order, time, electrode contact) is for the experiment's author to know."
    )
    access: ClassVar[str] = "your own"
    expects: ClassVar[str] = (
        "trials.csv (columns file, subject; optionally session, trial, start_s, duration_s, baseline_s, marker, "
        "stimulus, condition and ratings) beside files that MNE reads"
    )

    kind: Literal["folder"] = "folder"

    def discover(self, data: Path) -> tuple[RecordingSource, ...]:
        """List a recording for every subject and session of the table.

        A recording's files are those that its rows name, in the order of their first appearance, and the tables
        that hold these rows. Every change of a table counts for all recordings in it: where tables are edited
        often, one a subject (``trials_s01.csv``, ...) keeps the others' results.
        """
        folder = existing_folder(data, type(self))
        tables = [read_table(path) for path in sorted(folder.iterdir()) if _TABLE.fullmatch(path.name)]
        found: dict[tuple[str, str], list[_Line]] = {}
        for line in _lines(tables):
            found.setdefault(line.recording, []).append(line)
        if not tables:
            raise nothing_found(folder, type(self))
        if not found:
            raise RecordingError(
                f"The table {tables[0].path} has no lines below its head: write one for every trial, with its file and "
                "subject."
            )
        sources = []
        for subject, session in sorted(found, key=lambda key: (natural_key(key[0]), natural_key(key[1]))):
            lines = found[subject, session]
            named = [file for line in lines if (file := line.file) is not None]
            recorded = [file for path in named for file in (path, *companions(path)) if not file.is_dir()]
            files = [*recorded, *(line.table.path for line in lines)]
            sources.append(RecordingSource(subject, session, tuple(dict.fromkeys(files))))
        return tuple(sources)

    def read(self, source: RecordingSource) -> RawRecording:
        """Read the files of a subject and session, each a segment.

        Returns
        -------
        raw
            The EEG channels that have 10-10 names; pass-band as the files or the options state it.
        """
        tables = [read_table(path) for path in source.files if _TABLE.fullmatch(path.name)]
        mine = [line for line in _lines(tables) if line.recording == (source.subject, source.session)]
        numbers = _trial_numbers(mine)
        ratings = {table.path: _ratings(table) for table in tables}
        parts = []
        for path in dict.fromkeys(_file_of(line) for line in mine):
            of_file = [(line, number) for line, number in zip(mine, numbers, strict=True) if line.file == path]
            if any(self._wanted(line.row.text("condition")) for line, _ in of_file):
                parts.append(self._part(path, source.subject, of_file, ratings))
        if not parts:
            raise RecordingError(
                f"No trial of subject {source.subject}, session {source.session}, has one of the conditions "
                f"{', '.join(self.conditions)}: correct the option 'conditions' or leave the recording out."
            )
        return self._joined(source, parts)

    def _part(
        self, path: Path, subject: str, lines: Sequence[tuple[_Line, int]], ratings: dict[Path, tuple[str, ...]]
    ) -> Part:
        file = open_recording(path, subject)
        starts = _starts(file, [line for line, _ in lines])
        spans = [
            _span(line, number, marker, file.duration_s, ratings[line.table.path])
            for (line, number), marker in zip(lines, starts, strict=True)
            if self._wanted(line.row.text("condition"))
        ]
        ignored = sorted({name for line, _ in lines for name in _ignored(line.table, ratings[line.table.path])})
        log = [f"columns of the table that are no ratings, being no numbers: {', '.join(ignored)}"] if ignored else []
        return Part(file, tuple(spans), file.passband_hz, log=tuple(log))


def _file_of(line: _Line) -> Path:
    """Return a row's file; raises RecordingError where its name leads out of the folder."""
    if (path := line.file) is None:
        raise RecordingError(
            f"{line.where} names the file '{line.row.text('file')}', which is none in the table's folder: put it or a "
            "link to it there."
        )
    return path


def _lines(tables: Sequence[Table]) -> list[_Line]:
    """Return the rows of all tables; raises RecordingError where one cannot be told what recording it is of."""
    lines = []
    for table in tables:
        missing = [name for name in _NEEDED if name not in table.columns]
        if missing:
            raise RecordingError(
                f"The table {table.path.name} has no column '{missing[0]}' (it has {', '.join(table.columns)}): name "
                "every trial's file and subject."
            )
        for row in table.rows:
            line = _Line(table, row)
            empty = [name for name in _NEEDED if row.text(name) is None]
            if empty:
                raise RecordingError(f"{line.where} names no {empty[0]}: fill it in or remove the line.")
            for name in line.recording:
                if not _NAME.fullmatch(name):
                    raise RecordingError(
                        f"{line.where} has the subject or session '{name}': use letters, digits, '.', '_' and '-' only."
                    )
            lines.append(line)
    return lines


def _trial_numbers(lines: Sequence[_Line]) -> list[int]:
    """Return the trials' numbers, which count the recording's rows where the table gives none."""
    given = [line.number("trial") for line in lines]
    numbers = [index if number is None else number for index, number in enumerate(given, start=1)]
    for line, number in zip(lines, numbers, strict=True):
        if number != int(number) or not 0 <= number <= _LARGEST_TRIAL or numbers.count(number) > 1:
            raise RecordingError(
                f"{line.where} gives subject {line.recording[0]} trial {number:g}, which is no number of its own: "
                "number the trials of a recording 1, 2, 3, ..., or leave the column out."
            )
    return [int(number) for number in numbers]


def _ratings(table: Table) -> tuple[str, ...]:
    """Return the columns that are ratings: numbers, and nothing that has a meaning of its own."""
    known = (*_NEEDED, *_TEXTS, *_NUMBERS)
    ratings = tuple(name for name in table.columns if name not in known and table.is_numeric(name))
    taken = [name for name in ratings if name.lower() in _TAKEN]
    if taken:
        raise RecordingError(
            f"The table {table.path.name} has a rating column '{taken[0]}', a name that the results use: rename it."
        )
    lower = [name.lower() for name in ratings]
    twice = next((name for name in lower if lower.count(name) > 1), None)
    if twice is not None:
        raise RecordingError(f"The table {table.path.name} has two rating columns '{twice}': rename one of them.")
    return ratings


def _ignored(table: Table, ratings: Sequence[str]) -> list[str]:
    return [name for name in table.columns if name not in (*_NEEDED, *_TEXTS, *_NUMBERS, *ratings)]


def _starts(file: RecordedFile, lines: Sequence[_Line]) -> list[Marker | None]:
    """Return the marker that each row's trial starts at: a file's k-th row with a marker takes its k-th occurrence."""
    wanted = Counter(name for line in lines if (name := line.row.text("marker")) is not None)
    if not wanted:
        return [None] * len(lines)
    markers = file.markers()
    found = {name: [marker for marker in markers if marker.name == name] for name in wanted}
    for name, n_rows in wanted.items():
        if len(found[name]) != n_rows:
            raise RecordingError(
                f"{file.where} has marker '{name}' {len(found[name])} times, but {n_rows} rows of the table name it "
                f"(its markers: {marker_words(markers)}): give every occurrence a row, or start_s instead."
            )
    taken = {name: iter(occurrences) for name, occurrences in found.items()}
    return [next(taken[name]) if (name := line.row.text("marker")) is not None else None for line in lines]


def _span(line: _Line, number: int, marker: Marker | None, file_s: float, ratings: Sequence[str]) -> TrialSpan:
    start_s = (line.number("start_s") or 0.0) + (marker.onset_s if marker else 0.0)
    duration_s = line.number("duration_s")
    if duration_s is None:
        duration_s = marker.duration_s if marker and marker.duration_s > 0 else file_s - start_s
    baseline_s = line.number("baseline_s") or 0.0
    if start_s < 0 or duration_s <= 0 or baseline_s < 0:
        raise RecordingError(
            f"{line.where} gives a trial of {duration_s:g} s from {start_s:g} s on with a baseline of {baseline_s:g} "
            f"s, in a file of {file_s:g} s: correct start_s, duration_s and baseline_s."
        )
    condition = line.row.text("condition")
    values = {name.lower(): line.number(name) for name in ratings}
    return TrialSpan(
        segment=0,
        trial=number,
        stimulus=line.row.text("stimulus") or condition or str(number),
        start_s=start_s,
        duration_s=duration_s,
        baseline_s=baseline_s,
        ratings={name: float("nan") if value is None else value for name, value in values.items()},
        condition=condition,
    )
