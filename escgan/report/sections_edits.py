"""Sections on the windows an augmenter makes: scalp maps and training."""

from __future__ import annotations

import numpy as np
import pandas as pd

from escgan.report import figures
from escgan.report.blocks import Block, Cell, Picture, Section, Table, columns, missing
from escgan.report.data import ReportData
from escgan.report.drawing import picture
from escgan.report.figures_scalp import can_be_mapped, placed_channels
from escgan.report.figures_training import loss_terms, training_steps
from escgan.report.table_choices import choice_table
from escgan.report.wording import as_text, count, count_cell, listed, number, percent, plural, significant


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
        difference = means.edited[c] - means.reference[c]
        if not np.isfinite(difference).any():
            told.append(f"no window was made {name}")
            continue
        channel, band = np.unravel_index(int(np.nanargmax(np.abs(difference))), difference.shape)
        told.append(
            f"the largest change into {name} is {number(float(difference[channel, band]), 2)} "
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
        if data.normalization == "none"
        else "All maps of a band share one colour scale"
    )
    return picture(
        figures.scalp_maps(data, augmenter),
        f"Scalp maps of mean differential entropy for {augmenter}: {'; '.join(told)}.",
        f"{augmenter}: mean differential entropy ({meaning}), seen from above, nose up. “Real” averages the class' "
        "recorded windows, “reference” the windows that were edited into the class, “edited” the "
        "result. A faithful edit looks like “real”; the last row shows what was changed. "
        f"{scales}.{note}",
        raster=True,
    )


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
        "Each loss term over training steps: thin, one fold; bold, each augmenter's mean. Adversarial terms should "
        "settle rather than fall to zero: a discriminator whose loss vanishes has stopped teaching the generator. A "
        "single line that leaves the bundle is a fold to look at.",
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
