"""The canary: what a fold holds out is replaced, and nothing that was made from its training side may change a byte.

Stages run on a store, as in a run. Features stand in for recordings: five protocols, every normalisation, augmenter and
classifier are then a matter of minutes.
"""

from __future__ import annotations

import hashlib
from functools import partial

import numpy as np
import pandas as pd

from escgan.config import parse_config
from escgan.evaluation.protocols import PROTOCOLS
from escgan.evaluation.threshold import fit_with_moved_threshold
from escgan.normalization import normalize_train
from escgan.recording import recording_name
from storage.hdf5 import write_arrays
from storage.store import Store
from storage.tables import write_table
from tasks.cases import split
from tasks.editing import augment
from tasks.entries import RecordingEntry
from tasks.scoring import gather_fold
from tasks.stage import UnitRun
from tasks.training import train
from tasks.windows import load_training_windows
from tests.conftest import CHANNELS

SUBJECTS, SESSIONS, N_TRIALS, N_WINDOWS = ("01", "02", "03", "04"), ("1", "2"), 4, 6
NORMALIZATIONS = ("none", "global", "per_subject", "coral")
# Borders that are taken from ratings are one more thing that held-out data could move.
LABELS = {"kind": "threshold", "rating": "valence", "threshold": "median"}

SMALL_NETWORK = {"hidden": [4], "epochs": 2, "batch_size": 32}
AUGMENTERS = {
    "cwgan_gp": {"hidden": [4], "latent": 2, "epochs": 2},
    "cvae": {"hidden": [4], "latent": 2, "epochs": 2},
    "ddpm": {"hidden": 4, "blocks": 1, "noise_steps": 3, "epochs": 2},
    "ganser": {"width": 2, "critic": [4], "epochs": 2},
    "escgan": {"network": {"hidden": 2}, "training": {"epochs": 2, "batch_size": 32}, "delta": 1e6},
    "auto": {},
}
"""Settings that make them quick; the others are as they come."""
CLASSIFIERS = {
    "mlp": SMALL_NETWORK,
    "cnn": {"hidden": 2, "epochs": 2, "batch_size": 32},
    "dgcnn": {"filters": 2, "hidden": 4, "epochs": 2, "batch_size": 32},
    "rgnn": {"filters": 2, "epochs": 2, "batch_size": 32},
    "transformer": {"layers": 1, "width": 4, "heads": 2, "epochs": 2, "batch_size": 32},
    "dann": SMALL_NETWORK,
    "tuned": {"grid": {"C": [0.1, 1.0]}, "folds": 2},
}


def experiment(protocol, normalization, augmenters=("none",), classifiers=("logistic",)):
    return parse_config(
        {
            "dataset": "deap",
            "labels": LABELS,
            "protocol": {"kind": protocol} | ({"k": 2} if "k" in PROTOCOLS[protocol].model_fields else {}),
            "normalization": normalization,
            "augmenters": [{"kind": kind} | AUGMENTERS.get(kind, {}) for kind in augmenters],
            "classifiers": [{"kind": kind} | CLASSIFIERS.get(kind, {}) for kind in classifiers],
        }
    )


def cohort():
    """Features and table of each recording: people differ, and so do the two classes, of which one is rarer."""
    found = {}
    for number, (subject, session) in enumerate((s, n) for s in SUBJECTS for n in SESSIONS):
        draw = np.random.default_rng(number)
        trial = np.repeat(np.arange(1, N_TRIALS + 1), N_WINDOWS)
        valence = np.repeat(draw.permutation([2.0, 4.0, 6.0, 8.0]) + draw.uniform(0, 1, N_TRIALS), N_WINDOWS)
        values = draw.standard_normal((len(trial), len(CHANNELS), 2)) + draw.normal(0, 1, (len(CHANNELS), 2))
        values[valence > 6, :4] += 1.0
        window = np.tile(np.arange(N_WINDOWS), N_TRIALS)
        table = pd.DataFrame({"subject": subject, "session": session, "trial": trial, "window": window})
        table = table.assign(start_s=window * 2.0, valence=valence)
        found[recording_name(subject, session)] = values.astype(np.float32), table
    return found


