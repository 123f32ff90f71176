"""Stage ``report``: everything a run left in the store to one HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from escgan.config import PipelineConfig
from escgan.evaluation.scores import confusion
from escgan.evaluation.significance import compare_augmenters
from escgan.evaluation.verdict import verdict_sentences
from escgan.normalization import is_transductive, normalize_train
from escgan.recording import subject_and_session
from escgan.report.data import ReportData, ScalpMeans
from escgan.report.treatment import findings_table, steps_table, treatment_table
from escgan.windows import WindowSet
from storage.hdf5 import read_attributes
from storage.manifest import ArtifactRef
from storage.store import Artifact, Store
from storage.tables import read_table, write_table
from tasks.editing import read_edited
from tasks.sides import TrainingSide
from tasks.stage import StageRun, stage
from tasks.windows import load_training_windows

PAGE, FIGURE = "report.html", "scores.png"
"""The page, and each subject's balanced accuracy under each augmenter."""


class RecordingEntry(NamedTuple):
    """A recording that took part."""

    name: str
    recording: ArtifactRef | None
    """None where the corpus is distributed as features."""
    features: ArtifactRef


class AugmenterEntry(NamedTuple):
    """A trained augmenter, or the windows that one made, of one fold and seed."""

    fold: str
    seed: int
    augmenter: str
    artifact: ArtifactRef


class ScoreEntry(NamedTuple):
    """The scores of one fold, seed, augmenter and classifier."""

    fold: str
    seed: int
    augmenter: str
    classifier: str
    artifact: ArtifactRef


@stage("report", version=8)
def report(
    config: PipelineConfig,
    recordings: tuple[RecordingEntry, ...],
    left_out: tuple[tuple[str, str], ...],
    notices: tuple[str, ...],
    gans: tuple[AugmenterEntry, ...],
    edits: tuple[AugmenterEntry, ...],
    scores: tuple[ScoreEntry, ...],
    *,
    run: StageRun,
) -> None:
    """Gather, compare, draw."""
    from escgan.report.drawing import as_png
    from escgan.report.figures_scores import paired_scores
    from escgan.report.page import render_report

    with run.part("gather"):
        data = gather(run.store, config, recordings, left_out, notices, gans, edits, scores)
    run.progress(1, 2)
    write_table(run.draft.file("scores.parquet"), data.scores)
    write_table(run.draft.file("comparisons.parquet"), data.comparisons)
    with run.part("draw"):
        run.draft.file(PAGE).write_text(render_report(data), encoding="utf-8")
        run.draft.file(FIGURE).write_bytes(as_png(paired_scores(data, "balanced_accuracy")))


def read_results(artifact: Artifact) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read every subject's scores and the augmenters' comparisons back from a report."""
    return read_table(artifact.file("scores.parquet")), read_table(artifact.file("comparisons.parquet"))


def gather(
    store: Store,
    config: PipelineConfig,
    recordings: Sequence[RecordingEntry],
    left_out: Sequence[tuple[str, str]],
    notices: Sequence[str],
    gans: Sequence[AugmenterEntry],
    edits: Sequence[AugmenterEntry],
    scores: Sequence[ScoreEntry],
) -> ReportData:
    """Read what the report shows from the store."""
    entries = [RecordingEntry(*entry) for entry in recordings]
    gan_entries = [AugmenterEntry(*entry) for entry in gans]
    edit_entries = [AugmenterEntry(*entry) for entry in edits]
    score_entries = [ScoreEntry(*entry) for entry in scores]
    windows = load_training_windows(store, TrainingSide(tuple(e.features for e in entries)), config.labels)
    subject_scores = subject_score_table(store, score_entries)
    comparisons = compare_augmenters(subject_scores)
    ingested = {entry.name: entry.recording for entry in entries if entry.recording is not None}
    facts = {name: read_attributes(store.open(ref).file("recording.h5")) for name, ref in ingested.items()}
    measured = read_attributes(store.open(entries[0].features).file("features.h5"))
    refs = [("ingest", name, ref) for name, ref in ingested.items()]
    refs += [("features", e.name, e.features) for e in entries]
    refs += [("train", f"{e.fold} {e.augmenter} seed {e.seed}", e.artifact) for e in gan_entries]
    refs += [("augment", f"{e.fold} {e.augmenter} seed {e.seed}", e.artifact) for e in edit_entries]
    refs += [("evaluate", f"{e.fold} {e.augmenter} {e.classifier} seed {e.seed}", e.artifact) for e in score_entries]
    provenance = provenance_table(store, refs)
    return ReportData(
        title=config.name,
        corpus=config.dataset.title,
        note=config.dataset.note,
        licence=config.dataset.licence,
        citation=config.dataset.citation,
        protocol=config.protocol.title,
        leaky=config.protocol.leaky,
        tested=config.protocol.tested,
        normalization=config.normalization,
        transductive=is_transductive(config.normalization),
        classes=windows.classes,
        labelling=config.labels.words(),
        channels=windows.channels,
        bands=windows.bands,
        definition=measured["definition"],
        unit=measured["unit"],
        notices=tuple(notices),
        recordings=_recording_table(entries, windows),
        left_out=pd.DataFrame(list(left_out), columns=["recording", "reason"]),
        steps=steps_table(facts),
        treatment=treatment_table(facts, {name: _durations(store.open(ref)) for name, ref in ingested.items()}),
        findings=findings_table(facts),
        without_signal=tuple(entry.name for entry in entries if entry.recording is None),
        quality=pd.DataFrame(
            [{"recording": name} | row for name, known in facts.items() for row in known["quality"]],
            columns=["recording", "channel", "std_uv", "peak_to_peak_uv", "flat_share", "clipped_share"],
        ),
        spectra={name: known["spectra"] for name, known in facts.items()},
        scalp=_scalp_means(store, config, windows, edit_entries),
        history=_history_table(store, gan_entries),
        acceptance=_acceptance_table(store, edit_entries),
        scores=subject_scores,
        confusions=_confusions(store, score_entries, windows.classes),
        comparisons=comparisons,
        verdict=verdict_sentences(comparisons, config.protocol.tested),
        provenance=provenance,
        versions=store.open(score_entries[0].artifact).manifest.versions,
        command=f"escgan run {config.name}.yaml --data DIR",
        config_yaml=config.to_yaml(),
        seconds=float(provenance["wall_s"].sum()),
    )


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


def _recording_table(entries: Sequence[RecordingEntry], windows: WindowSet) -> pd.DataFrame:
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


def _durations(recording: Artifact) -> dict[int, float]:
    """Return the length in seconds of a recording's trials."""
    table = read_table(recording.file("trials.parquet"), columns=["trial", "duration_s"])
    return {int(trial): float(length) for trial, length in zip(table["trial"], table["duration_s"], strict=True)}


