"""Sections on what was recorded: subjects and class balance, and what preprocessing did."""

from __future__ import annotations

import numpy as np

from escgan.report import figures
from escgan.report.blocks import Block, Cell, Column, Paragraph, Picture, Section, Table, columns, missing
from escgan.report.data import ReportData
from escgan.report.drawing import picture
from escgan.report.figures_recordings import mean_spectrum, recording_spectra
from escgan.report.summary import edited_per_fold, unusual_recordings, windows_per_class
from escgan.report.tables_preprocessing import (
    FOLD_ABOVE,
    findings_table,
    left_out_table,
    quality_table,
    steps_table,
    taken_words,
    warnings_table,
)
from escgan.report.wording import (
    as_number,
    count,
    count_cell,
    listed,
    percent,
    plural,
    significant,
    text_cell,
)

_MOST_PANELS = 24


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
    trained = [f"{count(n)} {name}" for name, n in zip(data.classes, data.trained, strict=True)]
    added = [
        f"{augmenter} adds {listed([f'{count(n)} {name}' for name, n in zip(data.classes, values, strict=True)])}"
        for augmenter, values in edited_per_fold(data).items()
    ]
    caption = "Left: windows of each class per subject. " if added else "Windows of each class per subject. "
    if added:
        caption += (
            "Right: solid, the real windows that a fold trains on; hatched, what each augmenter adds to them; both are "
            "means over folds. Columns that end at the same height are balanced training data."
        )
    return picture(
        figures.class_balance(data),
        f"Windows per class over {plural(len(table), 'subject')}: {listed(real)}. "
        f"{'; '.join([f'A fold trains on {listed(trained)}', *added]) + '.' if added else 'Nothing is added.'}",
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
    summary = f"All recordings ({len(rows):,})" if len(rows) > FOLD_ABOVE else ""
    return Table("recordings", "One row a recording that was used.", heads, tuple(rows), summary)


def preprocessing_section(data: ReportData) -> Section:
    """Return warnings, steps, the spectra before and after, the signal quality, and what was left out, and why."""
    blocks: list[Block] = []
    if data.without_signal:
        blocks.append(
            missing(
                f"{plural(len(data.without_signal), 'recording')} of this corpus are distributed as features: no "
                "signal was preprocessed here."
                if len(data.without_signal) > 1
                else "The recording is distributed as features: no signal was preprocessed here."
            )
        )
    if not data.without_signal or not data.steps.empty:
        blocks += _signal_blocks(data)
    if data.left_out.empty:
        blocks.append(missing("Recordings left out: none."))
    else:
        blocks.append(left_out_table(data))
    return Section("preprocessing", "What preprocessing did", tuple(blocks))


def _signal_blocks(data: ReportData) -> list[Block]:
    """Return what there is to say where signals were preprocessed."""
    blocks: list[Block] = []
    if (data.steps["warning"] != "").any():
        blocks.append(warnings_table(data))
    blocks.append(steps_table(data) if not data.steps.empty else missing("No preprocessing step was applied."))
    if data.spectra:
        blocks.append(_spectra_picture(data))
    else:
        blocks.append(missing("No spectra were kept of this run, so before and after cannot be drawn."))
    if len(data.spectra) > 1:
        blocks.append(_small_spectra_picture(data))
    if taken := taken_words(data):
        blocks.append(Paragraph(taken))
    if data.quality.empty:
        blocks.append(missing("Signal quality was not measured."))
    else:
        blocks.append(quality_table(data))
    if not data.findings.empty:
        blocks.append(findings_table(data))
    return blocks


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


def _small_spectra_picture(data: ReportData) -> Picture:
    names = unusual_recordings(data, _MOST_PANELS)
    caption = "Before and after preprocessing, a panel a recording, all on one scale."
    if len(names) < len(data.spectra):
        caption = (
            f"Before and after preprocessing for {len(names)} of {len(data.spectra):,} recordings: those whose spectra "
            "after preprocessing lie furthest from the geometric mean. All on one scale."
        )
    return picture(
        recording_spectra(data, names),
        f"Spectra before and after preprocessing of {plural(len(names), 'recording')}, a panel each: {listed(names)}.",
        caption,
    )
