"""The stages' names, in the order of the pipeline."""

from __future__ import annotations

from enum import StrEnum


class StageName(StrEnum):
    """A stage of the pipeline."""

    INGEST = "ingest"
    FEATURES = "features"
    TRAIN = "train"
    AUGMENT = "augment"
    EVALUATE = "evaluate"
    REPORT = "report"


STAGES: tuple[StageName, ...] = tuple(StageName)
