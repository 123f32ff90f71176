"""Stage ``study``: what a study's variants came to, as one table, one plot and one page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from escgan.config import PipelineConfig
from escgan.evaluation.significance import compare_augmenters, correct_comparisons
from escgan.studies import StudyConfig
from escgan.studies.base import StudyResults
from storage.lineage import lineage
from storage.manifest import ArtifactRef
from storage.store import Artifact, Store
from storage.tables import read_table, write_table
from tasks.entries import ScoreEntry
from tasks.measuring import MEASURED
from tasks.report_tables import subject_score_table
from tasks.stage import StageRun, stage

PAGE, FIGURE, TABLE, SCORES = "study.md", "figure.png", "table.csv", "scores.csv"
"""The files that people read."""
_FOUND = "found.json"

Settings = tuple[tuple[str, str | int | float], ...]


class VariantScores(NamedTuple):
    """A variant's settings, by column, and its scores."""

    settings: Settings
    scores: tuple[ScoreEntry, ...]


class MeasuredEntry(NamedTuple):
    """What was measured beyond scores of one fold, seed, augmenter and, where one was attacked, classifier."""

    fold: str
    seed: int
    augmenter: str
    classifier: str | None
    artifact: ArtifactRef


class VariantMeasures(NamedTuple):
    """A variant's settings, by column, and what was measured of it."""

    settings: Settings
    measured: tuple[MeasuredEntry, ...]


@stage("study", version=8)
def study(
    settings: StudyConfig,
    experiment: PipelineConfig,
    subjects: tuple[str, ...],
    variants: tuple[VariantScores, ...],
    measures: tuple[VariantMeasures, ...],
    *,
    run: StageRun,
) -> None:
    """Gather, compare, draw, write."""
    from escgan.report.drawing import as_png
    from escgan.studies.page import Origin, study_page

    with run.part("gather"):
        results = gather_results(run.store, settings, experiment, variants, measures)
    with run.part("draw"):
        run.draft.file(FIGURE).write_bytes(as_png(settings.figure(results)))
    table, found = settings.table(results), settings.sentences(results)
    entries = [entry for _, own in (*variants, *measures) for entry in own]
    manifests = lineage(run.store, [(entry[-1].stage, entry[-1].key) for entry in entries])
    origin = Origin(
        seconds=sum(m.wall_s for m in manifests),
        n_artifacts=len(manifests),
        versions=manifests[0].versions,
        devices=sorted({m.device for m in manifests}),
    )
    page = study_page(settings, experiment, table, found, len(subjects), origin)
    run.draft.file(PAGE).write_text(page, encoding="utf-8")
    run.draft.file(_FOUND).write_text(json.dumps(list(found), indent=1), encoding="utf-8")
    table.to_csv(run.draft.file(TABLE), index=False)
    shown = results.measured if measures else results.scores
    shown.to_csv(run.draft.file(SCORES), index=False)
    write_table(run.draft.file("comparisons.parquet"), results.comparisons)


def gather_results(
    store: Store,
    settings: StudyConfig,
    experiment: PipelineConfig,
    variants: Sequence[VariantScores],
    measures: Sequence[VariantMeasures],
) -> StudyResults:
    """Read the variants' results and compare the augmenters within each."""
    scores, comparisons = [], []
    for variant in map(lambda v: VariantScores(*v), variants):
        own = subject_score_table(store, [ScoreEntry(*entry) for entry in variant.scores])
        scores.append(_with_settings(own, variant.settings))
        comparisons.append(_with_settings(compare_augmenters(own, settings.held_against), variant.settings))
    measured, asked = [], []
    for settled, entries in measures:
        for entry in map(lambda e: MeasuredEntry(*e), entries):
            asked.append({name: getattr(entry, name) for name in MeasuredEntry._fields if name != "artifact"})
            own = read_table(store.open(entry.artifact).file(MEASURED))
            for name in ("classifier", "augmenter", "seed", "fold"):
                if getattr(entry, name) is not None:
                    own.insert(0, name, getattr(entry, name))
            measured.append(_with_settings(own, settled))
    return StudyResults(
        classes=experiment.labels.class_names,
        tested=experiment.protocol.tested,
        scores=pd.concat(scores, ignore_index=True) if scores else pd.DataFrame(),
        comparisons=correct_comparisons(pd.concat(comparisons)) if comparisons else pd.DataFrame(),
        measured=pd.concat(measured, ignore_index=True) if measured else pd.DataFrame(),
        asked=pd.DataFrame(asked),
    )


def read_study(artifact: Artifact) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Read a study's table, and what was found in sentences, from its artifact."""
    found = json.loads(artifact.file(_FOUND).read_text(encoding="utf-8"))
    return pd.read_csv(artifact.file(TABLE), keep_default_na=False, dtype=str), tuple(found)


def _with_settings(table: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    table = table.copy()
    for name, value in reversed(settings):
        table.insert(0, name, value)
    return table
