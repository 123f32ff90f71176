"""Figures of the recordings: class balance and spectra."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

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
from escgan.report.summary import edited_per_fold, windows_per_class

_MANY_RECORDINGS = 40
_SMALL_COLUMNS = 6


def class_balance(data: ReportData) -> Figure:
    """Draw windows per class and subject, and beside them what a fold trains on and each augmenter adds to it."""
    table = windows_per_class(data)
    edited = edited_per_fold(data)
    figure = new_figure(10.0, 3.8)
    if edited:
        left, right = figure.subplots(1, 2, width_ratios=[1.7, 1])
        _draw_additions(right, data, np.asarray(data.trained, dtype=float), edited)
    else:
        left = figure.subplots()
    bottom = np.zeros(len(table))
    for i, name in enumerate(data.classes):
        values = table[name].to_numpy(dtype=float)
        left.bar(range(len(table)), values, 0.8, bottom=bottom, color=class_colour(i))
        bottom += values
    dress(left, "Recorded, a bar a subject", "", "windows")
    names = [str(name) for name in table.index]
    # Past forty bars names cannot be read; the table lists them all.
    name_ticks(left, names if len(names) <= 40 else [""] * len(names), slant=len(names) > 4)
    handles = [Patch(color=class_colour(i)) for i in range(len(data.classes))]
    labels = list(data.classes)
    if edited:
        handles.append(Patch(facecolor="white", edgecolor=MUTED, hatch="////"))
        labels.append("made by the augmenter")
    legend_above(figure, handles, labels)
    return figure


def _draw_additions(
    axes: Axes, data: ReportData, real: NDArray[np.floating], edited: dict[str, NDArray[np.floating]]
) -> None:
    """Draw real windows and what is added to them, a group of bars an augmenter."""
    width = 0.8 / len(data.classes)
    for i, _ in enumerate(data.classes):
        x = np.arange(len(edited)) + (i - (len(data.classes) - 1) / 2) * width
        added = np.array([values[i] for values in edited.values()])
        axes.bar(x, real[i], width * 0.9, color=class_colour(i))
        axes.bar(x, added, width * 0.9, bottom=real[i], facecolor="white", edgecolor=class_colour(i), hatch="////")
    axes.set_ylim(0, 1.05 * max((real + values).max() for values in edited.values()) or 1)
    dress(axes, "Trained on in a fold, and added", "", "windows")
    name_ticks(axes, list(edited), slant=sum(len(name) + 2 for name in edited) > 30)


def spectra(data: ReportData) -> Figure:
    """Draw spectra before and after preprocessing: thin, a recording; bold, their geometric mean."""
    figure = new_figure(10.0, 3.7)
    drawn = panels(figure, 1, 2)
    many = len(data.spectra) > _MANY_RECORDINGS
    tops, floors, edges = [], [], []
    for axes, key, title in zip(drawn, ("before", "after"), ("Before", "After"), strict=True):
        for spectrum in data.spectra.values():
            frequency, power = _positive(spectrum["frequency_hz"], spectrum[key])
            if not len(power):
                continue
            # Hundreds of vector lines would outweigh the rest of the page.
            axes.plot(frequency, power, color=MUTED, alpha=0.2 if many else 0.45, linewidth=0.7, rasterized=many)
            tops.append(power.max())
            floors.append(np.quantile(power, 0.02))
            edges.append(frequency.max())
        frequency, power = mean_spectrum(data, key)
        if len(power):
            axes.plot(frequency, power, color=class_colour(0), linewidth=2.2)
        axes.set_yscale("log")
        dress(axes, title, "frequency (Hz)", "power (µV²/Hz)" if key == "before" else "", grid="both")
    if tops:
        _scale(drawn, min(floors), max(tops), min(edges))
    legend_above(
        figure,
        [Line2D([], [], color=MUTED, linewidth=0.8), Line2D([], [], color=class_colour(0), linewidth=2.2)],
        ["one recording", "geometric mean"],
    )
    return figure


def recording_spectra(data: ReportData, names: Sequence[str]) -> Figure:
    """Draw the named recordings' spectra before and after preprocessing, a small panel each, all on one scale."""
    n_columns = min(_SMALL_COLUMNS, len(names))
    n_rows = -(-len(names) // n_columns)
    figure = new_figure(10.0, 0.8 + 1.45 * n_rows)
    drawn = panels(figure, n_rows, n_columns, len(names))
    tops, floors, edges = [], [], []
    for i, (axes, name) in enumerate(zip(drawn, names, strict=True)):
        for key, colour, width in (("before", MUTED, 0.9), ("after", class_colour(0), 1.3)):
            frequency, power = _positive(data.spectra[name]["frequency_hz"], data.spectra[name][key])
            if not len(power):
                continue
            axes.plot(frequency, power, color=colour, linewidth=width)
            tops.append(power.max())
            floors.append(np.quantile(power, 0.02))
            edges.append(frequency.max())
        axes.set_yscale("log")
        first, last = i % n_columns == 0, i + n_columns >= len(names)
        dress(axes, shorten(name, 18), "Hz" if last else "", "µV²/Hz" if first else "", grid="both")
        axes.tick_params(labelleft=first, labelbottom=last)
    if tops:
        _scale(drawn, min(floors), max(tops), min(edges), n_decades=3)
    legend_above(
        figure,
        [Line2D([], [], color=MUTED, linewidth=0.9), Line2D([], [], color=class_colour(0), linewidth=1.3)],
        ["before", "after"],
    )
    return figure


def _scale(drawn: Sequence[Axes], low: float, top: float, edge: float, n_decades: int = 6) -> None:
    """Put logarithmic panels on one scale, with about so many labelled powers of ten."""
    # A stop band of a filter reaches down for ever; six decades show everything that matters.
    floor = max(low / 2, top * 1e-6)
    decades = np.arange(np.ceil(np.log10(floor)), np.floor(np.log10(top)) + 1)
    step = max(1, round(len(decades) / n_decades))
    for axes in drawn:
        axes.set_ylim(floor, top * 1.6)
        axes.set_yticks(10.0 ** decades[::step], [_decade(power) for power in decades[::step]])
        axes.set_yticks([], minor=True)
        axes.set_xlim(0, edge)


def mean_spectrum(data: ReportData, key: str) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return frequencies and the geometric mean over recordings, on the first recording's frequencies."""
    lines = [_positive(spectrum["frequency_hz"], spectrum[key]) for spectrum in data.spectra.values()]
    lines = [line for line in lines if len(line[0])]
    if not lines:
        return np.empty(0), np.empty(0)
    frequency = lines[0][0]
    frequency = frequency[frequency <= min(line[0].max() for line in lines)]
    logs = [np.interp(frequency, x, np.log10(y)) for x, y in lines]
    return frequency, 10.0 ** np.mean(logs, axis=0)


def _positive(
    frequency: tuple[float, ...], power: tuple[float, ...]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return a spectrum without what a logarithm cannot show."""
    x, y = np.asarray(frequency, dtype=float), np.asarray(power, dtype=float)
    keep = np.isfinite(y) & (y > 0) & (x > 0)
    return x[keep], y[keep]


def _decade(exponent: float) -> str:
    """Write a power of ten as a plain number; mathematical type would need a parser for "10 to the -5"."""
    return f"{10.0**exponent:.{max(0, round(-exponent))}f}"
