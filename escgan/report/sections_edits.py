"""Sections on the windows an augmenter makes: scalp maps and training."""

from __future__ import annotations

import numpy as np
import pandas as pd

from escgan.evaluation.verdict import UNSEEN
from escgan.report import charts, figures
from escgan.report.blocks import Block, Cell, Column, Paragraph, Picture, Section, Table, columns, missing
from escgan.report.data import ReportData, ScalpMeans
from escgan.report.drawing import picture
from escgan.report.figures_edits import outside
from escgan.report.figures_scalp import can_be_mapped, has_own_scale, mapped_rows, placed_channels
from escgan.report.figures_training import loss_terms, term_words, training_steps
from escgan.report.table_choices import choice_table
from escgan.report.wording import (
    as_number,
    as_text,
    count,
    count_cell,
    listed,
    measure_words,
    number,
    percent,
    plural,
    significant,
)


def scalp_section(data: ReportData) -> Section:
    """Return the mean maps of every augmenter that makes windows."""
    heading = "Scalp maps"
    if not data.scalp:
        text = "No augmenter of this run makes windows, so there are no maps to compare."
        return Section("scalp", heading, (missing(text),))
    if not can_be_mapped(data):
        text = (
            "Fewer than four channels have a known place in the international 10-05 system, so no maps can be "
            f"drawn. The channels are {listed(list(data.channels))}."
        )
        return Section("scalp", heading, (missing(text),))
    return Section("scalp", heading, tuple(_scalp_picture(data, name) for name in data.scalp))


def _scalp_picture(data: ReportData, augmenter: str) -> Picture:
    means = data.scalp[augmenter]
    told = []
    for c, name in enumerate(data.classes):
        changed = np.isfinite(means.reference[c]).any()
        difference = means.edited[c] - (means.reference if changed else means.real)[c]
        if not np.isfinite(difference).any():
            told.append(f"no window was made {name}")
            continue
        channel, band = np.unravel_index(int(np.nanargmax(np.abs(difference))), difference.shape)
        kind = "change into" if changed else "difference of made from real"
        told.append(
            f"the largest {kind} {name} is {number(float(difference[channel, band]), 2)} "
            f"at {data.channels[channel]} in {data.bands[band]}"
        )
    meaning = {
        "per_subject": "z-scored per subject",
        "coral": "z-scored per subject, with the training subjects’ common covariance",
        "global": "z-scored over the training windows",
    }.get(data.normalization, f"in {data.unit}")
    keep = placed_channels(data)
    lost = [name for i, name in enumerate(data.channels) if i not in keep]
    note = f" Left out, their place being unknown: {listed(lost)}." if lost else ""
    scales = (
        "The maps of a band share one colour scale, differences another"
        if has_own_scale(data, means)
        else "All maps of a band share one colour scale"
    )
    what, _ = measure_words(data.measure)
    return picture(
        figures.scalp_maps(data, augmenter),
        f"Scalp maps of mean {what} for {augmenter}: {'; '.join(told)}.",
        f"{augmenter}: mean {what} ({meaning}), seen from above, nose up. {_rows_words(data, means)} {scales}.{note}",
        raster=True,
    )


def _rows_words(data: ReportData, means: ScalpMeans) -> str:
    """Say what the rows of an augmenter's maps are: those that it has, and no other."""
    kinds = {kind for _, kind in mapped_rows(means)}
    words = "“Real” averages the class' recorded windows"
    if 1 in kinds:
        words += (
            ", “reference” the windows that were edited into the class, “edited” the result, and “edited − reference” "
            "is what was changed. A faithful edit looks like “real”."
        )
    elif 2 in kinds:
        words += (
            ", “edited” those that the augmenter made: they are not edits of one window each, so there is no reference "
            "to show. Faithful ones look like “real”."
        )
    else:
        return f"{words}; none was made of any class."
    without = [name for name, n in zip(data.classes, means.n_edited, strict=True) if not n]
    return f"{words} No window was made {listed(without)}: there is the real map alone." if without else words


def plane_section(data: ReportData) -> Section:
    """Return where one fold's edits lie among its real windows, as a picture and in numbers."""
    heading = "Edits among real windows"
    plane = data.plane
    if plane is None:
        return Section("plane", heading, (missing("No window was made in the first fold, so there is none to place."),))
    shares = plane.shares.set_index("group")
    told = [
        f"{name} {percent(as_number(shares.at[name, 'beyond']))} of {count(as_number(shares.at[name, 'n']))}"
        for name in plane.edits
    ]
    n_outside = outside(plane)
    beyond = f" {plural(n_outside, 'point')} far from the rest {'lies' if n_outside == 1 else 'lie'} outside the frame."
    beyond *= n_outside > 0
    untold = "Nobody who was held out" if data.tested == UNSEEN else "No window that the fold tests"
    shown = picture(
        figures.edit_panels(plane),
        f"Edits into {plane.target} among real windows of {plane.source} and {plane.target}. Beyond the border, on the "
        f"side of {plane.target}: {listed(told)}.",
        f"Training windows of fold {plane.fold} (seed {plane.seed}), up to 250 of a kind. To the right is what a "
        f"logistic regression, fitted on the real ones, takes for {plane.target}; in the grey stripe it gives both "
        "classes at least a quarter. Up is the direction in which windows differ most besides. Edits at the far right "
        "look more like their class than real windows do; edits that stay left of the line kept what made their "
        f"references the other class. {untold} is shown.{beyond}",
        chart=charts.plane_chart(plane),
    )
    rows = tuple(
        (
            Cell(str(line["group"])),
            count_cell(line["n"]),
            *(Cell(percent(as_number(line[name])), sort=as_number(line[name])) for name in ("beyond", "near")),
        )
        for _, line in plane.shares.iterrows()
    )
    heads = (
        Column("Windows"),
        Column("Number", numeric=True),
        Column(f"Taken for {plane.target}", numeric=True, title="Right of the border"),
        Column("Near the border", numeric=True, title="Both classes get at least a quarter"),
    )
    caption = "Where all of these windows lie, not only those drawn. The regression was fitted on the real ones."
    more = Paragraph(
        "How like real windows edits are (KID, Frechet distance, precision, coverage, copies), and how networks that "
        "were trained with them stand attacks, is measured by “escgan study fidelity” and “escgan study robustness”, "
        "on pages of their own."
    )
    return Section("plane", heading, (shown, Table("plane", caption, heads, rows), more))


