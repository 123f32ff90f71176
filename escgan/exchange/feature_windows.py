"""Features of windows as arrays for scikit-learn, labelled arrays, tables and topomaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escgan.errors import ConfigError
from escgan.extras import need_package
from escgan.labels import LEFT_OUT
from escgan.preprocessing.electrodes import recording_info

if TYPE_CHECKING:
    import mne
    import xarray


class Arrays(NamedTuple):
    """What scikit-learn's ``cross_validate`` takes.

    ``X`` is ``(n_windows, n_channels * n_bands)`` float32, all bands of the first channel first; ``y`` the number of
    each window's class, int64; ``groups`` the person that each window is of.
    """

    X: NDArray[np.float32]
    y: NDArray[np.int64]
    groups: NDArray[np.object_]


@dataclass(frozen=True)
class FeatureWindows:
    """Features of windows, and what is known of each window.

    Attributes
    ----------
    values
        ``(n_windows, n_channels, n_bands)`` float32, in ``unit``.
    table
        Row i describes window i. Of measured windows: subject, session, trial, window, start_s, stimulus, condition
        and every rating. Of edits: the reference window that each was made of, and how it was judged.
    channels, bands
        Names along the axes.
    band_edges_hz
        Lower and upper edge of each band.
    measure, unit, definition
        What was measured, such as ``de`` in ``nats``, and its formula in words.
    labels
        ``(n_windows,)`` int64, the number of each window's class in ``classes``, or ``LEFT_OUT`` (-1) for windows that
        belong to none; None where the run did not come to where labels are made.
    classes
        Names of the classes.
    labelling
        How labels were made, in words.
    person
        The column of ``table`` that says whose window it is.
    """

    values: NDArray[np.float32]
    table: pd.DataFrame
    channels: tuple[str, ...]
    bands: tuple[str, ...]
    band_edges_hz: tuple[tuple[float, float], ...]
    measure: str
    unit: str
    definition: str
    labels: NDArray[np.int64] | None
    classes: tuple[str, ...]
    labelling: str = ""
    person: str = "subject"

    def __len__(self) -> int:
        return len(self.values)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the columns of ``X``, such as ``Fz alpha``."""
        return tuple(f"{channel} {band}" for channel in self.channels for band in self.bands)

    @property
    def label_names(self) -> NDArray[np.str_]:
        """The name of each window's class, ``(n_windows,)``; empty for windows that belong to none."""
        return np.array([*self.classes, ""])[self._labels()]

    def to_arrays(self) -> Arrays:
        """Return the windows that belong to a class as ``X, y, groups``, in the features' own unit.

        Raises
        ------
        ConfigError
            No labels are known.
        """
        labels = self._labels()
        kept = labels != LEFT_OUT
        people = self.table[self.person].to_numpy(dtype=object)
        return Arrays(self.values[kept].reshape(int(kept.sum()), -1), labels[kept], people[kept])

    def to_pandas(self) -> pd.DataFrame:
        """Return one row a window, its table's columns in the index, and one column a channel and band."""
        index = self.table if self.labels is None else self.table.assign(label=self.label_names)
        columns = pd.MultiIndex.from_product([self.channels, self.bands], names=["channel", "band"])
        return pd.DataFrame(self.values.reshape(len(self), -1), pd.MultiIndex.from_frame(index), columns)

    def to_xarray(self) -> xarray.DataArray:
        """Return a DataArray with the dimensions window, channel and band.

        What the table says of windows stands in coordinates along ``window`` (its column window, which numbers windows
        inside a trial, as ``trial_window``), labels by name in ``label``, edges of bands in ``low_hz`` and ``high_hz``.

        Raises
        ------
        ConfigError
            The package xarray is not installed.
        """
        need_package("A labelled array", "xarray", extra="xarray")
        import xarray

        along = {name: ("window", _plain(column)) for name, column in self.table.items()}
        if "window" in along:
            along["trial_window"] = along.pop("window")
        if self.labels is not None:
            along["label"] = ("window", self.label_names)
        edges = np.array(self.band_edges_hz, dtype=np.float64).reshape(-1, 2)
        attributes = {"units": self.unit, "definition": self.definition, "labelling": self.labelling}
        return xarray.DataArray(
            self.values,
            dims=("window", "channel", "band"),
            coords={
                "channel": list(self.channels),
                "band": list(self.bands),
                "low_hz": ("band", edges[:, 0], {"units": "Hz"}),
                "high_hz": ("band", edges[:, 1], {"units": "Hz"}),
                **along,
            },
            name=self.measure,
            attrs=attributes,
        )

    def topomap(
        self, band: str, label: str | None = None, subject: str | None = None
    ) -> tuple[NDArray[np.float64], mne.Info]:
        """Return the mean over windows of one band at each electrode, and MNE's description of the electrodes.

        ``mne.viz.plot_topomap(*windows.topomap("alpha"))`` draws it. There is no ``to_mne`` here: MNE's containers hold
        volts, or powers that its plots turn into decibels, and differential entropy is neither.

        Parameters
        ----------
        band
            One of ``bands``.
        label, subject
            Only windows of this class, only those of this person; all when not given.

        Returns
        -------
        means
            ``(n_placed,)`` float64 in ``unit``: channels that have a place in the 10-05 system, in their order.
        info
            These channels at their template positions.

        Raises
        ------
        ConfigError
            There is no such band, class or window.
        """
        _refuse_unknown("band", band, self.bands)
        chosen = np.ones(len(self), bool)
        if label is not None:
            _refuse_unknown("class", label, self.classes)
            chosen &= self._labels() == self.classes.index(label)
        if subject is not None:
            chosen &= (self.table[self.person].astype("object") == subject).to_numpy()
        if not chosen.any():
            raise ConfigError(f"There is no window of class {label or 'any'} and subject {subject or 'any'}.")
        info = recording_info(self.channels, {}, 1.0, "", unplaced="allow")
        placed = [i for i, channel in enumerate(info["chs"]) if np.isfinite(channel["loc"][:3]).all()]
        means = self.values[chosen][:, placed, self.bands.index(band)].mean(axis=0, dtype=np.float64)
        import mne

        return means, mne.pick_info(info, placed)

    def _labels(self) -> NDArray[np.int64]:
        if self.labels is None:
            raise ConfigError(
                "No labels are known of these windows, as the run did not come to its report: run it to its end."
            )
        return self.labels


def _refuse_unknown(what: str, name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        raise ConfigError(f"There is no {what} '{name}': expected one of {', '.join(known)}.")


def _plain(column: pd.Series) -> NDArray[np.generic]:
    """Return a column as numbers or texts that need no objects."""
    if pd.api.types.is_bool_dtype(column):
        return column.to_numpy(dtype=bool)
    if pd.api.types.is_integer_dtype(column) and not column.isna().any():
        return column.to_numpy(dtype=np.int64)
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return column.astype("object").where(column.notna(), "").to_numpy(dtype=np.str_)
