"""From stored features to the labelled windows of a fold's sides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from escgan.errors import ConfigError
from escgan.labels import LEFT_OUT, LabelConfig
from escgan.windows import WindowSet, concatenate
from storage.hdf5 import read_array, read_attributes
from storage.manifest import ArtifactRef
from storage.store import Store
from storage.tables import read_table

WINDOW_COLUMNS = ["subject", "session", "trial", "window", "start_s"]


def load_windows(
    store: Store, features: Sequence[ArtifactRef], labels: LabelConfig, training: Sequence[ArtifactRef] | None = None
) -> WindowSet:
    """Gather the windows of several recordings, in the order given, and label them.

    Parameters
    ----------
    store, features
        Where the features are, and which.
    labels
        Their labelling. Windows that it leaves out are not returned.
    training
        The training side, from whose ratings common borders are taken; ``features`` themselves when not given.

    Raises
    ------
    ConfigError
        No window belongs to a class.
    """
    unlabelled = [_recording(store, ref) for ref in features]
    windows = concatenate([part for part, _ in unlabelled])
    table = pd.concat([own for _, own in unlabelled], ignore_index=True)
    reference = table if training is None else _tables(store, training)
    assigned = labels.apply(table, reference)
    kept = np.flatnonzero(assigned != LEFT_OUT)
    if not len(kept):
        raise ConfigError(
            f"No window of {', '.join(sorted(set(table['subject'])))} belongs to any of the classes "
            f"{', '.join(labels.class_names)}: check the labels."
        )
    return WindowSet(
        de=windows.de[kept] if len(kept) < len(windows) else windows.de,
        labels=assigned[kept],
        table=windows.table.iloc[kept].reset_index(drop=True),
        channels=windows.channels,
        bands=windows.bands,
        classes=labels.class_names,
    )


def _recording(store: Store, ref: ArtifactRef) -> tuple[WindowSet, pd.DataFrame]:
    """Read one recording's windows, not yet labelled, and their whole table."""
    artifact = store.open(ref)
    path = artifact.file("features.h5")
    attributes = read_attributes(path)
    table = read_table(artifact.file("windows.parquet"))
    windows = WindowSet(
        de=np.asarray(read_array(path, attributes["measure"]), dtype=np.float32),
        labels=np.full(len(table), LEFT_OUT, np.int64),
        table=table[WINDOW_COLUMNS],
        channels=tuple(attributes["channels"]),
        bands=tuple(attributes["bands"]),
        classes=(),
    )
    return windows, table


def _tables(store: Store, features: Sequence[ArtifactRef]) -> pd.DataFrame:
    tables = [read_table(store.open(ref).file("windows.parquet")) for ref in features]
    return pd.concat(tables, ignore_index=True)
