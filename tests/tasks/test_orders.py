"""Orders: the units of a stage, written down for a run elsewhere."""

from __future__ import annotations

import json

import pytest

from escgan.augmenters import AUGMENTERS, Balance
from escgan.config import parse_config
from escgan.errors import ConfigError
from escgan.evaluation.parts import Part
from escgan.evaluation.scarcity import Scarcity
from storage.digest import digest_json
from storage.manifest import ArtifactRef
from storage.store import Store
from tasks.editing import augment
from tasks.orders import read_order, write_order
from tasks.sides import TrainingSide
from tasks.training import train
from tests.escgan.augmenters.test_augmenters import QUICK

REFS = tuple(ArtifactRef("features", f"{i}" * 16, f"{i}" * 64) for i in range(3))
SIDES = (
    TrainingSide(REFS),
    TrainingSide(REFS, Part(of="trial", k=3, number=1), Scarcity(label="high", keep=0.3, seed=4)),
)


@pytest.fixture
def labels():
    return parse_config({"dataset": "deap", "augmenters": ["none"], "classifiers": ["logistic"]}).labels


@pytest.mark.parametrize("kind", [kind for kind, cls in AUGMENTERS.items() if cls.trains])
@pytest.mark.parametrize("side", SIDES, ids=["whole", "part"])
def test_what_is_read_has_the_key_of_what_was_written(tmp_path, labels, kind, side):
    store = Store(tmp_path)
    units = {"sub-01": (side, labels, "per_subject", QUICK[kind], 3), "sub-02": (side, labels, "none", QUICK[kind], 0)}
    found, mode = read_order(train, store, write_order(train, store, units, "refresh"))
    assert mode == "refresh" and list(found) == list(units)
    for name, science in units.items():
        assert found[name] == science and train.key(*found[name]) == train.key(*science)


@pytest.mark.parametrize("kind", [kind for kind, cls in AUGMENTERS.items() if cls.generates])
def test_every_augmenters_windows_can_be_ordered(tmp_path, labels, kind):
    store = Store(tmp_path)
    gan = ArtifactRef("train", "a" * 16, "b" * 64) if AUGMENTERS[kind].trains else None
    science = (SIDES[1], gan, labels, "coral", QUICK[kind], Balance(ratio=0.5), 1)
    found, _ = read_order(augment, store, write_order(augment, store, {"u": science}, "run"))
    assert found["u"] == science and type(found["u"][4]) is AUGMENTERS[kind]


def test_an_order_of_another_version_is_refused(tmp_path, labels):
    store = Store(tmp_path)
    digest = write_order(train, store, {"sub-01": (SIDES[0], labels, "none", QUICK["cvae"], 0)}, "run")
    path = next((store.root / "orders").iterdir())
    written = json.loads(path.read_text())
    written["units"][0]["key"] = "0" * len(written["units"][0]["key"])
    # Written by a version whose keys differ: its digest is its own.
    forged = digest_json(written)
    path.with_name(f"{forged}.json").write_text(json.dumps(written))
    with pytest.raises(ConfigError, match=r"would compute 'train' of sub-01 otherwise.*install one version on both"):
        read_order(train, store, forged)
    path.write_text(path.read_text().replace("sub-01", "sub-02"))
    with pytest.raises(ConfigError, match="is damaged: run the pipeline again"):
        read_order(train, store, digest)
    store.orders.delete(digest)
    store.orders.delete(digest)
    with pytest.raises(ConfigError, match=r"There is no order .* does this worker reach the store"):
        read_order(train, store, digest)