def _scalp_means(
    store: Store, config: PipelineConfig, windows: WindowSet, entries: Sequence[AugmenterEntry]
) -> dict[str, ScalpMeans]:
    """Average real, reference and edited windows by class, over all folds and seeds."""
    # One scale for display only: with global normalisation each fold has its own, which differ by a subject.
    shown = normalize_train(windows, config.normalization)
    n_classes = len(windows.classes)
    real = np.stack([_mean(shown.de[shown.labels == c]) for c in range(n_classes)])
    identity = ["subject", "session", "trial", "window"]
    rows = pd.Series(np.arange(len(shown)), index=pd.MultiIndex.from_frame(shown.table[identity]))
    means = {}
    for name in dict.fromkeys(entry.augmenter for entry in entries):
        reference, edited = ([np.zeros((0, *shown.de.shape[1:]))] * n_classes for _ in range(2))
        for entry in [e for e in entries if e.augmenter == name]:
            made = read_edited(store.open(entry.artifact))
            accepted = made.edits[made.edits["accepted"]]
            known = accepted[accepted["reference_window"].notna()]
            where = known[[f"reference_{part}" for part in identity]].astype(
                {"reference_trial": int, "reference_window": int}
            )
            source = rows.loc[pd.MultiIndex.from_frame(where)].to_numpy() if len(where) else np.zeros(0, int)
            for c in range(n_classes):
                edited[c] = np.concatenate([edited[c], made.de[made.labels == c]])
                reference[c] = np.concatenate([reference[c], shown.de[source[(known["target_label"] == c).to_numpy()]]])
        means[name] = ScalpMeans(
            real=real,
            reference=np.stack([_mean(part) for part in reference]),
            edited=np.stack([_mean(part) for part in edited]),
            n_edited=np.array([len(part) for part in edited]),
        )
    return means


def _mean(de: np.ndarray) -> np.ndarray:
    return de.mean(axis=0, dtype=np.float64) if len(de) else np.full(de.shape[1:], np.nan)


def _history_table(store: Store, entries: Sequence[AugmenterEntry]) -> pd.DataFrame:
    parts = []
    for entry in entries:
        history = read_table(store.open(entry.artifact).file("history.parquet"))
        history.insert(0, "seed", entry.seed)
        history.insert(0, "fold", entry.fold)
        history.insert(0, "augmenter", entry.augmenter)
        parts.append(history)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["augmenter", "fold", "seed", "step"])


def _acceptance_table(store: Store, entries: Sequence[AugmenterEntry]) -> pd.DataFrame:
    rows = []
    for entry in entries:
        artifact = store.open(entry.artifact)
        edits = read_table(artifact.file("edits.parquet"), columns=["accepted"])
        wanted = sum(read_attributes(artifact.file("edited.h5"))["wanted"])
        rows.append((entry.fold, entry.seed, entry.augmenter, wanted, len(edits), int(edits["accepted"].sum())))
    return pd.DataFrame(rows, columns=["fold", "seed", "augmenter", "wanted", "tried", "accepted"])


def _confusions(
    store: Store, entries: Sequence[ScoreEntry], classes: Sequence[str]
) -> dict[tuple[str, str], np.ndarray]:
    counts: dict[tuple[str, str], np.ndarray] = {}
    for entry in entries:
        table = read_table(store.open(entry.artifact).file("predictions.parquet"), columns=["y_true", "y_pred"])
        own = confusion(table["y_true"].to_numpy(), table["y_pred"].to_numpy(), len(classes))
        pair = (entry.augmenter, entry.classifier)
        counts[pair] = counts.get(pair, 0) + own
    return counts
