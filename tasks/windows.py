"""From stored features to the labelled windows of a fold's sides."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escgan.errors import ConfigError
from escgan.evaluation.parts import Part
from escgan.labels import LEFT_OUT, LabelConfig
from escgan.windows import WindowSet, concatenate, in_order_of
from storage.hdf5 import read_array, read_attributes
from storage.manifest import ArtifactRef
from storage.store import Store
from storage.tables import read_table
from tasks.sides import TrainingSide

WINDOW_COLUMNS = ["subject", "session", "trial", "window", "start_s"]


def load_training_windows(store: Store, side: TrainingSide, labels: LabelConfig) -> WindowSet:
    """Gather the windows of a fold's training side, in the order of its recordings, and label them.

    Windows that the labelling leaves out, that are tested, or that are taken away to make a class scarce are not
    returned. Borders that are common to all subjects are taken from the side's own ratings.

    Raises
    ------
    ConfigError
        No window belongs to a class, or there is no class of the name that is to be made scarce.
    """
    windows, table = _joined(store, side.features)
    return _labelled(windows, *training_rows(table, side, labels), labels)


def load_test_windows(
    store: Store, features: Sequence[ArtifactRef], side: TrainingSide, labels: LabelConfig
) -> WindowSet:
    """Gather the windows that a fold tests and label them by the borders of its training side, in its channels' order.

    Raises
    ------
    ConfigError
        No window belongs to a class.
    """
    windows, table = _joined(store, features)
    windows = in_order_of(recording_windows(store, side.features[0])[0], windows)
    ratings = pd.concat([recording_windows(store, ref)[1] for ref in side.features], ignore_index=True)
    borders = ratings[side_of(ratings, side.part, tested=False)]
    return _labelled(windows, *classes_of(table, labels, side_of(table, side.part, tested=True), borders), labels)


def load_all_windows(store: Store, features: Sequence[ArtifactRef], labels: LabelConfig) -> WindowSet:
    """Gather all windows of recordings, labelled by borders of them all; those of no class are among them, as such."""
    windows, table = _joined(store, features)
    return replace(windows, labels=labels.apply(table, table), classes=labels.class_names)


def training_rows(
    table: pd.DataFrame, side: TrainingSide, labels: LabelConfig
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the classes of a training side's windows, and the numbers of these windows in its recordings' table."""
    assigned, kept = classes_of(table, labels, side_of(table, side.part, tested=False))
    if side.scarcity is not None:
        left = side.scarcity.kept(table.iloc[kept], assigned, labels.class_names)
        assigned, kept = assigned[left], kept[left]
    return assigned, kept


def _joined(store: Store, features: Sequence[ArtifactRef]) -> tuple[WindowSet, pd.DataFrame]:
    parts = [recording_windows(store, ref) for ref in features]
    return concatenate([own for own, _ in parts]), pd.concat([own for _, own in parts], ignore_index=True)


def _labelled(
    windows: WindowSet, assigned: NDArray[np.int64], kept: NDArray[np.int64], labels: LabelConfig
) -> WindowSet:
    return replace(
        windows,
        de=windows.de[kept] if len(kept) < len(windows) else windows.de,
        labels=assigned,
        table=windows.table.iloc[kept].reset_index(drop=True),
        classes=labels.class_names,
    )


def side_of(table: pd.DataFrame, part: Part | None, *, tested: bool) -> NDArray[np.bool_]:
    """Return which windows of a table stand on a side; all, where sides are whole recordings."""
    return np.ones(len(table), bool) if part is None else part.tested(table) == tested


def classes_of(
    table: pd.DataFrame, labels: LabelConfig, chosen: NDArray[np.bool_], reference: pd.DataFrame | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the classes of the chosen windows that belong to one, and the numbers of these windows.

    Raises
    ------
    ConfigError
        No window belongs to a class.
    """
    rows = np.flatnonzero(chosen)
    own = table.iloc[rows]
    if not len(own):
        raise ConfigError("A side of a fold holds no window: choose fewer folds or another protocol.")
    assigned = labels.apply(own, own if reference is None else reference)
    belongs = assigned != LEFT_OUT
    if not belongs.any():
        raise ConfigError(
            f"No window of {', '.join(sorted(set(own['subject'])))} belongs to any of the classes "
            f"{', '.join(labels.class_names)}: check the labels."
        )
    return assigned[belongs], rows[belongs]


class _Kept:
    """Recordings' windows that were read last, up to a number of bytes.

    Every fold trains on almost all recordings: without it, a run reads each as often as there are folds. A reference
    names content, so what was once read of it stays right.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._parts: OrderedDict[tuple[Path, ArtifactRef], tuple[WindowSet, pd.DataFrame]] = OrderedDict()
        self._bytes = 0

    def get(self, store: Store, ref: ArtifactRef) -> tuple[WindowSet, pd.DataFrame]:
        name = (store.root, ref)
        with self._lock:
            if name in self._parts:
                self._parts.move_to_end(name)
                return self._parts[name]
        part = _read(store, ref)
        with self._lock:
            if name not in self._parts:
                self._parts[name] = part
                self._bytes += part[0].de.nbytes
            while self._bytes > self._most_bytes:
                _, (windows, _) = self._parts.popitem(last=False)
                self._bytes -= windows.de.nbytes
        return part


_KEPT = _Kept(most_bytes=256 * 2**20)


def recording_windows(store: Store, ref: ArtifactRef) -> tuple[WindowSet, pd.DataFrame]:
    """Return one recording's windows, not yet labelled, and their whole table; neither may be written to."""
    return _KEPT.get(store, ref)


def _read(store: Store, ref: ArtifactRef) -> tuple[WindowSet, pd.DataFrame]:
    artifact = store.open(ref)
    path = artifact.file("features.h5")
    attributes = read_attributes(path)
    table = read_table(artifact.file("windows.parquet"))
    de = np.asarray(read_array(path, attributes["measure"]), dtype=np.float32)
    de.flags.writeable = False
    windows = WindowSet(
        de=de,
        labels=np.full(len(table), LEFT_OUT, np.int64),
        table=table[WINDOW_COLUMNS],
        channels=tuple(attributes["channels"]),
        bands=tuple(attributes["bands"]),
        classes=(),
    )
    return windows, table