def held_out(case, entries, recordings):
    """Which windows of each recording the fold tests."""
    by_ref = {entry.features: entry.name for entry in entries}
    rows = {}
    for ref in case.test:
        table = recordings[by_ref[ref]][1]
        part = case.side.part
        rows[by_ref[ref]] = np.ones(len(table), bool) if part is None else part.tested(table)
    return rows


def replaced(recordings, rows, how):
    """Put noise, or values beyond all measure, in place of the held-out windows, and other ratings beside them."""
    found = dict(recordings)
    for number, (name, own) in enumerate(rows.items()):
        values, table = recordings[name]
        draw = np.random.default_rng(1000 + number)
        values, table = values.copy(), table.copy()
        values[own] = 1e30 if how == "enormous" else 50 + 20 * draw.standard_normal(values[own].shape)
        table.loc[own, "valence"] = draw.uniform(1, 9, own.sum())
        found[name] = values, table
    return found


def stored(root, recordings):
    store, entries = Store(root), []
    for number, (name, (values, table)) in enumerate(recordings.items()):
        with store.create("features", f"{number:08x}") as draft:
            attributes = {"measure": "de", "channels": list(CHANNELS), "bands": ["alpha", "beta"]}
            write_arrays(draft.file("features.h5"), {"de": values}, attributes)
            write_table(draft.file("windows.parquet"), table)
        entries.append(RecordingEntry(name, None, draft.ref))
    return store, entries


def made_from_training(config, store, case):
    """Digests of all that a fold makes from its training side: windows, augmenters, edits, what classifiers learnt."""
    run = UnitRun(store=store, stage="evaluate", key="0" * 8, unit="canary", device="cpu")
    found = {}
    for a in config.augmenters:
        edited = None
        if a in config.generating:
            gan = None
            if a.trains:
                science = (case.side, config.labels, config.normalization, a.for_training(), case.seed)
                gan, _ = train.execute(store, "canary", science)
                found[f"train {a.kind}"] = gan.digest
            science = (case.side, gan, config.labels, config.normalization, a.for_generation(), config.balance, 0)
            edited, _ = augment.execute(store, "canary", science)
            found[f"augment {a.kind}"] = edited.digest
        gathered = (case.side, case.test, edited, a.reweights, config.labels, config.normalization)
        data, _ = gather_fold(run, *gathered)
        found[f"windows {a.kind}"] = digest(data.de, data.grid, data.labels)
        for classifier in config.classifiers:
            fit = partial(fit_with_moved_threshold, classifier) if a.moves_threshold else classifier.fit
            probability = fit(data, case.seed).predict_proba(data.train)
            found[f"evaluate {a.kind} {classifier.kind}"] = digest(probability)
    return found


def training_side(config, store, case):
    """The digest of the training windows, labelled and normalised: all that is made is made of them."""
    windows = normalize_train(load_training_windows(store, case.side, config.labels), config.normalization)
    return {"windows": digest(windows.de, windows.labels)}


def digest(*arrays):
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()


def changed_by(config, root, how="noise", only_fold=0):
    """Names of what changed when the fold's held-out windows were replaced; how many there were in all."""
    recordings = cohort()
    store, entries = stored(root / "whole", recordings)
    case = split(config, entries)[only_fold]
    canary, others = stored(root / how, replaced(recordings, held_out(case, entries, recordings), how))
    # Nothing can be told of such a test side, and no model is asked for it.
    measure = made_from_training if how == "noise" else training_side
    before = measure(config, store, case)
    after = measure(config, canary, split(config, others)[only_fold])
    assert before.keys() == after.keys()
    return sorted(name for name in before if before[name] != after[name]), len(before)
