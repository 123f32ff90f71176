"""What a report shows, gathered from the store as tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from escgan.evaluation.scores import confusion
from escgan.recording import subject_and_session
from escgan.windows import WindowSet
from storage.hdf5 import read_attributes
from storage.manifest import ArtifactRef
from storage.store import Artifact, Store
from storage.tables import read_table
from tasks.entries import AugmenterEntry, RecordingEntry, ScoreEntry


def subject_score_table(store: Store, entries: Sequence[ScoreEntry]) -> pd.DataFrame:
    """One row a test subject, fold, seed, augmenter and classifier, with every metric."""
    parts = []
    for entry in entries:
        table = read_table(store.open(entry.artifact).file("scores.parquet"))
        own = table[table["level"] == "subject"].drop(columns="level")
        for name in ("fold", "seed", "classifier", "augmenter"):
            own.insert(0, name, getattr(entry, name))
        parts.append(own)
    return pd.concat(parts, ignore_index=True)


def provenance_table(store: Store, refs: Sequence[tuple[str, str, ArtifactRef]]) -> pd.DataFrame:
    """One row an artifact: stage, unit, key, digest, wall_s, peak_memory_mb, device, created."""
    rows = []
    for name, unit, ref in refs:
        manifest = store.open(ref).manifest
        rows.append(
            {
                "stage": name,
                "unit": unit,
                "key": ref.key,
                "digest": ref.digest,
                "wall_s": manifest.wall_s,
                "peak_memory_mb": manifest.peak_memory_mb,
                "device": manifest.device,
                "created": manifest.created,
            }
        )
    return pd.DataFrame(rows)


def recording_table(entries: Sequence[RecordingEntry], windows: WindowSet) -> pd.DataFrame:
    """One row a recording: subject, session, its trials, its windows and those of each class."""
    table = windows.table.assign(label=windows.labels)
    rows = []
    for entry in entries:
        subject, session = subject_and_session(entry.name)
        # None where the labelling leaves all of a recording's windows out.
        own = table[(table["subject"] == subject) & (table["session"] == session)]
        counts = np.bincount(own["label"], minlength=len(windows.classes))
        sizes = {"trials": own["trial"].nunique(), "windows": len(own)}
        by_class = {f"n: {c}": int(n) for c, n in zip(windows.classes, counts, strict=True)}
        rows.append({"recording": entry.name, "subject": subject, "session": session, **sizes, **by_class})
    return pd.DataFrame(rows)


def durations(recording: Artifact) -> dict[int, float]:
    """Return the length in seconds of a recording's trials."""
    table = read_table(recording.file("trials.parquet"), columns=["trial", "duration_s"])
    return {int(trial): float(length) for trial, length in zip(table["trial"], table["duration_s"], strict=True)}


def history_table(store: Store, entries: Sequence[AugmenterEntry]) -> pd.DataFrame:
    """One row a fold, seed, augmenter and step of its training, with the losses."""
    parts = []
    for entry in entries:
        history = read_table(store.open(entry.artifact).file("history.parquet"))
        history.insert(0, "seed", entry.seed)
        history.insert(0, "fold", entry.fold)
        history.insert(0, "augmenter", entry.augmenter)
        parts.append(history)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["augmenter", "fold", "seed", "step"])


def acceptance_table(store: Store, entries: Sequence[AugmenterEntry]) -> pd.DataFrame:
    """One row a fold, seed and augmenter: how many windows were wanted, tried and accepted."""
    rows = []
    for entry in entries:
        artifact = store.open(entry.artifact)
        edits = read_table(artifact.file("edits.parquet"), columns=["accepted"])
        wanted = sum(read_attributes(artifact.file("edited.h5"))["wanted"])
        rows.append((entry.fold, entry.seed, entry.augmenter, wanted, len(edits), int(edits["accepted"].sum())))
    return pd.DataFrame(rows, columns=["fold", "seed", "augmenter", "wanted", "tried", "accepted"])


def confusions(
    store: Store, entries: Sequence[ScoreEntry], classes: Sequence[str]
) -> dict[tuple[str, str], np.ndarray]:
    """Count windows by true and predicted class, for every augmenter and classifier, over all folds and seeds."""
    counts: dict[tuple[str, str], np.ndarray] = {}
    for entry in entries:
        table = read_table(store.open(entry.artifact).file("predictions.parquet"), columns=["y_true", "y_pred"])
        own = confusion(table["y_true"].to_numpy(), table["y_pred"].to_numpy(), len(classes))
        pair = (entry.augmenter, entry.classifier)
        counts[pair] = counts.get(pair, 0) + own
    return counts
