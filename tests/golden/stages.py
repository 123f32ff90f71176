"""A small cohort through every stage, and a few numbers of each stage's result.

Run it as ``python -m tests.golden.stages FILE`` in the checkout whose results are to be the golden ones.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from escgan.augmenters import AUGMENTERS, Balance
from escgan.classifiers import CLASSIFIERS
from escgan.config import parse_config
from storage.hdf5 import read_arrays
from storage.store import Store
from storage.tables import read_table
from tasks.editing import augment
from tasks.features import features
from tasks.recordings import ingest
from tasks.scoring import evaluate
from tasks.sides import TrainingSide
from tasks.training import train

CONFIG = {
    "name": "golden",
    "dataset": {"kind": "simulated", "n_subjects": 3, "n_trials": 4},
    "augmenters": ["none"],
    "classifiers": ["logistic"],
}
# Small steps: Adam turns the rounding of a gradient about zero into a whole step, which later steps enlarge.
TRAINING = {"epochs": 3, "batch_size": 32, "learning_rate": 1e-5}


def numbers(root: Path) -> dict[str, Any]:
    """Compute every stage and return some of its numbers by name."""
    torch.set_num_threads(1)
    store, config = Store(root / "store"), parse_config(CONFIG)
    sources = config.dataset.discover(config.dataset.materialize(root / "files"))
    found: dict[str, Any] = {}
    measured = []
    for source in sources:
        recording, _ = ingest.execute(store, source.subject, (source, config.dataset, config.preprocessing))
        ref, _ = features.execute(store, source.subject, (recording, config.features))
        measured.append(ref)
        arrays = read_arrays(store.open(recording).file("recording.h5"))
        found[f"ingest {source.subject}"] = {name: _some(value) for name, value in arrays.items()}
        found[f"features {source.subject}"] = _some(read_arrays(store.open(ref).file("features.h5"))["de"])
    side, tested = TrainingSide(tuple(measured[:2])), tuple(measured[2:])
    labels, scheme = config.labels, config.normalization
    gan = AUGMENTERS["escgan"].model_validate({"network": {"hidden": 4}, "training": TRAINING, "delta": 1e6})
    trained, _ = train.execute(store, "fold", (side, labels, scheme, gan.for_training(), 0))
    found["train"] = read_table(store.open(trained).file("history.parquet")).to_dict("list")
    made: dict[str, Any] = {"none": None}
    for augmenter, state in ((gan, trained), (AUGMENTERS["smote"](), None)):
        science = (side, state, labels, scheme, augmenter, Balance(), 0)
        made[augmenter.kind], _ = augment.execute(store, augmenter.kind, science)
        edited = read_arrays(store.open(made[augmenter.kind]).file("edited.h5"))
        found[f"augment {augmenter.kind}"] = {name: _some(edited[name]) for name in ("de", "grid", "labels")}
    for kind in ("logistic", "svm", "cnn"):
        settings = {"hidden": 4, **TRAINING} if kind == "cnn" else {}
        classifier = CLASSIFIERS[kind].model_validate(settings)
        for augmenter, edits in made.items():
            science = (side, tested, edits, False, False, labels, scheme, classifier, 0)
            ref, _ = evaluate.execute(store, f"{kind} {augmenter}", science)
            table = read_table(store.open(ref).file("predictions.parquet"))
            found[f"evaluate {kind} {augmenter}"] = _some(table.select_dtypes("floating").to_numpy())
            scores = read_table(store.open(ref).file("scores.parquet"))
            found[f"scores {kind} {augmenter}"] = scores.select_dtypes("number").to_dict("list")
    return found


def _some(values: np.ndarray) -> dict[str, Any]:
    """Return an array's shape, a spread of its values, and its mean and mean square, which depend on all."""
    flat = np.asarray(values, np.float64).ravel()
    spread = flat[:: max(1, len(flat) // 40)]
    return {"shape": list(values.shape), "spread": spread.tolist(), "moments": [flat.mean(), (flat**2).mean()]}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        Path(sys.argv[1]).write_text(json.dumps(numbers(Path(folder)), indent=1) + "\n")
