"""Tables of what preprocessing did: warnings, steps, signal quality, what was taken from each recording and why."""

from __future__ import annotations

import numpy as np
import pandas as pd

from escgan.report.blocks import Cell, Column, Table, columns
from escgan.report.data import ReportData
from escgan.report.summary import recording_quality
from escgan.report.wording import DASH, as_number, as_text, count, listed, percent, plural, significant, text_cell

FOLD_ABOVE = 40
"""A table of more rows starts folded."""
_MOST_FINDINGS = 2000


def warnings_table(data: ReportData) -> Table:
    """Return the steps' warnings, those of several recordings on one line."""
    warned = _in_step_order(data.steps)
    warned = warned[warned["warning"] != ""]
    n_recordings = data.steps["recording"].nunique()
    rows = tuple(
        (Cell(str(step), strong=True), Cell(str(warning), tone="hurt"), _recordings_cell(group, n_recordings))
        for (step, warning), group in warned.groupby(["step", "warning"], sort=False)
    )
    return Table(
        "warnings",
        "Warnings: what a step was asked for that the signal makes doubtful or needless.",
        columns(["Step", "Warning", "Recordings"]),
        rows,
    )


def _in_step_order(steps: pd.DataFrame) -> pd.DataFrame:
    """Put a step's lines together, where the step first ran."""
    order = {step: i for i, step in enumerate(steps["step"].unique())}
    return steps.sort_values("step", key=lambda names: names.map(order), kind="stable")


def _recordings_cell(group: pd.DataFrame, n_recordings: int) -> Cell:
    """Name the recordings of some lines, or say that they are all."""
    names = list(dict.fromkeys(group["recording"]))
    text = f"all {n_recordings}" if len(names) == n_recordings > 1 else listed(names[:3])
    if len(names) > 3 and len(names) != n_recordings:
        text = f"{', '.join(names[:3])} and {len(names) - 3} more"
    return Cell(text, title=", ".join(names))


def steps_table(data: ReportData) -> Table:
    """Return what each step planned, and what it found where that is the same in all recordings."""
    n_recordings = data.steps["recording"].nunique()
    shown = (
        _in_step_order(data.steps)[["recording", "step", "settings", "decision", "found"]].astype(object).map(as_text)
    )
    rows = []
    # Recordings treated alike share a line, so that what was decided for one alone stands out.
    for (step, settings, decision), group in shown.groupby(["step", "settings", "decision"], sort=False):
        found = group["found"].unique()
        words = f"found: {found[0]}" if len(found) == 1 else "what it found differs: listed below by recording"
        detail = "" if len(found) == 1 and found[0] == DASH else words
        told = Cell(str(decision), detail=detail)
        rows.append((Cell(str(step), strong=True), Cell(str(settings)), told, _recordings_cell(group, n_recordings)))
    return Table(
        "steps",
        "Steps in the order they ran; recordings treated alike share a line.",
        columns(["Step", "Settings", "What it decided", "Recordings"]),
        tuple(rows),
        summary=f"Preprocessing steps ({plural(len(rows), 'line')})" if len(rows) > FOLD_ABOVE else "",
    )


def quality_table(data: ReportData) -> Table:
    """Return amplitudes and faults of each recording, and what steps took from it."""
    table = recording_quality(data)
    taken = [column for column in _TAKEN if column in table]
    rows = tuple(
        (
            text_cell(line["recording"]),
            *(Cell(significant(line[name]), sort=float(line[name])) for name in ("median_std_uv", "peak_to_peak_uv")),
            *(Cell(percent(line[name], 2), sort=float(line[name])) for name in ("flat_share", "clipped_share")),
            text_cell(line["worst_channel"]),
            *(_taken_cell(line, name) for name in taken),
        )
        for _, line in table.iterrows()
    )
    heads = (
        Column("Recording"),
        Column("Median SD (µV)", numeric=True, title="Standard deviation, median over channels"),
        Column("Largest peak to peak (µV)", numeric=True),
        Column("Flat", numeric=True, title="Share of time, largest over channels"),
        Column("Clipped", numeric=True, title="Share of time, largest over channels"),
        Column("Worst channel"),
        *(_TAKEN[name] for name in taken),
    )
    return Table(
        "quality",
        "Signal quality per recording. The worst channel is the one most often flat or clipped; where none is, the "
        "one whose standard deviation is furthest from the recording's median."
        + (" Amplitudes leave out what was rejected." if "rejected_share" in taken else ""),
        heads,
        rows,
        summary=f"Signal quality ({plural(len(rows), 'recording')})" if len(rows) > FOLD_ABOVE else "",
    )


