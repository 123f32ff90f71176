"""Stage ``report``: everything a run left in the store to one HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from escgan.augmenters.base import reference_rows
from escgan.config import PipelineConfig
from escgan.evaluation.caveats import caveats
from escgan.evaluation.significance import compare_augmenters, rivals_that_ran
from escgan.evaluation.verdict import verdict_sentences
from escgan.normalization import is_transductive, normalize_train
from escgan.report.data import ReportData, ScalpMeans
from escgan.report.plane import EditPlane, edit_plane
from escgan.report.treatment import findings_table, steps_table, treatment_table
from storage.hdf5 import read_attributes
from storage.manifest import ArtifactRef
from storage.store import Artifact, Store
from storage.tables import read_table, write_table
from tasks.class_sizes import mean_trained
from tasks.editing import read_edited
from tasks.entries import AugmenterEntry, RecordingEntry, ScoreEntry, ShownFold
from tasks.report_tables import (
    acceptance_table,
    confusions,
    durations,
    history_table,
    provenance_table,
    recording_table,
    subject_score_table,
)
from tasks.sides import TrainingSide
from tasks.stage import StageRun, stage
from tasks.windows import load_all_windows, load_training_windows

PAGE, FIGURE = "report.html", "scores.png"
"""The page, and each subject's balanced accuracy under each augmenter."""


@stage("report", version=15)
def report(
    config: PipelineConfig,
    recordings: tuple[RecordingEntry, ...],
    left_out: tuple[tuple[str, str], ...],
    notices: tuple[str, ...],
    gans: tuple[AugmenterEntry, ...],
    edits: tuple[AugmenterEntry, ...],
    scores: tuple[ScoreEntry, ...],
    shown: ShownFold | None,
    *,
    run: StageRun,
) -> None:
    """Gather, compare, draw."""
    from escgan.report.drawing import as_png
    from escgan.report.figures_scores import paired_scores
    from escgan.report.page import render_report

    with run.part("gather"):
        data = gather(run.store, config, recordings, left_out, notices, gans, edits, scores, shown)
    run.progress(1, 2)
    write_table(run.draft.file("scores.parquet"), data.scores)
    write_table(run.draft.file("comparisons.parquet"), data.comparisons)
    write_table(run.draft.file("acceptance.parquet"), data.acceptance)
    with run.part("draw"):
        run.draft.file(PAGE).write_text(render_report(data), encoding="utf-8")
        run.draft.file(FIGURE).write_bytes(as_png(paired_scores(data, "balanced_accuracy")))


class Results(NamedTuple):
    """What a report found, as tables: every subject's scores, the augmenters' comparisons, what was accepted."""

    scores: pd.DataFrame
    comparisons: pd.DataFrame
    acceptance: pd.DataFrame


def read_results(artifact: Artifact) -> Results:
    """Read a report's tables back."""
    return Results(*(read_table(artifact.file(f"{name}.parquet")) for name in Results._fields))


