"""Windows gathered from many recordings: what classifiers and augmenters are trained on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escgan.errors import ConfigError
from escgan.listing import first_of

_MOST_NAMED = 8


@dataclass(frozen=True)
class WindowSet:
    """Labelled DE windows.

    Attributes
    ----------
    de
        ``(n_windows, n_channels, n_bands)`` float32; in the features' unit, or z-scores after normalisation.
    labels
        ``(n_windows,)`` int64 in ``range(n_classes)``.
    table
        One row a window: subject, session, trial, window, start_s.
    channels, bands, classes
        Names along the axes, and of the labels.

    Raises
    ------
    ConfigError
        If a value is NaN or infinite: no classifier could learn from it, and an augmenter would spread it.
    """

    de: NDArray[np.float32]
    labels: NDArray[np.int64]
    table: pd.DataFrame
    channels: tuple[str, ...]
    bands: tuple[str, ...]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        # A mapped file is not read through for this; its rows are of recordings that were.
        if not isinstance(self.de, np.memmap):
            self._refuse_not_finite()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def subjects(self) -> NDArray[np.object_]:
        """The subject of each window, ``(n_windows,)``."""
        return self.table["subject"].to_numpy(dtype=object)

    @property
    def counts(self) -> NDArray[np.int64]:
        """Windows in each class, ``(n_classes,)``."""
        return np.bincount(self.labels, minlength=len(self.classes)).astype(np.int64)

    def flat(self) -> NDArray[np.float32]:
        """Features as one row a window, ``(n_windows, n_channels * n_bands)``, channel-major."""
        return self.de.reshape(len(self.de), math.prod(self.de.shape[1:]))

    def with_de(self, de: NDArray[np.float32]) -> WindowSet:
        """Return the same windows with other feature values."""
        return replace(self, de=de)

    def take(self, rows: NDArray[np.int64]) -> WindowSet:
        """Return some of the windows, in the order of ``rows``."""
        table = self.table.iloc[rows].reset_index(drop=True)
        return replace(self, de=self.de[rows], labels=self.labels[rows], table=table)

    def _refuse_not_finite(self) -> None:
        finite = np.isfinite(self.de)
        if not finite.all():
            row, channel, band = (int(i) for i in np.argwhere(~finite)[0])
            window = self.table.iloc[row]
            raise ConfigError(
                f"Window {window['window']} of trial {window['trial']} of sub-{window['subject']} is "
                f"{self.de[row, channel, band]} in channel '{self.channels[channel]}', band '{self.bands[band]}': "
                "measure it again or leave it out."
            )


def concatenate(parts: Sequence[WindowSet]) -> WindowSet:
    """Join window sets that share channels, bands and classes; the first one's order of channels counts.

    Raises
    ------
    ConfigError
        If there is nothing to join, or the parts disagree on channels or bands.
    """
    if not parts:
        raise ConfigError("There are no windows to gather: the training side of this fold is empty.")
    first = parts[0]
    parts = [in_order_of(first, part) for part in parts]
    return replace(
        first,
        de=np.concatenate([part.de for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        table=pd.concat([part.table for part in parts], ignore_index=True),
    )


def in_order_of(first: WindowSet, other: WindowSet) -> WindowSet:
    """Return the other windows with their channels in the order of the first: laboratories and tools sort differently.

    Raises
    ------
    ConfigError
        The two have other channels, bands or classes.
    """
    if (other.channels, other.bands, other.classes) == (first.channels, first.bands, first.classes):
        return other
    names = [f"sub-{windows.table['subject'].iloc[0]}" for windows in (first, other)]
    fault = channels_that_differ(names[0], first.channels, names[1], other.channels)
    if fault:
        raise ConfigError(f"{fault}: give all recordings one montage (drop channels that not all of them have).")
    if (other.bands, other.classes) != (first.bands, first.classes):
        raise ConfigError(f"Recordings {names[0]} and {names[1]} differ in bands or classes: measure them alike.")
    place = {name: i for i, name in enumerate(other.channels)}
    order = [place[name] for name in first.channels]
    return replace(other, de=np.take(other.de, order, axis=1), channels=first.channels)


def channels_that_differ(name: str, channels: Sequence[str], other_name: str, others: Sequence[str]) -> str | None:
    """Say which channels one of two recordings lacks, in a sentence without its end; None where they have the same.

    >>> channels_that_differ("sub-01", ["Cz", "Pz"], "sub-02", ["Oz", "Cz"])
    'Recordings sub-01 and sub-02 differ in channels (sub-01 alone has Pz; sub-02 alone has Oz)'
    >>> channels_that_differ("sub-01", ["Cz", "Pz"], "sub-02", ["Pz", "Cz"])
    """
    alone = []
    for own_name, own, rest in ((name, channels, others), (other_name, others, channels)):
        only = [channel for channel in own if channel not in rest]
        if only:
            alone.append(f"{own_name} alone has {first_of(only, _MOST_NAMED)}")
    return f"Recordings {name} and {other_name} differ in channels ({'; '.join(alone)})" if alone else None
