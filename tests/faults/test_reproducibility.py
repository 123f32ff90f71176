"""The same bytes, however many units are computed at once, by whom, and in which order they end."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest

from storage.manifest import ArtifactRef
from storage.store import Store
from tasks.editing import read_edited
from tasks.stage import Stage
from tests.faults.commands import digests, finish, start, write_config

pytestmark = pytest.mark.faults

WAYS = {
    "one thread": ("--workers", 1),
    "four threads": ("--workers", 4),
    "three processes": ("--runner", "processes", "--workers", 3),
    "a Dask cluster": ("--runner", "dask", "--workers", 2),
}


@pytest.mark.parametrize("way", WAYS)
def test_whoever_computes(tmp_path, cohort, finished, way):
    config, root = write_config(tmp_path / "small.yaml"), tmp_path / "store"
    said = finish(running := start("run", config, "--data", cohort, "--root", root, "--device", "cpu", *WAYS[way]))
    assert running.returncode == 0, said
    assert digests(root) == digests(finished[0])


def test_folds_as_one_program_are_the_same_again_and_differ_from_one_alone_by_rounding(tmp_path, cohort, finished):
    """Sums over several folds are taken in another order; nothing that no network has touched may change."""
    config, roots = write_config(tmp_path / "small.yaml"), [tmp_path / "first", tmp_path / "second"]
    for root in roots:
        options = ("--data", cohort, "--root", root, "--device", "cpu", "--pack", 4)
        said = finish(running := start("run", config, *options))
        assert running.returncode == 0, said
    assert digests(roots[0]) == digests(roots[1])
    alone, packed = digests(finished[0]), digests(roots[0])
    assert alone.keys() == packed.keys()
    touched = {name for name in alone if "escgan" in name[1]}
    assert {name for name in alone if alone[name] != packed[name]} <= touched
    for manifest in Store(finished[0]).list("augment"):
        if manifest.unit.endswith("escgan"):
            [other] = [m for m in Store(roots[0]).list("augment") if m.unit == manifest.unit]
            expected, again = (
                read_edited(Store(root).open(ArtifactRef("augment", own.key, own.digest)))
                for root, own in ((finished[0], manifest), (roots[0], other))
            )
            assert np.array_equal(expected.labels, again.labels)
            print(f"\n{manifest.unit}: largest difference {np.abs(expected.de - again.de).max():.2g}")
            np.testing.assert_allclose(again.de, expected.de, atol=1e-3)


def test_in_whichever_order_units_end(tmp_path, small, cohort, finished, monkeypatch):
    execute, draw, ended = Stage.execute, random.Random(0), []

    def late(self, store, unit, science, **options):
        time.sleep(draw.uniform(0, 1.0))
        result = execute(self, store, unit, science, **options)
        ended.append(unit)
        return result

    monkeypatch.setattr(Stage, "execute", late)
    orders = set()
    for i in range(3):
        ended.clear()
        small(tmp_path / f"{i}", cohort)
        assert digests(tmp_path / f"{i}") == digests(finished[0])
        orders.add(tuple(ended))
    assert len(orders) == 3 and len({m.unit for m in Store(tmp_path / "0").list("ingest")}) == 4
