"""Where the trials of a BIDS run lie and what their conditions are: its events, its participant, or its task."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from escgan.datasets.bids_runs import PARTICIPANTS, Run
from escgan.datasets.mne_reading import RecordedFile
from escgan.datasets.tables import Row, Table, read_table
from escgan.errors import RecordingError
from escgan.listing import first_of
from escgan.recording import TrialSpan

_MOST_NAMED = 8
# What MNE and EEGLAB write where recordings were joined or stretches rejected is no trial, unless it is asked for.
_MARK = re.compile(r"(BAD|EDGE)[ _].*|boundary")


@dataclass(frozen=True)
class WantedEvents:
    """Which rows of ``events.tsv`` are trials, and how long; the fields are the options of the corpus."""

    column: str
    conditions: tuple[str, ...]
    trial_s: float | None
    baseline_s: float
    ratings: tuple[str, ...]


def refuse_partly_missing_events(runs: Sequence[Run], subject: str) -> None:
    """Refuse a run without a table of events where another run of its task has one: its trials would be lost.

    Tasks without any, such as rest, hold no trials.

    Raises
    ------
    RecordingError
        There is such a run.
    """
    without = [run for run in runs if run.table("events.tsv") is None]
    tasks = {run.entities.get("task") for run in runs if run not in without}
    lost = next((run for run in without if run.entities.get("task") in tasks), None)
    if lost is not None:
        raise RecordingError(
            f"The run {lost.path.name} of subject {subject} has no events.tsv, and other runs of its task have: put "
            f"{lost.path.name.rpartition('_')[0]}_events.tsv beside it (with its head alone if it holds no trial)."
        )


def event_spans(
    run: Run, file: RecordedFile, wanted: WantedEvents, first_trial: int
) -> tuple[list[TrialSpan], list[str]]:
    """Return the trials among a run's events, numbered from ``first_trial`` on, and what was left out.

    Raises
    ------
    RecordingError
        The table lacks a column, an event has no length, or most lie outside the file.
    """
    table = run.table("events.tsv")
    if table is None:
        return [], [f"run left out, no events.tsv: {run.path.name}"]
    _refuse_missing_columns(table, ["onset", wanted.column, *wanted.ratings], file)
    rows = [row for row in table.rows if _counts(row, wanted)]
    spans: list[TrialSpan] = []
    without_onset: list[Row] = []
    outside: list[Row] = []
    for row in rows:
        onset_s = _number(row, "onset", table, file)
        if onset_s is None:
            without_onset.append(row)
            continue
        duration_s = wanted.trial_s or _number(row, "duration", table, file)
        if not duration_s or duration_s < 0:
            raise RecordingError(
                f"The event '{row.text(wanted.column)}' in line {row.line} of {table.path.name} has no duration: give "
                "it with the dataset's option 'trial_s', or choose the events that are trials with 'conditions'."
            )
        slack_s = 0.5 / file.sfreq
        if onset_s - wanted.baseline_s < -slack_s or onset_s + duration_s > file.duration_s + slack_s:
            outside.append(row)
            continue
        spans.append(
            TrialSpan(
                segment=0,
                trial=first_trial + len(spans),
                stimulus=row.text("stim_file") or str(row.text(wanted.column)),
                start_s=onset_s,
                duration_s=duration_s,
                baseline_s=wanted.baseline_s,
                ratings={name.lower(): _rating(row, name, table, file) for name in wanted.ratings},
                condition=row.text(wanted.column),
            )
        )
    # A recording that was stopped early loses its last events; one whose times are no seconds loses most.
    if len(outside) > len(spans):
        raise RecordingError(
            f"{len(outside)} of {len(rows)} trials in {table.path.name} reach beyond {file.path.name}, which lasts "
            f"{file.duration_s:g} s (line {outside[0].line} is the first): check that onsets and durations are "
            "seconds, and the dataset's options 'trial_s' and 'baseline_s'."
        )
    marks = Counter(value for row in table.rows if (value := row.text(wanted.column)) and _MARK.fullmatch(value))
    marked = [f"'{value}' x{n}" for value, n in marks.items() if value not in wanted.conditions]
    log = [f"marks among the events, which are no trials: {first_of(marked, _MOST_NAMED)}"] if marked else []
    return spans, [
        *log,
        *_left_out(without_onset, table, "no onset"),
        *_left_out(outside, table, "reach beyond the file"),
    ]


def task_of(run: Run) -> str:
    """Return the run's task; raises RecordingError where its name gives none."""
    task = run.entities.get("task")
    if task is None:
        raise RecordingError(f"The file {run.path.name} names no task: rename it as BIDS asks, or use other labels.")
    return task


def group_of(run: Run, column: str) -> str:
    """Return what ``participants.tsv`` says of the run's subject; raises RecordingError where it says nothing."""
    subject = run.entities["sub"]
    table = read_table(run.root / PARTICIPANTS, separators="\t")
    missing = [name for name in ("participant_id", column) if name not in table.columns]
    if missing:
        raise RecordingError(
            f"The table {PARTICIPANTS} has no column '{missing[0]}': expected one of {', '.join(table.columns)}."
        )
    rows = [row for row in table.rows if str(row.text("participant_id")).removeprefix("sub-") == subject]
    values = {row.text(column) for row in rows}
    if len(values) != 1 or None in values:
        words = (
            "does not list" if not rows else f"gives no '{column}' for" if values == {None} else "contradicts itself on"
        )
        raise RecordingError(f"The table {PARTICIPANTS} {words} sub-{subject}: correct it, or leave the subject out.")
    return str(values.pop())


def said_in(runs: Sequence[Run], column: str) -> str:
    """Say which values the runs' events have, and how often."""
    counts: Counter[str] = Counter()
    for run in runs:
        table = run.table("events.tsv")
        counts.update(str(row.text(column)) for row in table.rows if row.text(column)) if table else None
    return first_of([f"'{value}' x{n}" for value, n in counts.most_common()], _MOST_NAMED) or "there is none"


def _counts(row: Row, wanted: WantedEvents) -> bool:
    value = row.text(wanted.column)
    if value is None:
        return False
    return value in wanted.conditions if wanted.conditions else _MARK.fullmatch(value) is None


def _refuse_missing_columns(table: Table, names: Sequence[str], file: RecordedFile) -> None:
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise RecordingError(
            f"The table {table.path.name} of subject {file.subject} has no column '{missing[0]}': expected one of "
            f"{', '.join(table.columns)}."
        )


def _number(row: Row, column: str, table: Table, file: RecordedFile) -> float | None:
    try:
        return row.number(column)
    except ValueError:
        raise RecordingError(
            f"Line {row.line} of {table.path.name} of subject {file.subject} has '{row.cells[column]}' as {column}: "
            "give a number or n/a."
        ) from None


def _rating(row: Row, column: str, table: Table, file: RecordedFile) -> float:
    value = _number(row, column, table, file)
    return float("nan") if value is None else value


def _left_out(rows: Sequence[Row], table: Table, why: str) -> list[str]:
    if not rows:
        return []
    lines = ", ".join(str(row.line) for row in rows)
    return [f"trials left out, {why}: line {lines} of {table.path.name}"]
