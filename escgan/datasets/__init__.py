"""The corpora that the pipeline can read, one file each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from escgan.datasets.amigos import AmigosConfig
from escgan.datasets.bids import BidsConfig
from escgan.datasets.corpus import Corpus, FeatureCorpus, SignalCorpus
from escgan.datasets.deap import DeapConfig
from escgan.datasets.deap_original import DeapOriginalConfig
from escgan.datasets.dreamer import DreamerConfig
from escgan.datasets.eegmat import EegmatConfig
from escgan.datasets.faced import FacedConfig
from escgan.datasets.faced_features import FacedFeaturesConfig
from escgan.datasets.folder import FolderConfig
from escgan.datasets.mahnob_hci import MahnobHciConfig
from escgan.datasets.seed import SeedConfig
from escgan.datasets.seed_features import SeedFeaturesConfig
from escgan.datasets.seed_iv import SeedIvConfig
from escgan.datasets.seed_iv_features import SeedIvFeaturesConfig
from escgan.datasets.seed_raw import SeedRawConfig
from escgan.datasets.seed_v import SeedVConfig
from escgan.datasets.seed_v_features import SeedVFeaturesConfig
from escgan.datasets.simulated import SimulatedConfig
from escgan.errors import ConfigError
from escgan.listing import near_miss
from escgan.settings import any_of

__all__ = [
    "DATASETS",
    "AmigosConfig",
    "BidsConfig",
    "Corpus",
    "DatasetConfig",
    "DeapConfig",
    "DeapOriginalConfig",
    "DreamerConfig",
    "EegmatConfig",
    "FacedConfig",
    "FacedFeaturesConfig",
    "FeatureCorpus",
    "FolderConfig",
    "MahnobHciConfig",
    "SeedConfig",
    "SeedFeaturesConfig",
    "SeedIvConfig",
    "SeedIvFeaturesConfig",
    "SeedRawConfig",
    "SeedVConfig",
    "SeedVFeaturesConfig",
    "SignalCorpus",
    "SimulatedConfig",
    "corpus_of",
]

DATASETS: dict[str, type[Corpus]] = {
    "amigos": AmigosConfig,
    "bids": BidsConfig,
    "deap": DeapConfig,
    "deap_original": DeapOriginalConfig,
    "dreamer": DreamerConfig,
    "eegmat": EegmatConfig,
    "faced": FacedConfig,
    "faced_features": FacedFeaturesConfig,
    "folder": FolderConfig,
    "mahnob_hci": MahnobHciConfig,
    "seed": SeedConfig,
    "seed_features": SeedFeaturesConfig,
    "seed_iv": SeedIvConfig,
    "seed_iv_features": SeedIvFeaturesConfig,
    "seed_raw": SeedRawConfig,
    "seed_v": SeedVConfig,
    "seed_v_features": SeedVFeaturesConfig,
    "simulated": SimulatedConfig,
}

if TYPE_CHECKING:
    DatasetConfig = Corpus
else:
    DatasetConfig = any_of(DATASETS)


def corpus_of(kind: str) -> type[Corpus]:
    """Return the settings of a kind of corpus; raises ConfigError, with a guess, where there is no such kind."""
    if kind not in DATASETS:
        raise ConfigError(
            f"There is no corpus '{kind}': expected one of {', '.join(DATASETS)}{near_miss(kind, DATASETS)}."
        )
    return DATASETS[kind]
