"""The plots of studies: curves over a setting, and means of many methods as dots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escgan.report.drawing import MUTED, class_colour, dress, legend_above, name_ticks, new_figure, panels, shorten
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
            colour, marker = class_colour(number), _MARKERS[number % len(_MARKERS)]
            axes.plot(at, own["mean"], "-", marker=marker, color=colour, ms=5, lw=1.6)
            axes.vlines(at, own["low"], own["high"], color=colour, lw=0.9, alpha=0.6)
        dress(axes, f"{shorten(classifier)}", xlabel, METRICS.get(metric, metric))
        name_ticks(axes, [f"{value:g}" if isinstance(value, float) else str(value) for value in places])
    legend_above(
        figure,
        [
            Line2D([], [], color=class_colour(i), marker=_MARKERS[i % len(_MARKERS)], ms=5, lw=1.6)
            for i in range(len(augmenters))
        ],
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
