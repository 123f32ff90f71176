"""The plots of studies: curves over a setting, and means of many methods as dots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escgan.report.drawing import (
    CLASS_COLOURS,
    MUTED,
    class_colour,
    dress,
    legend_above,
    name_ticks,
    new_figure,
    panels,
    shorten,
)
from escgan.studies.summary import METRICS, means_over_subjects

_MARKERS = "oDs^vPX*<>hp"
_WIDTH = 10.0


def score_curves(
    scores: pd.DataFrame, x: str, xlabel: str, metrics: Sequence[str] = ("balanced_accuracy", "auroc")
) -> Figure:
    """Draw means over subjects against a setting: a row of panels a classifier, a panel a metric, a line an augmenter.

    ``scores`` has the columns ``x``, classifier, augmenter, subject and the metrics.
    """
    classifiers, augmenters = (list(scores[name].unique()) for name in ("classifier", "augmenter"))
    figure = new_figure(_WIDTH, 0.6 + 2.9 * len(classifiers))
    grid = panels(figure, len(classifiers), len(metrics))
    places = {value: place for place, value in enumerate(sorted(scores[x].unique()))}
    for axes, (classifier, metric) in zip(grid, [(c, m) for c in classifiers for m in metrics], strict=True):
        table = means_over_subjects(scores[scores["classifier"] == classifier], ["augmenter", x], metric)
        for number, name in enumerate(augmenters):
            own = table[table["augmenter"] == name].sort_values(x)
            # Moved apart a little, so that intervals can be told apart.
            at = np.array([places[value] for value in own[x]]) + 0.05 * (number - (len(augmenters) - 1) / 2)
            axes.plot(at, own["mean"], **_line(number))
            axes.vlines(at, own["low"], own["high"], color=class_colour(number), lw=0.9, alpha=0.6)
        dress(axes, f"{shorten(classifier)}", xlabel, METRICS.get(metric, metric))
        name_ticks(axes, [f"{value:g}" if isinstance(value, float) else str(value) for value in places])
    legend_above(
        figure,
        [Line2D([], [], **_line(number)) for number in range(len(augmenters))],
        augmenters,
    )
    return figure


def score_dots(scores: pd.DataFrame, split: str, metric: str = "balanced_accuracy") -> Figure:
    """Draw every augmenter's mean over subjects with its interval: a panel a classifier, a colour a value of ``split``.

    The rival ``none`` stands as a line in each panel where it ran.
    """
    classifiers, values = list(scores["classifier"].unique()), list(scores[split].unique())
    augmenters = list(scores["augmenter"].unique())
    n_columns = min(2, len(classifiers))
    n_rows = -(-len(classifiers) // n_columns)
    figure = new_figure(_WIDTH if n_columns > 1 else 6.5, n_rows * (0.9 + 0.3 * len(augmenters)) + 0.4)
    for place, (axes, classifier) in enumerate(
        zip(panels(figure, n_rows, n_columns, len(classifiers)), classifiers, strict=True)
    ):
        for number, value in enumerate(values):
            own = scores[(scores["classifier"] == classifier) & (scores[split] == value)]
            table = means_over_subjects(own, ["augmenter"], metric)
            at = np.array([augmenters.index(name) for name in table["augmenter"]])
            y = at + 0.22 * (number - (len(values) - 1) / 2)
            colour = class_colour(number)
            axes.hlines(y, table["low"], table["high"], color=colour, lw=1.6)
            axes.plot(table["mean"], y, _MARKERS[number % len(_MARKERS)], color=colour, ms=6)
            nothing = table.loc[table["augmenter"] == "none", "mean"]
            if len(nothing):
                axes.axvline(nothing.iloc[0], color=colour, lw=0.9, ls="--", alpha=0.7)
        axes.set_ylim(len(augmenters) - 0.4, -0.6)
        dress(axes, shorten(classifier), METRICS.get(metric, metric), "", grid="x")
        name_ticks(axes, augmenters if place % n_columns == 0 else [""] * len(augmenters), axis="y")
    handles = [
        Line2D([], [], color=class_colour(i), marker=_MARKERS[i % len(_MARKERS)], ms=6, lw=1.6)
        for i in range(len(values))
    ]
    labels = [f"{value}" for value in values]
    if "none" in augmenters:
        handles.append(Line2D([], [], color=MUTED, lw=0.9, ls="--"))
        labels.append("none")
    legend_above(figure, handles, labels)
    return figure


def attack_curves(measured: pd.DataFrame) -> Figure:
    """Draw mean accuracy over subjects under FGSM and PGD against epsilon: a row a classifier, a panel an attack.

    Epsilon 0 is no attack; its place on the axis is left of the smallest. ``measured`` holds FGSM, PGD or both.
    """
    classifiers, augmenters = (list(measured[name].unique()) for name in ("classifier", "augmenter"))
    attacks = [name for name in measured["attack"].unique() if name in ("fgsm", "pgd")]
    figure = new_figure(_WIDTH, 0.6 + 2.9 * len(classifiers))
    grid = panels(figure, len(classifiers), len(attacks))
    for axes, (classifier, attack) in zip(grid, [(c, a) for c in classifiers for a in attacks], strict=True):
        own = measured[(measured["classifier"] == classifier) & measured["attack"].isin(("none", attack))]
        places = {value: place for place, value in enumerate(sorted(own["epsilon"].unique()))}
        table = means_over_subjects(own, ["augmenter", "epsilon"], "accuracy")
        for number, name in enumerate(augmenters):
            mine = table[table["augmenter"] == name].sort_values("epsilon", key=lambda e: e.astype(float))
            at = [places[value] for value in mine["epsilon"]]
            axes.plot(at, mine["mean"], **_line(number))
        dress(axes, f"{shorten(classifier)}, {attack}", "epsilon", "accuracy")
        name_ticks(axes, [f"{value:g}" for value in places])
    legend_above(figure, [Line2D([], [], **_line(number)) for number in range(len(augmenters))], augmenters)
    return figure


def measure_dots(measured: pd.DataFrame, shown: Mapping[str, str], augmenters: Sequence[str]) -> Figure:
    """Draw each measure's folds and mean, of edits and of real windows: a panel a measure, a line an augmenter."""
    n_columns = 4
    n_rows = -(-len(shown) // n_columns)
    figure = new_figure(11.0, n_rows * (0.8 + 0.3 * len(augmenters)) + 0.3)
    sides: dict[str, dict[str, Any]] = {
        "edits": {"color": class_colour(0), "markeredgecolor": "white"},
        "real": {"color": "none", "markeredgecolor": MUTED},
    }
    for place, (axes, (name, heading)) in enumerate(
        zip(panels(figure, n_rows, n_columns, len(shown)), shown.items(), strict=True)
    ):
        for (line, augmenter), (side, look) in product(enumerate(augmenters), sides.items()):
            own = measured[(measured["augmenter"] == augmenter) & (measured["compared"] == side)]
            values, y = own[name].dropna().to_numpy(np.float64), line + (0.17 if side == "real" else -0.17)
            axes.plot(values, np.full(len(values), y), "o", color=MUTED, ms=2.5, alpha=0.4)
            if len(values):
                axes.plot(values.mean(), y, "D", ms=6, **look)
        axes.set_ylim(len(augmenters) - 0.4, -0.6)
        axes.locator_params(axis="x", nbins=4)
        dress(axes, heading, "", "", grid="x")
        name_ticks(axes, augmenters if place % n_columns == 0 else [""] * len(augmenters), axis="y")
    handles = [Line2D([], [], ls="", marker="D", ms=6, **look) for look in sides.values()]
    legend_above(figure, handles, ["edits", "real windows of other people"])
    return figure


def _line(number: int) -> dict[str, Any]:
    """Return how the line of a number looks: dashed where its colour has been taken once."""
    return {
        "color": class_colour(number),
        "ls": "-" if number < len(CLASS_COLOURS) else "--",
        "marker": _MARKERS[number % len(_MARKERS)],
        "ms": 5,
        "lw": 1.6,
    }
