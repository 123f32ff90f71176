"""A trained augmenter's cards, from its training windows and from the manifests of what these were made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from escgan.augmenters import Augmenter
from escgan.cards.data_card import data_card
from escgan.cards.facts import TrainingFacts
from escgan.cards.model_card import model_card
from escgan.datasets import DATASETS
from escgan.labels import LabelConfig
from escgan.normalization import Normalization
from escgan.windows import WindowSet
from storage.hdf5 import read_attributes
from storage.manifest import Manifest
from storage.store import Store
from tasks.sides import TrainingSide
from tasks.stage import StageRun

MODEL_CARD, DATA_CARD = "model_card.md", "data_card.md"


def training_facts(
    store: Store, side: TrainingSide, labels: LabelConfig, normalization: Normalization, windows: WindowSet
) -> TrainingFacts:
    """Gather what the cards say of a training side.

    The corpus and the settings before the features are no science of a training, whose key they would change without
    changing its result: they are read from the manifests behind the first recording's features, where these are there.
    """
    first = side.features[0]
    made = store.manifest(first.stage, first.key)
    read = _read_from(store, made)
    dataset = _config(read, "dataset") or _config(made, "dataset")
    return TrainingFacts(
        windows=windows,
        labelling=labels.words(),
        normalization=normalization,
        scarcity=side.scarcity,
        seen_people=side.part is not None,
        measured=read_attributes(store.open(first).file("features.h5")),
        corpus=DATASETS.get(dataset["kind"]) if dataset else None,
        features=_config(made, "config"),
        preprocessing=_config(read, "preprocessing"),
    )


def write_cards(
    augmenter: Augmenter, seed: int, history: Sequence[Mapping[str, float]], facts: TrainingFacts, run: StageRun
) -> None:
    """Write both cards into a draft."""
    texts = {MODEL_CARD: model_card(augmenter, seed, history, facts), DATA_CARD: data_card(facts)}
    for name, text in texts.items():
        run.draft.file(name).write_text(text, encoding="utf-8")


def _read_from(store: Store, made: Manifest | None) -> Manifest | None:
    """Return the manifest of the recording that features were measured in."""
    given = next((entry for entry in made.inputs if "stage" in entry), None) if made is not None else None
    return None if given is None else store.manifest(given["stage"], given["key"])


def _config(manifest: Manifest | None, name: str) -> Any:
    return None if manifest is None else manifest.config.get(name)
