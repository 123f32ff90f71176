"""Bands that give the class away by themselves: more likely an artefact of the corpus than emotion.

Two conditions that were recorded or cleaned differently can be told apart by anything: where one of them was low-passed
at 60 Hz, every score computed from the power above it is perfect and says nothing. No effect of emotion on a band's
power is so large in so many people, so such a band is named.

This looks at all subjects at once. It serves the reader of the scores alone: nothing is trained on it or chosen by it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from escgan.windows import WindowSet

SEPARATED = 0.95
"""A subject's windows are told apart from this area under the ROC curve on (or one minus it, the other way round)."""
ALMOST_ALL = 0.9
"""The share of the subjects, all in the same direction, from which on a band is named."""
FEWEST_SUBJECTS = 6
"""With fewer, drifts that happen to go the same way in all of them are no rarity."""
_FEWEST_WINDOWS = 5

ALL_CHANNELS = ""
COLUMNS = ("class", "band", "channel", "n_subjects", "separated", "auroc")


def band_separation(subjects: Iterable[WindowSet]) -> pd.DataFrame:
    """Measure how well each band, alone, tells each class from the others within each subject.

    Parameters
    ----------
    subjects
        Labelled windows of one subject after another, not normalised, of the same channels, bands and classes.

    Returns
    -------
    table
        One row a class, band and channel, and one for the mean over channels (`ALL_CHANNELS`): class, band, channel;
        n_subjects that have windows of the class and of others; separated, the share of these in which the class lies
        above the others (or below, whichever are more) with an AUROC of at least 0.95; auroc, the median of them, above
        0.5 where the class lies above. Of two classes, the second alone is listed. Empty with fewer than six subjects.

    Notes
    -----
    The area under the ROC curve is the Mann-Whitney statistic over the product of the counts (Hanley and McNeil,
    Radiology 143, 1982), with ties counted as half.
    """
    measured: dict[str, list[NDArray[np.float64]]] = {}
    channels: tuple[str, ...] = ()
    bands: tuple[str, ...] = ()
    for windows in subjects:
        channels, bands = (*windows.channels, ALL_CHANNELS), windows.bands
        listed = range(len(windows.classes)) if len(windows.classes) > 2 else (1,)
        counts = np.bincount(windows.labels, minlength=len(windows.classes))
        chosen = [n for n in listed if min(counts[n], len(windows) - counts[n]) >= _FEWEST_WINDOWS]
        if chosen:
            ranks = rankdata(_with_mean(windows.de), axis=0)
            for label in chosen:
                measured.setdefault(windows.classes[label], []).append(_auroc(ranks, windows.labels == label))
    rows = []
    for name, areas in measured.items():
        if len(areas) < FEWEST_SUBJECTS:
            continue
        stacked = np.stack(areas)
        share = np.maximum((stacked >= SEPARATED).mean(axis=0), (stacked <= 1 - SEPARATED).mean(axis=0))
        median = np.median(stacked, axis=0)
        for where in np.ndindex(share.shape):
            named = (name, bands[where[1]], channels[where[0]], len(areas))
            rows.append((*named, float(share[where]), float(median[where])))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def separation_notices(table: pd.DataFrame) -> tuple[str, ...]:
    """Return a sentence for each band that separates a class by itself in almost every subject.

    Of a band's channels and their mean, the one that separates most subjects is told.
    """
    found = table[table["separated"] >= ALMOST_ALL]
    sentences = []
    for (name, band), rows in found.groupby(["class", "band"], sort=False):
        apart = (rows["auroc"] - 0.5).abs()
        row = rows.assign(apart=apart).sort_values(["separated", "apart"], kind="stable").iloc[-1]
        n = round(row["separated"] * row["n_subjects"])
        where = "averaged over channels" if row["channel"] == ALL_CHANNELS else f"at {row['channel']}"
        side = "higher" if row["auroc"] > 0.5 else "lower"
        sentences.append(
            f"Band '{band}' separates '{name}' from the rest by itself in {n} of {row['n_subjects']} subjects "
            f"({where} it is {side}, median AUROC {max(row['auroc'], 1 - row['auroc']):.3f}): no effect of emotion is "
            "so large. Were the conditions recorded or cleaned differently? Leave the band out, or scores will measure "
            "that difference."
        )
    return tuple(sentences)


def _with_mean(de: NDArray[np.float32]) -> NDArray[np.float64]:
    """Append the mean over channels to ``(n_windows, n_channels, n_bands)``."""
    de = de.astype(np.float64)
    return np.concatenate([de, de.mean(axis=1, keepdims=True)], axis=1)


def _auroc(ranks: NDArray[np.float64], of_class: NDArray[np.bool_]) -> NDArray[np.float64]:
    n, others = int(of_class.sum()), int((~of_class).sum())
    return (ranks[of_class].sum(axis=0) - n * (n + 1) / 2) / (n * others)
