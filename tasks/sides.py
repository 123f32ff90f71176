"""The training side of a fold, as what stages are handed: whose windows, which part of them, how many of a class."""

from __future__ import annotations

from typing import NamedTuple

from escgan.evaluation.parts import Part
from escgan.evaluation.scarcity import Scarcity
from storage.manifest import ArtifactRef


class TrainingSide(NamedTuple):
    """Training recordings, and which of their windows train."""

    features: tuple[ArtifactRef, ...]
    """The recordings' features."""
    part: Part | None = None
    """Where the same recordings are tested, the part of them that is, and does not train."""
    scarcity: Scarcity | None = None
    """The class that is made scarce; None where all windows train."""
