"""The folds of an experiment, each once a seed: whose features train, and whose are tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from escgan.config import PipelineConfig
from escgan.evaluation.folds import Fold, Unit, with_fewer_subjects
from escgan.recording import subject_and_session
from storage.manifest import ArtifactRef
from tasks.entries import RecordingEntry
from tasks.sides import TrainingSide


@dataclass(frozen=True)
class Case:
    """A fold with one seed: its training side, and the features of those it tests."""

    fold: Fold
    seed: int
    side: TrainingSide
    test: tuple[ArtifactRef, ...]

    @property
    def name(self) -> str:
        """The fold, and the seed where it is not the usual one."""
        return self.fold.name if self.seed == 0 else f"{self.fold.name} seed {self.seed}"


def split(config: PipelineConfig, recordings: Sequence[RecordingEntry]) -> list[Case]:
    """Split the recordings into folds, once a seed."""
    by_unit = {unit_of(entry.name): entry.features for entry in recordings}
    cases = []
    for seed in config.seeds:
        for fold in config.protocol.folds(list(by_unit)):
            n = config.training_subjects
            own = fold if n is None else with_fewer_subjects(fold, n, seed)
            scarcity = config.scarcity and config.scarcity.model_copy(update={"seed": config.scarcity.seed + seed})
            side = TrainingSide(tuple(by_unit[unit] for unit in own.train), own.part, scarcity)
            cases.append(Case(own, seed, side, tuple(by_unit[unit] for unit in own.test)))
    return cases


def unit_of(name: str) -> Unit:
    """Return the fold unit of a recording's name."""
    return Unit(*subject_and_session(name))
