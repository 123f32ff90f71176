"""Ink, paper and encoding that every figure shares.

Figures are made through matplotlib's object-oriented interface alone: pyplot and ``rcParams`` are global
state, and a report may be drawn in any thread. Styles are therefore set on each axis, not once for all.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image
from scipy.spatial import KDTree

from escgan.report.blocks import Picture

INK = "#1f2933"
MUTED = "#5b6673"
FAINT = "#b4bcc6"
GRID = "#e4e8ec"
PAPER = "#ffffff"

# Okabe and Ito's colours, told apart with any common colour vision; their yellow is too pale for a line.
CLASS_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#7A5195", "#4D4D4D")
VERDICT_COLOURS = {"helped": "#007A5A", "hurt": "#C04A00", "undecided": "#5b6673"}
# Shape repeats what colour says.
VERDICT_MARKERS = {"helped": "^", "hurt": "v", "undecided": "o"}

Grid = Literal["x", "y", "both"]

CSS_DPI = 96
"""CSS pixels in an inch."""

_PADDING_IN = 0.06

SMALL, NORMAL = 8.5, 9.5
"""Font sizes in points."""


def class_colour(index: int) -> str:
    """Return the colour of a class by its position."""
    return CLASS_COLOURS[index % len(CLASS_COLOURS)]


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of this many inches that keeps its labels apart by itself."""
    layout = ConstrainedLayoutEngine(h_pad=_PADDING_IN, w_pad=_PADDING_IN)
    return Figure(figsize=(width, height), facecolor=PAPER, layout=layout)


def panels(figure: Figure, n_rows: int, n_columns: int, n_used: int | None = None) -> list[Axes]:
    """Return a grid's axes in reading order, those beyond ``n_used`` removed."""
    grid = list(figure.subplots(n_rows, n_columns, squeeze=False).flat)
    used = len(grid) if n_used is None else n_used
    for axes in grid[used:]:
        axes.remove()
    return grid[:used]


def dress(axes: Axes, title: str = "", xlabel: str = "", ylabel: str = "", grid: Grid | None = "y") -> None:
    """Give an axis the report's style; ``grid`` says which lines to rule."""
    # A name such as "$1" would otherwise be read as mathematics.
    axes.set_title(title, fontsize=NORMAL, fontweight="bold", color=INK, loc="left", parse_math=False)
    axes.set_xlabel(xlabel, fontsize=SMALL, color=INK, parse_math=False)
    axes.set_ylabel(ylabel, fontsize=SMALL, color=INK, parse_math=False)
    axes.tick_params(labelsize=SMALL, colors=MUTED, labelcolor=INK, length=3)
    for name, spine in axes.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set_color(FAINT)
    axes.set_axisbelow(True)
    if grid:
        axes.grid(axis=grid, color=GRID, linewidth=0.8)


def name_ticks(axes: Axes, names: Sequence[str], *, axis: str = "x", slant: bool | None = None) -> None:
    """Label positions 0, 1, ... with names, slanted where they would run into each other.

    ``slant`` decides it; by default names are slanted when they are many or long.
    """
    shown = [shorten(name) for name in names]
    place = axes.set_yticks if axis == "y" else axes.set_xticks
    labels = place(range(len(shown)), shown)
    crowded = sum(len(name) + 2 for name in shown) > 44 if slant is None else slant
    for tick in labels:
        tick.label1.set_parse_math(False)
        if axis == "x" and crowded:
            tick.label1.set(rotation=35, ha="right", rotation_mode="anchor")


def shorten(name: str, length: int = 24) -> str:
    """Cut a name that would push a plot off its paper.

    >>> shorten("a_rather_long_augmenter_name"), shorten("smote")
    ('a_rather_long_augmenter…', 'smote')
    """
    return name if len(name) <= length else name[: length - 1] + "…"


def legend_above(figure: Figure, handles: Sequence[Any], labels: Sequence[str]) -> None:
    """Put one legend above all panels, in rows of at most six; names that differ at their ends alone are not cut."""
    shown = [shorten(label) for label in labels]
    if len(set(shown)) < len(set(labels)):
        shown = list(labels)
    legend = figure.legend(
        handles,
        shown,
        loc="outside upper left",
        # As wide as six of the longest names that are cut.
        ncols=max(1, min(6, len(shown), 6 * 24 // max(map(len, shown), default=1))),
        fontsize=SMALL,
        frameon=False,
        labelcolor=INK,
        borderaxespad=0.2,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def as_svg(figure: Figure) -> str:
    """Return the figure as an SVG document with the same bytes for the same figure.

    Matplotlib draws ids from a random salt unless a global setting fixes it; here ids are renamed by their
    order of appearance instead, which changes nothing outside this string.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    names: dict[str, str] = {}
    for name in re.findall(r'\bid="([^"]+)"', text):
        names.setdefault(name, f"i{len(names)}")
    text = re.sub(r'(\bid="|href="#|url\(#)([^")]+)', lambda m: m.group(1) + names.get(m.group(2), m.group(2)), text)
    # A hundredth of a point is finer than any screen, and saves a third of the bytes.
    text = re.sub(r'(?<= d=")[^"]+', lambda m: re.sub(r"(\.\d\d)\d+", r"\1", m.group(0)), text)
    return re.sub(r"\n\s*", "\n", text)


def as_png(figure: Figure, dpi: int = 132) -> bytes:
    """Return the figure as a PNG of its 256 most frequent colours, a third of the bytes of a full-colour one.

    Flat areas, such as the steps of a colour scale, keep their colour exactly; only blended edges are rounded.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    buffer.seek(0)
    with Image.open(buffer) as drawn:
        full = drawn.convert("RGB")
    pixels = np.asarray(full).astype(np.int64) @ (1 << 16, 1 << 8, 1)
    codes, places, counts = np.unique(pixels, return_inverse=True, return_counts=True)
    colours = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)
    kept = colours[np.argsort(-counts, kind="stable")[:256]]
    # Pillow's own reduction to a palette compares rounded colours and turns white grey.
    nearest = KDTree(kept).query(colours)[1].astype(np.uint8)
    reduced = Image.fromarray(nearest[places].reshape(pixels.shape))
    reduced.putpalette(kept.astype(np.uint8).tobytes())
    small = io.BytesIO()
    reduced.save(small, format="png", optimize=True)
    return small.getvalue()


def picture(figure: Figure, alt: str, caption: str, *, raster: bool = False, chart: str = "") -> Picture:
    """Encode a figure for the page; ``raster`` for smooth maps, which are smaller as PNG than as SVG.

    ``chart`` is the same figure to look closer at (:mod:`escgan.report.charts`).
    """
    content, mime = (as_png(figure), "image/png") if raster else (as_svg(figure).encode(), "image/svg+xml")
    width, height = figure.get_size_inches()
    return Picture(
        uri=f"data:{mime};base64,{base64.b64encode(content).decode('ascii')}",
        alt=alt,
        caption=caption,
        width=round(width * CSS_DPI),
        height=round(height * CSS_DPI),
        chart=chart,
    )
