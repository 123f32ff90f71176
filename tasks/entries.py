"""What a run made, with the names that it is shown and counted by."""

from __future__ import annotations

from typing import NamedTuple

from escgan.evaluation.parts import Part
from escgan.evaluation.scarcity import Scarcity
from storage.manifest import ArtifactRef


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


class ShownFold(NamedTuple):
    """The fold whose edits are shown among its real windows."""

    fold: str
    seed: int
    recordings: tuple[str, ...]
    """Names of the recordings that train, in the training side's order."""
    part: Part | None
    scarcity: Scarcity | None
