"""Figures of the scores: paired subjects, differences, confusions and recalls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escgan.report.data import ReportData
from escgan.report.drawing import (
    FAINT,
    INK,
    MUTED,
    SMALL,
    VERDICT_COLOURS,
    VERDICT_MARKERS,
    class_colour,
    dress,
    legend_above,
    name_ticks,
    new_figure,
    panels,
    shorten,
)
from escgan.report.summary import augmenters, classifiers, estimate, subject_scores
from escgan.report.wording import VERDICT_NAMES, count, metric_name, percent

WIDTH = 10.0
"""Inches; the text column of the page."""

# Means stand a little to the right of the subjects, which they would hide.
_NUDGE = 0.12


def chance_level(data: ReportData, metric: str) -> float:
    """Return what guessing scores: one in the number of classes for balanced accuracy, a half for AUROC."""
    return {"balanced_accuracy": 1 / len(data.classes), "auroc": 0.5, "kappa": 0.0}.get(metric, float("nan"))


def paired_scores(data: ReportData, metric: str) -> Figure:
    """Draw each subject as a line across augmenters, a panel a classifier, the mean and its interval bold."""
    names, models = augmenters(data), classifiers(data)
    table = subject_scores(data, metric)
    n_columns = min(len(models), 3)
    n_rows = -(-len(models) // n_columns)
    panel = max(3.2, min(WIDTH / n_columns, 1.4 + 0.9 * len(names)))
    figure = new_figure(max(5.0, panel * n_columns), 3.6 * n_rows)
    chance = chance_level(data, metric)
    floor, ceiling = score_range(table, chance)
    for axes, model in zip(panels(figure, n_rows, n_columns, len(models)), models, strict=True):
        values = table.reindex(columns=[(name, model) for name in names]).to_numpy()
        x = np.arange(len(names))
        fade = float(np.clip(8 / max(len(values), 1), 0.15, 0.7))
        for row in values:
            axes.plot(x, row, "-o", color=MUTED, alpha=fade, linewidth=0.9, markersize=3)
        for column, position in enumerate(x + _NUDGE):
            mean = estimate(values[:, column])
            if not np.isfinite(mean.mean):
                continue
            if np.isfinite(mean.low):
                axes.plot([position] * 2, [mean.low, mean.high], color=class_colour(0), linewidth=3, zorder=4)
            axes.plot(position, mean.mean, "D", color=class_colour(0), markeredgecolor="white", ms=8, zorder=5)
        if np.isfinite(chance):
            axes.axhline(chance, color=class_colour(4), linestyle="--", linewidth=1)
        axes.set_xlim(-0.4, len(names) - 0.5)
        axes.set_ylim(floor, ceiling)
        dress(axes, shorten(model, 36), "", metric_name(metric))
        name_ticks(axes, names, slant=sum(len(shorten(name)) + 2 for name in names) > 11 * panel)
    handles = [
        Line2D([], [], color=MUTED, marker="o", markersize=3, linewidth=0.9),
        Line2D([], [], color=class_colour(0), marker="D", markersize=7, linewidth=3, markeredgecolor="white"),
    ]
    labels = ["one subject", "mean, 95 % interval"]
    if np.isfinite(chance):
        handles.append(Line2D([], [], color=class_colour(4), linestyle="--", linewidth=1))
        labels.append("chance")
    legend_above(figure, handles, labels)
    return figure


def score_range(table: pd.DataFrame, chance: float) -> tuple[float, float]:
    """Return the range of an axis that holds all subjects' scores and the chance level."""
    values = [*np.ravel(table.to_numpy()), chance]
    return float(np.nanmin(values)) - 0.03, min(1.02, float(np.nanmax(values)) + 0.03)


