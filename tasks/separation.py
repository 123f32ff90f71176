"""Stage ``separation``: all recordings' features to the bands that give a class away by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from escgan.evaluation.separation import band_separation, separation_notices
from escgan.labels import LEFT_OUT, LabelConfig, refuse_absent_classes
from escgan.windows import WindowSet, concatenate, in_order_of
from storage.manifest import ArtifactRef
from storage.store import Artifact, Store
from storage.tables import read_table, write_table
from tasks.stage import StageRun, stage
from tasks.windows import recording_windows

_TABLE = "separation.parquet"


@stage("separation", version=1)
def separation(features: tuple[ArtifactRef, ...], labels: LabelConfig, *, run: StageRun) -> None:
    """Measure each band within each subject; nothing else is ever computed from it."""
    write_table(run.draft.file(_TABLE), band_separation(_subjects(run.store, features, labels)))


def read_notices(artifact: Artifact) -> tuple[str, ...]:
    """Return a sentence for each band that gives a class away."""
    return separation_notices(read_table(artifact.file(_TABLE)))


def _subjects(store: Store, features: tuple[ArtifactRef, ...], labels: LabelConfig) -> Iterator[WindowSet]:
    """Yield one subject's labelled windows after another's; the whole cohort may not fit into memory."""
    tables = {ref: recording_windows(store, ref)[1] for ref in features}
    reference = pd.concat(tables.values(), ignore_index=True)
    refuse_absent_classes(labels, reference)
    of_subject: dict[str, list[ArtifactRef]] = {}
    for ref, table in tables.items():
        of_subject.setdefault(str(table["subject"].iloc[0]), []).append(ref)
    first = recording_windows(store, features[0])[0]
    for refs in of_subject.values():
        windows = in_order_of(first, concatenate([recording_windows(store, ref)[0] for ref in refs]))
        own = pd.concat([tables[ref] for ref in refs], ignore_index=True)
        assigned = labels.apply(own, reference)
        kept = np.flatnonzero(assigned != LEFT_OUT)
        yield replace(windows, labels=assigned, classes=labels.class_names).take(kept)
