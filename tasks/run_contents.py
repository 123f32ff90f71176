"""What a report was made from, each result with the fold, seed, augmenter and classifier that it belongs to.

The report's manifest lists its inputs in the order that the configuration decides: nothing needs to be computed to name
them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from escgan.config import PipelineConfig
from escgan.errors import ConfigError
from storage.manifest import ArtifactRef, Manifest
from tasks.cases import Case
from tasks.entries import AugmenterEntry, ScoreEntry
from tasks.reproduction import made_from


class Contents(NamedTuple):
    """Trained augmenters, the windows that augmenters made, and scores."""

    gans: tuple[AugmenterEntry, ...]
    edits: tuple[AugmenterEntry, ...]
    scores: tuple[ScoreEntry, ...]


def contents_of(report: Manifest, config: PipelineConfig, cases: Sequence[Case]) -> Contents:
    """Name everything that a report was made from.

    Raises
    ------
    ConfigError
        The report has other inputs than this version would give it.
    """
    made = made_from(report)
    folds = [(case.fold.name, case.seed) for case in cases]
    training = [(*fold, a.label) for a in config.generating if a.trains for fold in folds]
    editing = [(*fold, a.label) for a in config.generating for fold in folds]
    scoring = [(*fold, a.label, c.label) for c in config.classifiers for a in config.augmenters for fold in folds]
    gans = zip(training, _as_many(report, made, "train", len(training)), strict=True)
    edits = zip(editing, _as_many(report, made, "augment", len(editing)), strict=True)
    scores = zip(scoring, _as_many(report, made, "evaluate", len(scoring)), strict=True)
    return Contents(
        tuple(AugmenterEntry(*whose, ref) for whose, ref in gans),
        tuple(AugmenterEntry(*whose, ref) for whose, ref in edits),
        tuple(ScoreEntry(*whose, ref) for whose, ref in scores),
    )


def _as_many(
    report: Manifest, made: Mapping[str, Sequence[ArtifactRef]], stage: str, expected: int
) -> Sequence[ArtifactRef]:
    found = made.get(stage, [])
    if len(found) != expected:
        raise ConfigError(
            f"The report of '{report.unit}' was made of {len(found)} results of stage '{stage}', and this version "
            f"expects {expected}: run it again with this version."
        )
    return found
