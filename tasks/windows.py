"""From stored features to the labelled windows of a fold's side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from escgan.labels import LabelConfig
from escgan.windows import WindowSet, concatenate
from storage.hdf5 import read_array, read_attributes
from storage.manifest import ArtifactRef
from storage.store import Store
from storage.tables import read_table

WINDOW_COLUMNS = ["subject", "session", "trial", "window", "start_s"]


def load_windows(store: Store, features: Sequence[ArtifactRef], labels: LabelConfig) -> WindowSet:
    """Gather the windows of several recordings, in the order given, and label them."""
    parts = []
    for ref in features:
        artifact = store.open(ref)
        path = artifact.file("features.h5")
        attributes = read_attributes(path)
        table = read_table(artifact.file("windows.parquet"))
        parts.append(
            WindowSet(
                de=np.asarray(read_array(path, attributes["measure"]), dtype=np.float32),
                labels=labels.apply(table),
                table=table[WINDOW_COLUMNS],
                channels=tuple(attributes["channels"]),
                bands=tuple(attributes["bands"]),
                classes=labels.classes,
            )
        )
    return concatenate(parts)
