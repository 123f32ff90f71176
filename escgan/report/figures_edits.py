"""The figure of edits among real windows: a panel an augmenter, all on one plane."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from escgan.report.drawing import FAINT, INK, MUTED, class_colour, dress, legend_above, new_figure, panels, shorten
from escgan.report.plane import NEAR, EditPlane, spread

EDITED = "#B4004E"
"""Colour of edits: that of no class."""

MOVES = 60
"""References whose way to their edit is drawn."""

AXES = ("logit of {target} against {source}", "largest variation beside it")
"""What the axes of the plane show, to be filled with the names of the classes."""


def edit_panels(plane: EditPlane) -> Figure:
    """Draw the real windows, the border with its neighbourhood, and each augmenter's edits with some of their ways."""
    names = list(plane.edits)
    n_columns = min(len(names), 3)
    n_rows = -(-len(names) // n_columns)
    figure = new_figure(max(5.0, 3.7 * n_columns), 3.5 * n_rows + 0.3)
    (left, right), (low, high) = limits(plane)
    for i, (axes, name) in enumerate(zip(panels(figure, n_rows, n_columns, len(names)), names, strict=True)):
        axes.axvspan(-NEAR, NEAR, color=FAINT, alpha=0.25, linewidth=0)
        axes.axvline(0, color=INK, linewidth=1)
        for label in (plane.source, plane.target):
            own = plane.real[plane.real["label"] == label]
            axes.plot(
                own["x"], own["y"], "o", color=colour_of(plane, label), alpha=0.35, markersize=3, markeredgewidth=0
            )
        made = plane.edits[name]
        for _, way in moves(made).iterrows():
            axes.plot([way["reference_x"], way["x"]], [way["reference_y"], way["y"]], color=MUTED, alpha=0.3, lw=0.6)
        axes.plot(made["x"], made["y"], "D", color=EDITED, alpha=0.7, ms=3.5, markeredgecolor="white", mew=0.3)
        axes.set_xlim(left, right)
        axes.set_ylim(low, high)
        last_row = i + n_columns >= len(names)
        across = AXES[0].format(target=shorten(plane.target, 14), source=shorten(plane.source, 14))
        dress(axes, shorten(name, 30), across if last_row else "", AXES[1] if i % n_columns == 0 else "", grid=None)
        axes.locator_params(axis="both", nbins=5)
    handles = [
        Line2D([], [], color=colour_of(plane, plane.source), marker="o", linestyle="", markersize=5),
        Line2D([], [], color=colour_of(plane, plane.target), marker="o", linestyle="", markersize=5),
        Line2D([], [], color=EDITED, marker="D", linestyle="", markersize=5),
        Line2D([], [], color=MUTED, linewidth=0.8),
        Patch(color=FAINT, alpha=0.25),
    ]
    labels = [f"real: {plane.source}", f"real: {plane.target}", "edited", "from its reference", "near the border"]
    legend_above(figure, handles, labels)
    return figure


def colour_of(plane: EditPlane, label: str) -> str:
    """Return the colour that a class has in all of the report's figures."""
    return class_colour(plane.classes.index(label))


def moves(made: pd.DataFrame) -> pd.DataFrame:
    """Return some edits that have a reference, spread evenly."""
    known = made[made["reference_x"].notna()]
    return known.iloc[spread(len(known), MOVES)]


def limits(plane: EditPlane) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the ranges of both axes that hold what is drawn, without what lies far from the rest.

    Far is more than three interquartile ranges beyond a quartile (Tukey's outer fences): a few windows with artefacts
    would otherwise press all others into a line.
    """
    ranges = []
    for values in _drawn(plane):
        quarter, three_quarters = np.quantile(values, [0.25, 0.75])
        reach = 3 * (three_quarters - quarter)
        low, high = max(values.min(), quarter - reach), min(values.max(), three_quarters + reach)
        room = 0.06 * max(high - low, 1e-6)
        ranges.append((float(low - room), float(high + room)))
    return ranges[0], ranges[1]


def outside(plane: EditPlane) -> int:
    """Return how many points lie beyond the ranges that are drawn."""
    inside = [
        (low <= values) & (values <= high) for values, (low, high) in zip(_drawn(plane), limits(plane), strict=True)
    ]
    return int((~(inside[0] & inside[1])).sum())


def _drawn(plane: EditPlane) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the places of all points, real and edited."""
    tables = [plane.real, *plane.edits.values()]
    x, y = (np.concatenate([table[axis].to_numpy(float) for table in tables]) for axis in ("x", "y"))
    return x, y
