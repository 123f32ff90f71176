"""What the report gathers from the store."""

from __future__ import annotations

import numpy as np
import pandas as pd

from escgan.augmenters import AUGMENTERS, Balance
from escgan.config import parse_config
from storage.hdf5 import write_arrays
from storage.manifest import ArtifactRef
from storage.store import Store
from storage.tables import write_table
from tasks.editing import augment
from tasks.entries import AugmenterEntry
from tasks.reporting import _scalp_means
from tasks.sides import TrainingSide


def put(store: Store, subject: str, ratings: list[float]) -> ArtifactRef:
    """Store a subject's features: five windows a trial, ten where its rating is below 3, each of a value of its own."""
    trials = np.repeat(np.arange(len(ratings)), [10 if rating < 3 else 5 for rating in ratings])
    table = pd.DataFrame({"subject": subject, "session": "1", "trial": trials})
    table["window"] = table.groupby("trial").cumcount()
    table = table.assign(start_s=table["window"] * 2.0, valence=np.array(ratings, np.float64)[trials])
    values = np.arange(len(table), dtype=np.float32)[:, None, None] * np.ones((1, 2, 1), np.float32)
    with store.create("features", f"{int(subject):016d}") as draft:
        attributes = {"measure": "de", "channels": ["Fz", "Pz"], "bands": ["alpha"]}
        write_arrays(draft.file("features.h5"), {"de": values + 1000 * int(subject)}, attributes)
        write_table(draft.file("windows.parquet"), table)
    return draft.ref


def test_references_that_all_subjects_borders_leave_out_are_averaged_too(tmp_path) -> None:
    # Without the third subject, ratings of 4 and 5 are the highest third; with it, they lie in the middle.
    store = Store(tmp_path)
    refs = [put(store, "1", [1, 2, 4, 5]), put(store, "2", [1, 2, 4, 5]), put(store, "3", [7, 8, 9, 9])]
    config = parse_config(
        {
            "dataset": "deap",
            "labels": {"kind": "tertiles", "rating": "valence"},
            "normalization": "none",
            "augmenters": ["noise"],
            "classifiers": ["lda"],
        }
    )
    side = TrainingSide(tuple(refs[:2]))
    made, _ = augment.execute(store, "fold", (side, None, config.labels, "none", AUGMENTERS["noise"](), Balance(), 0))
    edits = pd.read_parquet(store.open(made).file("edits.parquet"))
    assert set(edits["reference_trial"].astype(int)) == {2, 3} and len(edits) == 20
    means = _scalp_means(store, config, refs, [AugmenterEntry("fold", 0, "noise", made)])["noise"]
    subject, trial, window = (edits[f"reference_{part}"].astype(int) for part in ("subject", "trial", "window"))
    references = 1000 * subject + 20 + 5 * (trial - 2) + window
    np.testing.assert_allclose(means.reference[1], references.mean())
