"""Windows gathered from many recordings: what classifiers and augmenters are trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escgan.errors import ConfigError


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
    """

    de: NDArray[np.float32]
    labels: NDArray[np.int64]
    table: pd.DataFrame
    channels: tuple[str, ...]
    bands: tuple[str, ...]
    classes: tuple[str, ...]

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
        return self.de.reshape(len(self.de), -1)

    def with_de(self, de: NDArray[np.float32]) -> WindowSet:
        """Return the same windows with other feature values."""
        return replace(self, de=de)

    def take(self, rows: NDArray[np.int64]) -> WindowSet:
        """Return some of the windows, in the order of ``rows``."""
        table = self.table.iloc[rows].reset_index(drop=True)
        return replace(self, de=self.de[rows], labels=self.labels[rows], table=table)


def concatenate(parts: Sequence[WindowSet]) -> WindowSet:
    """Join window sets that share channels, bands and classes.

    Raises
    ------
    ConfigError
        If there is nothing to join, or the parts disagree on channels or bands.
    """
    if not parts:
        raise ConfigError("There are no windows to gather: the training side of this fold is empty.")
    first = parts[0]
    for part in parts[1:]:
        if (part.channels, part.bands, part.classes) != (first.channels, first.bands, first.classes):
            names = (first.table["subject"].iloc[0], part.table["subject"].iloc[0])
            raise ConfigError(
                f"Recordings sub-{names[0]} and sub-{names[1]} differ in channels or bands: "
                "give all recordings one montage (drop channels that not all of them have)."
            )
    return replace(
        first,
        de=np.concatenate([part.de for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        table=pd.concat([part.table for part in parts], ignore_index=True),
    )