def forest(data: ReportData) -> Figure:
    """Draw every compared difference with its interval, a panel a metric."""
    table = data.comparisons
    metrics = list(dict.fromkeys(table["metric"]))
    rows = [tuple(row) for row in table[["classifier", "augmenter"]].drop_duplicates().to_numpy()]
    n_columns = min(len(metrics), 3)
    n_rows = -(-len(metrics) // n_columns)
    figure = new_figure(WIDTH if n_columns > 1 else 7.0, n_rows * (1.15 + 0.42 * len(rows)))
    for i, (axes, metric) in enumerate(zip(panels(figure, n_rows, n_columns, len(metrics)), metrics, strict=True)):
        axes.axvline(0, color=INK, linewidth=1)
        for _, line in table[table["metric"] == metric].iterrows():
            y = rows.index((line["classifier"], line["augmenter"]))
            verdict = str(line["verdict"])
            colour = VERDICT_COLOURS.get(verdict, MUTED)
            axes.plot([line["low"], line["high"]], [y, y], color=colour, linewidth=2.2)
            axes.plot(line["difference"], y, VERDICT_MARKERS.get(verdict, "o"), color=colour, ms=8)
        reach = np.nan_to_num(table.loc[table["metric"] == metric, ["low", "high", "difference"]].abs().max().max())
        axes.set_xlim(-1.15 * max(reach, 0.01), 1.15 * max(reach, 0.01))
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.locator_params(axis="x", nbins=5)
        dress(axes, metric_name(str(metric)), "difference to the rival", "", grid="x")
        first = i % n_columns == 0
        # The names stand once, at the left; the other panels share them.
        name_ticks(
            axes,
            [f"{shorten(str(b), 20)} · {shorten(str(a), 16)}" if first else "" for a, b in rows],
            axis="y",
        )
    seen = [verdict for verdict in VERDICT_NAMES if (table["verdict"] == verdict).any()]
    handles = [
        Line2D([], [], color=VERDICT_COLOURS[name], marker=VERDICT_MARKERS[name], ms=7, linewidth=2) for name in seen
    ]
    if seen:
        legend_above(figure, handles, [VERDICT_NAMES[name].lower() for name in seen])
    return figure


def confusions(data: ReportData) -> Figure:
    """Draw each confusion matrix: shares of the true class, the counts below; a row a classifier."""
    names, models = augmenters(data), classifiers(data)
    pairs = [(name, model) for model in models for name in names if (name, model) in data.confusions]
    n_columns = -(-len(names) // -(-len(names) // 4))
    n_rows = -(-len(pairs) // n_columns)
    k = len(data.classes)
    side = min(2.5, WIDTH / n_columns)
    figure = new_figure(side * n_columns + 0.5, (side + 0.5) * n_rows)
    for i, (axes, pair) in enumerate(zip(panels(figure, n_rows, n_columns, len(pairs)), pairs, strict=True)):
        counts = np.asarray(data.confusions[pair], dtype=float)
        totals = counts.sum(axis=1, keepdims=True)
        shares = np.divide(counts, totals, out=np.full_like(counts, np.nan), where=totals > 0)
        axes.imshow(np.nan_to_num(shares), cmap="Blues", vmin=0, vmax=1)
        for row in range(k):
            for column in range(k):
                # Past five classes a count no longer fits below its share.
                text = percent(shares[row, column])
                if k <= 5:
                    text += f"\n{count(counts[row, column])}"
                pale = np.nan_to_num(shares[row, column]) > 0.55
                axes.text(column, row, text, ha="center", va="center", fontsize=SMALL if k <= 3 else 6.5,
                          color="white" if pale else INK)  # fmt: skip
        title = f"{shorten(pair[0], 18)} · {shorten(pair[1], 14)}"
        last_row = i + n_columns >= len(pairs)
        dress(axes, title, "predicted" if last_row else "", "true" if i % n_columns == 0 else "", grid=None)
        axes.tick_params(length=0)
        short = [shorten(name, 12) for name in data.classes]
        # A letter is about 5 points wide; a cell has its share of the panel.
        name_ticks(axes, short, slant=5 * max(map(len, short)) > 72 * (side - 0.6) / k)
        name_ticks(axes, short if i % n_columns == 0 else [""] * k, axis="y")
    return figure


def recalls(data: ReportData) -> Figure:
    """Draw each class' recall per augmenter with its interval over subjects, a panel a classifier."""
    names, models = augmenters(data), classifiers(data)
    n_columns = min(len(models), 2)
    n_rows = -(-len(models) // n_columns)
    figure = new_figure(WIDTH if n_columns > 1 else 6.5, 3.3 * n_rows)
    width = 0.8 / len(data.classes)
    handles: list[Any] = []
    for axes, model in zip(panels(figure, n_rows, n_columns, len(models)), models, strict=True):
        handles = []
        for i, name in enumerate(data.classes):
            table = subject_scores(data, f"recall: {name}")
            means = [
                estimate(table[(augmenter, model)].to_numpy() if (augmenter, model) in table else np.empty(0))
                for augmenter in names
            ]
            x = np.arange(len(names)) + (i - (len(data.classes) - 1) / 2) * width
            heights = np.array([mean.mean for mean in means])
            handles.append(axes.bar(x, heights, width * 0.92, color=class_colour(i)))
            for position, mean in zip(x, means, strict=True):
                if np.isfinite(mean.low):
                    axes.plot([position] * 2, [mean.low, mean.high], color=INK, linewidth=1.2)
        axes.set_ylim(0, 1.02)
        axes.axhline(1, color=FAINT, linewidth=0.8)
        dress(axes, shorten(model, 36), "", "recall")
        name_ticks(axes, names)
    legend_above(figure, handles, data.classes)
    return figure
