"""Stage ``train``: a fold's training windows to a trained augmenter."""

from __future__ import annotations

import pandas as pd

from escgan.augmenters import AugmenterConfig
from escgan.labels import LabelConfig
from escgan.normalization import Normalization, normalize_train
from storage.manifest import ArtifactRef
from storage.tables import write_table
from tasks.stage import StageRun, stage
from tasks.windows import load_windows


@stage("train", version=2, on_device=True)
def train(
    features: tuple[ArtifactRef, ...],
    labels: LabelConfig,
    normalization: Normalization,
    augmenter: AugmenterConfig,
    seed: int,
    *,
    run: StageRun,
) -> None:
    """Fit an augmenter on training windows; there is no argument through which test data could come."""
    with run.part("gather windows"):
        windows = normalize_train(load_windows(run.store, features, labels), normalization)
    with run.part("fit"):
        state = augmenter.fit(windows, seed, device=run.device, workspace=run.workspace, on_step=run.progress)
    with run.part("write"):
        augmenter.save(state, run.draft.path)
        write_table(run.draft.file("history.parquet"), pd.DataFrame(augmenter.history(state)))