def training_section(data: ReportData) -> Section:
    """Return the loss curves and how many edits were accepted."""
    blocks: list[Block] = []
    if not loss_terms(data):
        blocks.append(missing("No network that makes windows was trained in this run, so there are no losses."))
    else:
        blocks.append(_loss_picture(data))
    if choices := choice_table(data):
        blocks.append(choices)
    if data.acceptance.empty:
        blocks.append(missing("No windows were made, so none were accepted or refused."))
    else:
        blocks += [_acceptance_picture(data), _acceptance_table(data), _acceptance_by_fold(data)]
    return Section("training", "Training", tuple(blocks))


def _loss_picture(data: ReportData) -> Picture:
    told, history = [], training_steps(data)
    for term in loss_terms(data):
        for name, own in history.dropna(subset=[term]).groupby("augmenter", sort=False):
            steps = own.groupby("step")[term].mean()
            told.append(f"{name}'s {term} {significant(float(steps.iloc[0]))} to {significant(float(steps.iloc[-1]))}")
    runs = len(history[["augmenter", "fold", "seed"]].drop_duplicates())
    return picture(
        figures.losses(data),
        f"Loss terms over training of {plural(runs, 'network')}, mean at first and last step: {'; '.join(told)}.",
        "Each loss term, times its weight, over training steps: thin, one fold; bold, each augmenter's mean. "
        f"{term_words(data)}Adversarial terms should "
        "settle rather than fall to zero: a discriminator whose loss vanishes has stopped teaching the generator. A "
        "single line that leaves the bundle is a fold to look at.",
        chart=charts.losses_chart(data),
    )


def _rates(table: pd.DataFrame) -> pd.Series:
    """Return accepted over tried, NaN where nothing was tried."""
    tried = table["tried"].to_numpy(dtype=float)
    accepted = table["accepted"].to_numpy(dtype=float)
    rate = np.divide(accepted, tried, out=np.full_like(tried, np.nan), where=tried > 0)
    return pd.Series(rate, index=table.index)


def _acceptance_picture(data: ReportData) -> Picture:
    told = []
    for name, table in data.acceptance.groupby("augmenter", sort=False):
        means = table[["wanted", "tried", "accepted"]].mean()
        told.append(
            f"{name} wanted {count(means['wanted'])}, tried {count(means['tried'])} and accepted "
            f"{count(means['accepted'])} windows a fold"
        )
    return picture(
        figures.acceptance(data),
        f"Windows wanted, tried and accepted per fold: on average {'; '.join(told)}.",
        "How many windows balanced classes call for (wanted), how many edits were made (tried), and how many of them "
        "passed the augmenter's own test, for ESC-GAN as real and as their target class (accepted). Accepted below "
        "wanted means that the classes stayed unbalanced in that fold.",
    )


def _acceptance_table(data: ReportData) -> Table:
    rows = []
    for name, table in data.acceptance.groupby("augmenter", sort=False):
        rates = _rates(table).dropna()
        means = table[["wanted", "tried", "accepted"]].mean()
        shares = [float(rates.agg(how)) if len(rates) else float("nan") for how in ("mean", "min", "max")]
        rows.append(
            (
                Cell(str(name)),
                *(Cell(count(float(value)), sort=float(value)) for value in means),
                *(Cell(percent(share, 1), sort=share) for share in shares),
            )
        )
    return Table(
        "acceptance",
        "Windows a fold (means) and the share of tried edits that was accepted.",
        columns(["Augmenter"], ["Wanted", "Tried", "Accepted", "Mean rate", "Lowest fold", "Highest fold"]),
        tuple(rows),
    )


def _acceptance_by_fold(data: ReportData) -> Table:
    rows = [
        (
            *(Cell(as_text(line[name])) for name in ("augmenter", "fold", "seed")),
            *(count_cell(line[name]) for name in ("wanted", "tried", "accepted")),
            Cell(percent(rate, 1), sort=float(rate)),
        )
        for (_, line), rate in zip(data.acceptance.iterrows(), _rates(data.acceptance), strict=True)
    ]
    return Table(
        "acceptance-folds",
        "Acceptance of every fold.",
        columns(["Augmenter", "Fold", "Seed"], ["Wanted", "Tried", "Accepted", "Rate"]),
        tuple(rows),
        summary=f"Acceptance of every fold ({plural(len(rows), 'row')})",
    )
