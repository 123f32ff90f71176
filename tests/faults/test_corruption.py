"""Every file of a finished run, damaged in every way: it is noticed, named, and alone computed again."""

from __future__ import annotations

import shutil

import pytest

from storage.store import Store
from tests.faults.commands import digests, faults_of
from tests.flows.conftest import computed

pytestmark = pytest.mark.faults


def delete(path, _):
    path.unlink()


def truncate(path, _):
    path.write_bytes(path.read_bytes()[:-1])


def flip_a_bit(path, _):
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 16
    path.write_bytes(data)


def replace_by_anothers(path, other):
    assert other.read_bytes() != path.read_bytes()
    shutil.copy(other, path)


def make_unreadable(path, _):
    # Whoever runs the tests may read anything; nobody reads a link to nothing.
    path.unlink()
    path.symlink_to(path.with_name("nowhere"))


DAMAGES = (delete, truncate, flip_a_bit, replace_by_anothers, make_unreadable)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("stage", ["ingest", "features", "train", "augment", "evaluate", "report"])
def test_every_file_of_every_artifact(small, store_copy, cohort, escgan, stage, damage):
    store = Store(store_copy)
    expected, tried = digests(store_copy), 0
    for manifest in store.list(stage):
        folder = store_copy / "artifacts" / stage / manifest.key
        others = [path for path in store_copy.glob("artifacts/*/*/*") if path.parent != folder]
        for name in sorted(path.name for path in folder.iterdir()):
            path = folder / name
            content = path.read_bytes()
            other = next(each for each in others if each.suffix == path.suffix and each.read_bytes() != content)
            damage(path, other)
            code, said, _ = escgan("artifacts", "verify", "--root", store_copy)
            assert code == 4 and f"{stage}/{manifest.key}: " in said and "1 damaged" in said, (name, said)
            again = small(store_copy, cohort)
            assert computed(again) == {stage: 1}, name
            assert digests(store_copy) == expected and faults_of(store_copy) == {}
            tried += 1
    print(f"\n{stage}, {damage.__name__}: {tried} files, 0 unnoticed")
