"""Scalp maps of real, reference and edited windows."""

from __future__ import annotations

from typing import Any

import mne
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from escgan.report.data import ReportData, ScalpMeans
from escgan.report.drawing import FAINT, INK, MUTED, PAPER, SMALL, shorten
from escgan.report.wording import measure_words, number

ROWS = ("real", "reference", "edited", "edited − reference")
"""What is mapped of each class, from above."""

_MIN_CHANNELS = 4
# MNE draws the 10-05 positions with Fp1 and Fp2 beyond a head of its default 95 mm.
_HEAD_RADIUS_M = 0.11
# Steps of equal size, as in a filled contour map, survive the reduction to few colours; an odd number keeps
# zero within one step.
_N_STEPS = 41
_DIVERGING, _SEQUENTIAL = (colormaps[name].resampled(_N_STEPS) for name in ("RdBu_r", "viridis"))


def unit(data: ReportData) -> str:
    """Return the unit of the mapped values, with what it means."""
    return data.unit if data.normalization == "none" else "z"


def placed_channels(data: ReportData) -> list[int]:
    """Return the indices of the channels whose place on the head is known."""
    known = {name.lower() for name in _montage().ch_names}
    return [i for i, name in enumerate(data.channels) if name.lower() in known]


def can_be_mapped(data: ReportData) -> bool:
    """Return whether enough channels have a known place to interpolate between."""
    return len(placed_channels(data)) >= _MIN_CHANNELS


def scalp_maps(data: ReportData, augmenter: str) -> Figure:
    """Draw an augmenter's mean maps: rows class x (real, reference, edited, difference), columns bands.

    All maps of a band share one colour scale. The one exception: means that were not normalised lie far from
    zero, where no difference would show, so there the differences have a second scale, again one a band. A row
    without windows is left out, so a class that nothing was edited into has its real map alone.
    """
    means = data.scalp[augmenter]
    _, short = measure_words(data.measure)
    keep = placed_channels(data)
    info = _info([data.channels[i] for i in keep])
    rows = mapped_rows(means)
    split = has_own_scale(data, means)
    n_bands, n_bars = len(data.bands), 1 + split
    size = min(1.3, 8.4 / n_bands)
    heights = [*[1.0] * len(rows), *[0.34] * n_bars]
    width, height = 1.9 + size * n_bands, 0.5 + size * sum(heights)
    figure = Figure(figsize=(width, height), facecolor=PAPER)
    # Placed by hand: automatic layout moves round maps apart for the sake of their invisible frames.
    grid = figure.add_gridspec(
        len(heights), n_bands, height_ratios=heights, left=1.75 / width, right=0.985,
        top=1 - 0.34 / height, bottom=0.1 / height, hspace=0.1, wspace=0.08,
    )  # fmt: skip
    for b, band in enumerate(data.bands):
        stacks = [_stack(means, c)[:, keep, b] for c in range(len(data.classes))]
        values = np.concatenate([stack[:3] for stack in stacks])
        differences = np.concatenate([stack[3:] for stack in stacks])
        if split:
            scales, cmaps = [_range(values), _symmetric(differences)], [_SEQUENTIAL, _DIVERGING]
        elif data.normalization == "none":
            scales, cmaps = [_range(values)], [_SEQUENTIAL]
        else:
            scales, cmaps = [_symmetric(np.concatenate([values, differences]))], [_DIVERGING]
        for i, (c, kind) in enumerate(rows):
            axes = figure.add_subplot(grid[i, b])
            which = -1 if kind == 3 else 0
            _draw_map(axes, stacks[c][kind], info, scales[which], cmaps[which])
            if i == 0:
                title = shorten(band, 12)
                axes.set_title(title, fontsize=SMALL + 1, fontweight="bold", color=INK, parse_math=False)
            if b == 0:
                _name_row(axes, data.classes[c], kind, int(means.n_edited[c]))
        for i, (scale, cmap) in enumerate(zip(scales, cmaps, strict=True)):
            holder = figure.add_subplot(grid[len(rows) + i, b])
            name = f"{'difference' if i else f'mean {short}'} ({unit(data)})"
            _draw_bar(figure, holder, scale, cmap, name if b == 0 else "")
    return figure


def has_own_scale(data: ReportData, means: ScalpMeans) -> bool:
    """Return whether there are differences, and values too far from zero to share a scale with them."""
    return data.normalization == "none" and any(kind == 3 for _, kind in mapped_rows(means))