_TAKEN = {
    "rejected_share": Column(
        "Rejected", numeric=True, title="Share of the trials' time; windows that overlap it are left out"
    ),
    "interpolated": Column("Interpolated", numeric=True, title="Bad channels rebuilt from the others"),
    "components_removed": Column("Components removed", numeric=True, title="Of those that were fitted"),
}
"""What preprocessing took, where a step of that sort ran."""


def taken_words(data: ReportData) -> str:
    """Say in a few sentences how much preprocessing took from all recordings."""
    sentences = []
    table = data.treatment
    rejected = table["rejected_share"].dropna().astype(float)
    if len(rejected):
        most = table["recording"].iloc[int(rejected.to_numpy().argmax())]
        worst = f", most in {most} ({percent(rejected.max(), 1)})" if rejected.max() > 0 else ""
        sentences.append(
            f"Preprocessing rejected {percent(rejected.median(), 1)} of a recording's time (median){worst}."
        )
    for name, verb, noun in (
        ("interpolated", "interpolated", "channel"),
        ("components_removed", "removed", "component"),
    ):
        counts = table[name].dropna().map(lambda value: len(value) if isinstance(value, tuple) else int(value))
        if len(counts):
            n = int(counts.sum())
            where = f" in {plural(int((counts > 0).sum()), 'recording')}" if n else ""
            sentences.append(f"It {verb} {plural(n, noun) if n else f'no {noun}'}{where}.")
    return " ".join(sentences)


def _taken_cell(line: pd.Series, name: str) -> Cell:
    value = line[name]
    if name == "interpolated":
        if not isinstance(value, tuple):
            return text_cell(None)
        return Cell(count(len(value)), sort=float(len(value)), detail=", ".join(value))
    number = as_number(value)
    if name == "rejected_share":
        return Cell(percent(number, 1), sort=number)
    fitted = as_number(line.get("components_fitted"))
    return Cell(count(number) + (f" of {count(fitted)}" if np.isfinite(fitted) else ""), sort=number)


def findings_table(data: ReportData) -> Table:
    """Return what was dropped, repaired and removed, and why; folded."""
    shown = data.findings.iloc[:_MOST_FINDINGS]
    rows = tuple(
        tuple(text_cell(line[name]) for name in ("recording", "step", "what", "outcome", "why"))
        for _, line in shown.iterrows()
    )
    caption = "What steps decided from the samples: channels, components and stretches of time, and why."
    if len(shown) < len(data.findings):
        caption += f" The first {len(shown):,} of {len(data.findings):,} lines; the recordings' own logs hold them all."
    return Table(
        "findings",
        caption,
        columns(["Recording", "Step", "What", "Outcome", "Why"]),
        rows,
        summary=f"What was dropped, repaired and removed, and why ({plural(len(data.findings), 'line')})",
    )


def left_out_table(data: ReportData) -> Table:
    """Return the recordings that could not be used."""
    return Table(
        "left-out",
        f"{plural(len(data.left_out), 'recording')} left out, and why.",
        columns(["Recording", "Reason"]),
        tuple((text_cell(line["recording"]), text_cell(line["reason"])) for _, line in data.left_out.iterrows()),
    )
