"""Figures of the GAN's training: loss terms and acceptance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escgan.report.data import ReportData
from escgan.report.drawing import (
    MUTED,
    class_colour,
    dress,
    legend_above,
    name_ticks,
    new_figure,
    panels,
    shorten,
)

_STAGES = ("wanted", "tried", "accepted")
# Wanted is the measure the other two are held against: neutral, pale, bold.
_STAGE_COLOURS = (MUTED, "#9CCBEA", class_colour(0))


TERMS = {
    "reconstruction": "how far windows end from themselves when edited into their own class, or restored",
    "realness": "how easily the discriminator tells edits from real windows",
    "control": "how far the class that the discriminator finds in edits is from the one asked for",
    "diversity": "how alike edits of different windows are",
    "boundary": "how far edits lie from the border between classes",
    "class_real": "the discriminator's errors on the class of real windows",
    "class_edited": "the discriminator's errors on the class of edits",
    "judge_real": "the discriminator's errors in taking real windows for real",
    "judge_edited": "the discriminator's errors in taking edits for edited",
    "critic_real": "the critic's score of real windows, negated",
    "critic_made": "the critic's score of made windows",
    "penalty": "how far the critic's slope is from 1",
    "generator": "the critic's score of made windows, negated",
    "likelihood": "how unlikely a window is, given its code",
    "divergence": "how far codes are from a standard normal distribution",
    "noise": "the error in the noise that the network takes out of a window",
}
"""What every loss term measures, in a clause; lower is better for the network that it trains."""


def term_words(data: ReportData) -> str:
    """Say in a sentence what the terms of this run measure; "" where none is known."""
    told = "; ".join(f"{term.replace('_', ' ')}: {TERMS[term]}" for term in loss_terms(data) if term in TERMS)
    return f"{told[:1].upper()}{told[1:]}. " if told else ""


def training_steps(data: ReportData) -> pd.DataFrame:
    """Return the history's rows that are blocks of training steps: an augmenter that only chooses has none."""
    if "step" not in data.history.columns:
        return pd.DataFrame()
    return data.history[data.history["step"].notna()].dropna(axis=1, how="all")


def loss_terms(data: ReportData) -> list[str]:
    """Return the numeric columns of the training steps that are no index."""
    index = ("fold", "seed", "step", "augmenter")
    history = training_steps(data)
    return [str(name) for name in history.columns if name not in index and pd.api.types.is_numeric_dtype(history[name])]


def losses(data: ReportData) -> Figure:
    """Draw every loss term over steps in a panel of its own, a thin line a fold, each augmenter's mean bold."""
    terms, history = loss_terms(data), training_steps(data)
    names = [str(name) for name in history["augmenter"].unique()]
    n_columns = min(len(terms), 4)
    n_rows = -(-len(terms) // n_columns)
    figure = new_figure(max(4.0, 2.5 * n_columns), 1.95 * n_rows + 0.2)
    for i, (axes, term) in enumerate(zip(panels(figure, n_rows, n_columns, len(terms)), terms, strict=True)):
        # A term that is not computed at every step leaves gaps; its own steps are joined.
        table = history[["augmenter", "fold", "seed", "step", term]].dropna()
        for _, line in table.groupby(["augmenter", "fold", "seed"], sort=False):
            axes.plot(line["step"], line[term], color=MUTED, alpha=0.45, linewidth=0.7)
        for number, name in enumerate(names):
            mean = table[table["augmenter"] == name].groupby("step")[term].mean()
            axes.plot(mean.index, mean.to_numpy(), color=class_colour(number), linewidth=2)
        axes.set_xlim(0, history["step"].max() * 1.03 or 1)
        last_row = i + n_columns >= len(terms)
        dress(axes, shorten(term.replace("_", " "), 30), "step" if last_row else "", "", grid="y")
        axes.locator_params(axis="both", nbins=4)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.3g}".replace("-", "−"))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    if len(names) > 1:
        handles = [Line2D([], [], color=class_colour(number), linewidth=2) for number in range(len(names))]
        legend_above(figure, handles, names)
    return figure


def acceptance(data: ReportData) -> Figure:
    """Draw windows wanted, tried and accepted per fold, a panel an augmenter, averaged over seeds."""
    table = data.acceptance
    names = [str(name) for name in table["augmenter"].unique()]
    # As many columns as folds leave room for.
    n_columns = 2 if len(names) > 1 and table["fold"].nunique() <= 20 else 1
    n_rows = -(-len(names) // n_columns)
    figure = new_figure(10.0, 2.7 * n_rows + 0.2)
    handles: list[Any] = []
    for i, (axes, name) in enumerate(zip(panels(figure, n_rows, n_columns, len(names)), names, strict=True)):
        folds = table[table["augmenter"] == name].groupby("fold", sort=False)[list(_STAGES)].mean()
        x = np.arange(len(folds))
        handles = [
            axes.bar(x + 0.27 * (j - 1), folds[stage].to_numpy(dtype=float), 0.25, color=_STAGE_COLOURS[j])
            for j, stage in enumerate(_STAGES)
        ]
        dress(axes, shorten(name, 36), "fold", "windows" if i % n_columns == 0 else "")
        labels = [str(fold) for fold in folds.index]
        name_ticks(axes, labels if len(labels) <= 40 else [""] * len(labels))
    legend_above(figure, handles, _STAGES)
    return figure
