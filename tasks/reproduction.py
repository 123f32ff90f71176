"""Was a result reproduced? What an earlier report was made from, held against what was computed anew.

A report's manifest suffices: it holds the whole configuration, the versions that made it, and the digest of every
recording, feature, augmenter, edit and score behind it, in the order that the configuration decides.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pandas as pd

from escgan.config import PipelineConfig, parse_config
from escgan.errors import ConfigError
from escgan.evaluation.run_comparison import differing_settings
from storage.manifest import MANIFEST_NAME, ArtifactRef, Manifest
from storage.store import Store
from storage.tables import read_table
from tasks.ledger import RunRecord, find_run, note_run
from tasks.stage import package_versions

_SCORES = "scores.parquet"
_SUBJECT = ["classifier", "augmenter", "fold", "seed", "subject"]


@dataclass(frozen=True)
class EarlierRun:
    """A run to be reproduced: its report's manifest, and its record where a store remembers it."""

    manifest: Manifest
    scores: Path | None
    """The report's scores, where they are at hand."""
    record: RunRecord | None = None

    @property
    def config(self) -> PipelineConfig:
        """The configuration; raises ConfigError where this version does not know it any more."""
        return parse_config(dict(self.manifest.config["config"]), f"the report of '{self.manifest.unit}'")


@dataclass(frozen=True)
class StageComparison:
    """A stage's results beside those of the earlier run.

    Attributes
    ----------
    stage
        The stage's name.
    results
        How many there are.
    equal
        How many were computed anew and have the same bytes.
    different
        The units of those that have other bytes.
    reused
        How many the store held before, whatever their bytes: nothing was computed, so that equal bytes prove nothing.
    """

    stage: str
    results: int
    equal: int
    different: tuple[str, ...]
    reused: int


@dataclass(frozen=True)
class Comparison:
    """An earlier run beside the one that was computed anew.

    Attributes
    ----------
    stages
        One entry a stage.
    largest_difference
        The largest distance between a subject's scores of both runs; NaN where they do not have the same subjects or
        the earlier scores are not at hand.
    versions
        Packages whose versions differ: name to (then, now).
    """

    stages: tuple[StageComparison, ...]
    largest_difference: float
    versions: Mapping[str, tuple[str, str]]

    @property
    def reproduced(self) -> bool:
        """Whether results were computed anew and no result has other bytes than it had."""
        return self.computed > 0 and not any(stage.different for stage in self.stages)

    @property
    def results(self) -> int:
        """How many results there are."""
        return sum(stage.results for stage in self.stages)

    @property
    def reused(self) -> int:
        """How many of them the store held before."""
        return sum(stage.reused for stage in self.stages)

    @property
    def computed(self) -> int:
        """How many of them were computed anew."""
        return self.results - self.reused


def manifest_at(run: str) -> Path | None:
    """Return the manifest that a path means, itself or its folder's; None where the word names a run of a store."""
    path = Path(run)
    if path.name != MANIFEST_NAME:
        path /= MANIFEST_NAME
    # The word may be longer than any file's name.
    return path if os.path.isfile(path) else None


def find_earlier(store: Store | None, run: str) -> EarlierRun:
    """Find a run by the path of its report's manifest (or the manifest's folder), or in a store by what names it there.

    Raises
    ------
    ConfigError
        There is no such run, or it has not come to its report.
    ArtifactCorrupt
        The manifest was changed.
    """
    path = manifest_at(run)
    if path is not None:
        manifest = Manifest.read(path)
        if manifest.stage != "report":
            raise ConfigError(f"{path} describes a result of stage '{manifest.stage}': give a report's manifest.")
        scores = path.parent / _SCORES
        return EarlierRun(manifest, scores if scores.is_file() else None)
    if store is None:
        raise ConfigError(f"There is no manifest at '{run}', and no store to look in: give --root.")
    return earlier_of(store, find_run(store, run, reported=True), run)