def gather(
    store: Store,
    config: PipelineConfig,
    recordings: Sequence[RecordingEntry],
    left_out: Sequence[tuple[str, str]],
    notices: Sequence[str],
    gans: Sequence[AugmenterEntry],
    edits: Sequence[AugmenterEntry],
    scores: Sequence[ScoreEntry],
    shown: ShownFold | None,
) -> ReportData:
    """Read what the report shows from the store."""
    entries = [RecordingEntry(*entry) for entry in recordings]
    gan_entries = [AugmenterEntry(*entry) for entry in gans]
    edit_entries = [AugmenterEntry(*entry) for entry in edits]
    score_entries = [ScoreEntry(*entry) for entry in scores]
    windows = load_training_windows(store, TrainingSide(tuple(e.features for e in entries)), config.labels)
    subject_scores = subject_score_table(store, score_entries)
    comparisons = compare_augmenters(subject_scores)
    acceptance = acceptance_table(store, edit_entries)
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
        corpus=config.dataset.named(),
        note=config.dataset.note,
        licence=config.dataset.licence,
        citation=config.dataset.citation,
        protocol=config.protocol.title,
        leaky=config.protocol.leaky,
        tested=config.protocol.tested,
        scarcity=config.scarcity,
        training_subjects=config.training_subjects,
        normalization=config.normalization,
        transductive=is_transductive(config.normalization),
        classes=windows.classes,
        labelling=config.labels.words(),
        channels=windows.channels,
        bands=windows.bands,
        measure=measured["measure"],
        definition=measured["definition"],
        band_edges_hz=tuple((low, high) for low, high in measured.get("band_edges_hz", ())),
        window_s=config.features.window_s if config.features else None,
        step_s=(config.features.step_s or config.features.window_s) if config.features else None,
        unit=measured["unit"],
        notices=tuple(notices),
        caveats=caveats(subject_scores, comparisons, acceptance, config.scarcity, config.training_subjects),
        recordings=recording_table(entries, windows),
        trained=mean_trained(store, config, entries),
        left_out=pd.DataFrame(list(left_out), columns=["recording", "reason"]),
        steps=steps_table(facts),
        treatment=treatment_table(facts, {name: durations(store.open(ref)) for name, ref in ingested.items()}),
        findings=findings_table(facts),
        without_signal=tuple(entry.name for entry in entries if entry.recording is None),
        quality=pd.DataFrame(
            [{"recording": name} | row for name, known in facts.items() for row in known["quality"]],
            columns=["recording", "channel", "std_uv", "peak_to_peak_uv", "flat_share", "clipped_share"],
        ),
        spectra={name: known["spectra"] for name, known in facts.items()},
        scalp=_scalp_means(store, config, [e.features for e in entries], edit_entries),
        plane=_plane(store, config, entries, edit_entries, shown),
        history=history_table(store, gan_entries),
        acceptance=acceptance,
        scores=subject_scores,
        confusions=confusions(store, score_entries, windows.classes),
        comparisons=comparisons,
        verdict=verdict_sentences(comparisons, config.protocol.tested, len(rivals_that_ran(subject_scores))),
        provenance=provenance,
        versions=store.open(score_entries[0].artifact).manifest.versions,
        command=f"escgan run {config.name}.yaml --data DIR",
        config_yaml=config.to_yaml(),
        seconds=float(provenance["wall_s"].sum()),
    )


def _scalp_means(
    store: Store, config: PipelineConfig, features: Sequence[ArtifactRef], entries: Sequence[AugmenterEntry]
) -> dict[str, ScalpMeans]:
    """Average real, reference and edited windows by class, over all folds and seeds."""
    # Windows that all subjects' borders leave out may have had a class by those of a fold, and been edited there.
    windows = load_all_windows(store, features, config.labels)
    # One scale for display only: with global normalisation each fold has its own, which differ by a subject.
    shown = normalize_train(windows, config.normalization)
    n_classes = len(windows.classes)
    real = np.stack([_mean(shown.de[shown.labels == c]) for c in range(n_classes)])
    means = {}
    for name in dict.fromkeys(entry.augmenter for entry in entries):
        reference, edited = ([np.zeros((0, *shown.de.shape[1:]))] * n_classes for _ in range(2))
        for entry in [e for e in entries if e.augmenter == name]:
            artifact = store.open(entry.artifact)
            made = read_edited(artifact)
            # A fold's channels stand in the order of its own first recording.
            own_order = list(read_attributes(artifact.file("edited.h5"))["channels"])
            order = [own_order.index(channel) for channel in windows.channels]
            accepted = made.edits[made.edits["accepted"]]
            known, source = reference_rows(shown, accepted)
            target = accepted.loc[known, "target_label"].to_numpy()
            for c in range(n_classes):
                edited[c] = np.concatenate([edited[c], made.de[made.labels == c][:, order]])
                reference[c] = np.concatenate([reference[c], shown.de[source[target == c]]])
        means[name] = ScalpMeans(
            real=real,
            reference=np.stack([_mean(part) for part in reference]),
            edited=np.stack([_mean(part) for part in edited]),
            n_edited=np.array([len(part) for part in edited]),
        )
    return means


def _plane(
    store: Store,
    config: PipelineConfig,
    recordings: Sequence[RecordingEntry],
    entries: Sequence[AugmenterEntry],
    shown: ShownFold | None,
) -> EditPlane | None:
    """Place what every augmenter made in one fold among the windows that it was made from."""
    if shown is None:
        return None
    case = ShownFold(*shown)
    features = {entry.name: entry.features for entry in recordings}
    side = TrainingSide(tuple(features[name] for name in case.recordings), case.part, case.scarcity)
    windows = load_training_windows(store, side, config.labels)
    own = [entry for entry in entries if (entry.fold, entry.seed) == (case.fold, case.seed)]
    made = {entry.augmenter: read_edited(store.open(entry.artifact)) for entry in own}
    return edit_plane(normalize_train(windows, config.normalization), made, case.fold, case.seed)


def _mean(de: np.ndarray) -> np.ndarray:
    return de.mean(axis=0, dtype=np.float64) if len(de) else np.full(de.shape[1:], np.nan)
