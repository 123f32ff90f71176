"""The corpora that the pipeline can read, one file each."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from escgan.datasets.corpus import Corpus
from escgan.datasets.deap import DeapConfig
from escgan.datasets.eegmat import EegmatConfig
from escgan.datasets.simulated import SimulatedConfig

__all__ = ["DATASETS", "Corpus", "DatasetConfig", "DeapConfig", "EegmatConfig", "SimulatedConfig"]

DATASETS: dict[str, type[Corpus]] = {
    "deap": DeapConfig,
    "eegmat": EegmatConfig,
    "simulated": SimulatedConfig,
}

DatasetConfig = Annotated[DeapConfig | EegmatConfig | SimulatedConfig, Field(discriminator="kind")]