def earlier_of(store: Store, record: RunRecord, called: str) -> EarlierRun:
    """Return what the report of a run tells of it; an error calls the run as the user did.

    Raises
    ------
    ConfigError
        The run has not come to its report.
    """
    if record.report is None:
        raise ConfigError(
            f"Run '{called}' did not come to its report, which holds its settings and scores: run it again."
        )
    artifact = store.open(record.report)
    return EarlierRun(artifact.manifest, artifact.file(_SCORES), record)


def changed_versions(manifest: Manifest) -> dict[str, tuple[str, str]]:
    """Return the packages whose installed versions differ from those that made an artifact."""
    changed = differing_settings(manifest.versions, package_versions())
    return {package.setting: (package.first, package.second) for package in changed}


def take_features(source: Store, target: Store, record: RunRecord) -> None:
    """Copy what a run measured into another store, and note the run there, so that it can be used from there.

    Raises
    ------
    ArtifactMissing, ArtifactCorrupt
        The store does not hold what the run used any more.
    """
    for entry in record.recordings:
        for ref in (entry.recording, entry.features):
            if ref is not None:
                _copy(source, target, ref)
    note_run(target, record)


def held_by(store: Store) -> dict[tuple[str, str], Manifest]:
    """Return by stage and key what a store holds: what still stands there after a run was not computed by it."""
    return {(manifest.stage, manifest.key): manifest for manifest in store.list()}


def compare(
    earlier: EarlierRun, store: Store, report: ArtifactRef, before: Mapping[tuple[str, str], Manifest]
) -> Comparison:
    """Hold what a report was made from against what an earlier one was made from.

    Parameters
    ----------
    earlier
        The run that was to be reproduced.
    store, report
        Where it was computed again, and its report there.
    before
        What the store held before, as `held_by` returns it.
    """
    made = store.open(report)
    was, now = made_from(earlier.manifest), made_from(made.manifest)
    stages = []
    for stage in dict.fromkeys((*was, *now)):
        results, equal, reused, different = 0, 0, 0, []
        for then, here in zip_longest(was.get(stage, []), now.get(stage, [])):
            stood = here is not None and _stood(store, here, before)
            results += 1
            reused += stood
            if then is None or here is None or then.digest != here.digest:
                different.append(_unit(store, here))
            else:
                equal += not stood
        stages.append(StageComparison(stage, results, equal, tuple(different), reused))
    return Comparison(
        tuple(stages), _largest_difference(earlier.scores, made.file(_SCORES)), changed_versions(earlier.manifest)
    )


def made_from(manifest: Manifest) -> dict[str, list[ArtifactRef]]:
    """Group what a report was made from by stage, in the report's own order."""
    found: dict[str, list[ArtifactRef]] = {}
    for given in manifest.inputs:
        found.setdefault(given["stage"], []).append(ArtifactRef(given["stage"], given["key"], given["digest"]))
    return found


def _stood(store: Store, ref: ArtifactRef, before: Mapping[tuple[str, str], Manifest]) -> bool:
    # What stood there damaged was computed anew, and has a manifest of another moment.
    known = before.get((ref.stage, ref.key))
    return known is not None and known == store.manifest(ref.stage, ref.key)


def _unit(store: Store, ref: ArtifactRef | None) -> str:
    known: Any = None if ref is None else store.manifest(ref.stage, ref.key)
    return known.unit if known is not None else "one that is not there any more"


def _largest_difference(then: Path | None, now: Path) -> float:
    if then is None:
        return float("nan")
    was, here = (read_table(path).set_index(_SUBJECT).sort_index() for path in (then, now))
    if not was.index.equals(here.index):
        return float("nan")
    numbers = [name for name in was.columns if name in here and pd.api.types.is_float_dtype(was[name])]
    return float((was[numbers] - here[numbers]).abs().max().max())


def _copy(source: Store, target: Store, ref: ArtifactRef) -> None:
    artifact = source.open(ref)
    known = artifact.manifest
    with target.create(
        ref.stage,
        ref.key,
        unit=known.unit,
        config=known.config,
        inputs=known.inputs,
        versions=known.versions,
        device=known.device,
        spent_s=known.wall_s,
    ) as draft:
        for name in known.files:
            draft.file(name).write_bytes(artifact.file(name).read_bytes())
