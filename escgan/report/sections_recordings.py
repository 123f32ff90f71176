"""Sections on what was recorded: subjects and class balance, and what preprocessing did."""

from __future__ import annotations

import numpy as np

from escgan.report import figures
from escgan.report.blocks import Block, Cell, Column, Picture, Section, Table, columns, missing
from escgan.report.data import ReportData
from escgan.report.drawing import picture
from escgan.report.figures_recordings import mean_spectrum
from escgan.report.summary import edited_per_fold, recording_quality, windows_per_class
from escgan.report.wording import (
    as_number,
    as_text,
    count,
    count_cell,
    listed,
    percent,
    plural,
    significant,
    text_cell,
)

_FOLD_ABOVE = 40
"""A table of more rows starts folded."""


def subjects_section(data: ReportData) -> Section:
    """Return windows per subject and class, and what is added to them."""
    if data.recordings.empty:
        return Section("subjects", "Subjects and class balance", (missing("No recording was used."),))
    blocks: list[Block] = [_balance_picture(data), _recordings_table(data)]
    if not data.scalp:
        blocks.append(missing("No augmenter of this run makes windows, so nothing is added to a class."))
    return Section("subjects", "Subjects and class balance", tuple(blocks))


def _balance_picture(data: ReportData) -> Picture:
    table = windows_per_class(data)
    real = [f"{count(table[name].sum())} {name}" for name in data.classes]
    added = [
        f"{augmenter} adds {listed([f'{count(n)} {name}' for name, n in zip(data.classes, values, strict=True)])}"
        for augmenter, values in edited_per_fold(data).items()
    ]
    caption = "Left: windows of each class per subject. " if added else "Windows of each class per subject. "
    if added:
        caption += (
            "Right: solid, the windows of all recordings; hatched, what each augmenter adds to a class, "
            "mean over folds. Columns that end at the same height are balanced training data "
            "(a fold trains on fewer real windows, those of its held-out subjects left out)."
        )
    return picture(
        figures.class_balance(data),
        f"Windows per class over {plural(len(table), 'subject')}: {listed(real)}. "
        f"{'; '.join(added) + ' in a fold.' if added else 'Nothing is added.'}",
        caption,
    )


def _recordings_table(data: ReportData) -> Table:
    named = [f"n: {name}" for name in data.classes]
    rows = []
    for _, line in data.recordings.iterrows():
        counts = np.array([as_number(line[name]) for name in named])
        share = counts.min() / counts.sum() if counts.sum() > 0 else float("nan")
        rows.append(
            (
                *(text_cell(line[name]) for name in ("recording", "subject", "session")),
                count_cell(line["trials"]),
                count_cell(line["windows"]),
                *(count_cell(value) for value in counts),
                Cell(percent(share), sort=float(share)),
            )
        )
    heads = (
        *columns(["Recording", "Subject", "Session"], ["Trials", "Windows", *data.classes]),
        Column("Rarest class", numeric=True, title="Share of the recording's windows"),
    )
    summary = f"All recordings ({len(rows):,})" if len(rows) > _FOLD_ABOVE else ""
    return Table("recordings", "One row a recording that was used.", heads, tuple(rows), summary)


def preprocessing_section(data: ReportData) -> Section:
    """Return the steps, the spectra before and after, the signal quality, and what was left out."""
    blocks: list[Block] = []
    blocks.append(_steps_table(data) if not data.steps.empty else missing("No preprocessing step was applied."))
    if data.spectra:
        blocks.append(_spectra_picture(data))
    else:
        blocks.append(missing("No spectra were kept of this run, so before and after cannot be drawn."))
    if data.quality.empty:
        blocks.append(missing("Signal quality was not measured."))
    else:
        blocks.append(_quality_table(data))
    if data.left_out.empty:
        blocks.append(missing("Recordings left out: none."))
    else:
        blocks.append(_left_out_table(data))
    return Section("preprocessing", "What preprocessing did", tuple(blocks))


def _steps_table(data: ReportData) -> Table:
    n_recordings = data.steps["recording"].nunique()
    shown = data.steps[["recording", "step", "settings", "decision"]].astype(object).map(as_text)
    # A step's lines stand together, where the step first ran.
    order = {step: i for i, step in enumerate(shown["step"].unique())}
    shown = shown.sort_values("step", key=lambda steps: steps.map(order), kind="stable")
    rows = []
    # Recordings treated alike share a line, so that what was decided for one alone stands out.
    for (step, settings, decision), group in shown.groupby(["step", "settings", "decision"], sort=False):
        names = list(dict.fromkeys(group["recording"]))
        text = f"all {n_recordings}" if len(names) == n_recordings > 1 else listed(names[:3])
        if len(names) > 3 and len(names) != n_recordings:
            text = f"{', '.join(names[:3])} and {len(names) - 3} more"
        rows.append(
            (
                Cell(str(step), strong=True),
                Cell(str(settings)),
                Cell(str(decision)),
                Cell(text, title=", ".join(names)),
            )
        )
    return Table(
        "steps",
        "Steps in the order they ran; recordings treated alike share a line.",
        columns(["Step", "Settings", "What it decided", "Recordings"]),
        tuple(rows),
        summary=f"Preprocessing steps ({plural(len(rows), 'line')})" if len(rows) > _FOLD_ABOVE else "",
    )


def _spectra_picture(data: ReportData) -> Picture:
    told = []
    for key in ("before", "after"):
        frequency, power = mean_spectrum(data, key)
        points = [hz for hz in (10.0, 50.0) if len(frequency) and frequency.min() <= hz <= frequency.max()]
        values = [f"{significant(float(np.interp(hz, frequency, power)), 2)} µV²/Hz at {hz:g} Hz" for hz in points]
        told.append(f"{key} {listed(values)}")
    return picture(
        figures.spectra(data),
        f"Power spectra of {plural(len(data.spectra), 'recording')}; geometric mean {', '.join(told)}.",
        "Mean power spectral density over channels, one thin line a recording. Look for a peak at the mains frequency "
        "(50 or 60 Hz) that should be gone on the right, and for recordings that lie far from the rest.",
    )


def _quality_table(data: ReportData) -> Table:
    rows = tuple(
        (
            text_cell(line["recording"]),
            *(Cell(significant(line[name]), sort=float(line[name])) for name in ("median_std_uv", "peak_to_peak_uv")),
            *(Cell(percent(line[name], 2), sort=float(line[name])) for name in ("flat_share", "clipped_share")),
            text_cell(line["worst_channel"]),
        )
        for _, line in recording_quality(data).iterrows()
    )
    heads = (
        Column("Recording"),
        Column("Median SD (µV)", numeric=True, title="Standard deviation, median over channels"),
        Column("Largest peak to peak (µV)", numeric=True),
        Column("Flat", numeric=True, title="Share of time, largest over channels"),
        Column("Clipped", numeric=True, title="Share of time, largest over channels"),
        Column("Worst channel"),
    )
    return Table(
        "quality",
        "Signal quality per recording. The worst channel is the one most often flat or clipped; where none is, the "
        "one whose standard deviation is furthest from the recording's median.",
        heads,
        rows,
        summary=f"Signal quality ({plural(len(rows), 'recording')})" if len(rows) > _FOLD_ABOVE else "",
    )


def _left_out_table(data: ReportData) -> Table:
    return Table(
        "left-out",
        f"{plural(len(data.left_out), 'recording')} left out, and why.",
        columns(["Recording", "Reason"]),
        tuple((text_cell(line["recording"]), text_cell(line["reason"])) for _, line in data.left_out.iterrows()),
    )
