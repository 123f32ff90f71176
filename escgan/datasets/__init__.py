"""The corpora that the pipeline can read, one file each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Union

from pydantic import Field

from escgan.datasets.corpus import Corpus, FeatureCorpus, SignalCorpus
from escgan.datasets.deap import DeapConfig
from escgan.datasets.eegmat import EegmatConfig
from escgan.datasets.simulated import SimulatedConfig

__all__ = [
    "DATASETS",
    "Corpus",
    "DatasetConfig",
    "DeapConfig",
    "EegmatConfig",
    "FeatureCorpus",
    "SignalCorpus",
    "SimulatedConfig",
]

DATASETS: dict[str, type[Corpus]] = {
    "deap": DeapConfig,
    "eegmat": EegmatConfig,
    "simulated": SimulatedConfig,
}

# YAML, forms and error messages follow from the dictionary; a type checker needs no more than the base class.
if TYPE_CHECKING:
    DatasetConfig = Corpus
else:
    DatasetConfig = Annotated[Union[tuple(DATASETS.values())], Field(discriminator="kind")]  # noqa: UP007