def mapped_rows(means: ScalpMeans) -> list[tuple[int, int]]:
    """Return (class, position in ``ROWS``) of every row that has something to show."""
    return [
        (c, kind)
        for c in range(len(means.real))
        for kind in range(len(ROWS))
        # An augmenter that interpolates has no single reference window, so neither a difference to it.
        if kind == 0 or np.isfinite(_stack(means, c)[kind]).any()
    ]


def _stack(means: ScalpMeans, index: int) -> NDArray[np.floating]:
    """Return a class' four maps, ``(4, n_channels, n_bands)``, in the order of ``ROWS``."""
    real, reference, edited = means.real[index], means.reference[index], means.edited[index]
    return np.stack([real, reference, edited, edited - reference]).astype(float)


def _draw_map(
    axes: Axes, values: NDArray[np.floating], info: mne.Info, scale: tuple[float, float], cmap: Colormap
) -> None:
    """Draw one map, or say that the class has no windows."""
    if not np.isfinite(values).all():
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no\nwindows", ha="center", va="center", fontsize=SMALL - 1, color=MUTED,
                  transform=axes.transAxes)  # fmt: skip
        return
    mne.viz.plot_topomap(
        values, info, axes=axes, show=False, res=64, contours=0, sphere=_HEAD_RADIUS_M, cmap=cmap, vlim=scale
    )
    for image in axes.images:
        # Interpolating colours instead of values would blend the steps of the scale.
        image.set_interpolation_stage("data")
    for line in axes.lines:
        line.set_linewidth(0.8)
        if line.get_linestyle() == "None":
            line.set(markersize=1.6, color=INK, alpha=0.6)


def _name_row(axes: Axes, label: str, kind: int, n_edited: int) -> None:
    """Write the row's name at its left, and above a class' first row the class."""

    def write(text: str, height: float, **style: Any) -> None:
        written = axes.annotate(text, (-0.12, height), xycoords="axes fraction", ha="right", va="center", **style)
        written.set_parse_math(False)

    write(ROWS[kind], 0.5, fontsize=SMALL, color=INK)
    if kind == 0:
        write(shorten(label, 18), 0.88, fontsize=SMALL + 1, fontweight="bold", color=INK)
        if not n_edited:
            write("(no edits)", 0.28, fontsize=SMALL - 1, color=MUTED)
    if kind == 2:
        write(f"n = {n_edited:,}", 0.28, fontsize=SMALL - 1, color=MUTED)


def _draw_bar(figure: Figure, holder: Axes, scale: tuple[float, float], cmap: Colormap, name: str) -> None:
    """Draw a horizontal colour bar with its ends and middle marked, and its name where one is given."""
    holder.set_axis_off()
    bar = holder.inset_axes((0.08, 0.55, 0.84, 0.3))
    figure.colorbar(ScalarMappable(Normalize(*scale), cmap), cax=bar, orientation="horizontal")
    ticks = [scale[0], (scale[0] + scale[1]) / 2, scale[1]]
    digits = 1 if scale[1] - scale[0] >= 2 else 2
    bar.set_xticks(ticks, [number(tick, digits) for tick in ticks])
    bar.tick_params(labelsize=SMALL - 1.5, length=2, color=FAINT, labelcolor=INK, pad=2)
    # The outer labels stay within their bar, clear of the next band's.
    bar.get_xticklabels()[0].set_horizontalalignment("left")
    bar.get_xticklabels()[-1].set_horizontalalignment("right")
    for spine in bar.spines.values():
        spine.set_color(FAINT)
    if name:
        holder.annotate(
            name, (-0.12, 0.7), xycoords="axes fraction", ha="right", va="center", fontsize=SMALL, color=INK
        )


def _range(values: NDArray[np.floating]) -> tuple[float, float]:
    """Return the least and largest finite value, kept apart."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    return (low, high) if high - low > 1e-9 else (low - 0.5, high + 0.5)


def _symmetric(values: NDArray[np.floating]) -> tuple[float, float]:
    """Return limits around zero that hold every finite value."""
    finite = np.abs(values[np.isfinite(values)])
    reach = float(finite.max()) if finite.size else 0.0
    return (-reach, reach) if reach > 1e-9 else (-1.0, 1.0)


def _montage() -> mne.channels.DigMontage:
    """Return the extended 10-05 positions, under the name this version of MNE knows them by."""
    renamed = "colin27_1005"  # MNE 1.13 and later
    name = renamed if renamed in mne.channels.get_builtin_montages() else "standard_1005"
    return mne.channels.make_standard_montage(name)


def _info(names: list[str]) -> mne.Info:
    """Return MNE's description of these channels at their standard places."""
    info = mne.create_info(names, sfreq=1.0, ch_types="eeg")
    info.set_montage(_montage(), match_case=False, on_missing="ignore")
    return info
