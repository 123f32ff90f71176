"""Stage ``augment``: a fold's training windows and a trained augmenter to edited windows."""

from __future__ import annotations

from typing import Any

import numpy as np

from escgan.augmenters import AugmenterConfig, Balance, Edited, GeneratingAugmenter
from escgan.labels import LabelConfig
from escgan.normalization import Normalization, normalize_train
from storage.hdf5 import read_arrays, read_attributes, write_arrays
from storage.manifest import ArtifactRef
from storage.store import Artifact
from storage.tables import read_table, write_table
from tasks.sides import TrainingSide
from tasks.stage import StageRun, stage
from tasks.windows import load_training_windows


@stage("augment", version=1, on_device=True)
def augment(
    side: TrainingSide,
    gan: ArtifactRef | None,
    labels: LabelConfig,
    normalization: Normalization,
    augmenter: AugmenterConfig,
    balance: Balance,
    seed: int,
    *,
    run: StageRun,
) -> None:
    """Make windows for the classes that lack them, from training windows alone."""
    if not isinstance(augmenter, GeneratingAugmenter):
        raise TypeError(f"Augmenter '{augmenter.kind}' makes no windows.")
    with run.part("gather windows"):
        windows = normalize_train(load_training_windows(run.store, side, labels), normalization)
        state: Any = augmenter.load(run.store.open(gan).path, windows) if gan else None
    with run.part("generate"):
        edited = augmenter.generate(state, windows, balance, seed, device=run.device)
    with run.part("write"):
        write_arrays(
            run.draft.file("edited.h5"),
            {"de": edited.de, "grid": edited.grid, "labels": edited.labels},
            {
                "wanted": [int(n) for n in edited.wanted],
                "classes": list(windows.classes),
                "channels": list(windows.channels),
                "bands": list(windows.bands),
                "normalization": normalization,
            },
        )
        write_table(run.draft.file("edits.parquet"), edited.edits)


def read_edited(artifact: Artifact) -> Edited:
    """Read an edited artifact back."""
    path = artifact.file("edited.h5")
    arrays = read_arrays(path)
    return Edited(
        de=arrays["de"],
        grid=arrays["grid"],
        labels=arrays["labels"],
        edits=read_table(artifact.file("edits.parquet")),
        wanted=np.array(read_attributes(path)["wanted"], dtype=np.int64),
    )
