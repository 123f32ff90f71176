"""Every file of a finished run, damaged in every way: it is noticed, named, and alone computed again."""

from __future__ import annotations

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
    path.write_bytes(other)


def make_unreadable(path, _):
    # Whoever runs the tests may read anything; nobody reads a link to nothing.
    path.unlink()
    path.symlink_to(path.with_name("nowhere"))


DAMAGES = (delete, truncate, flip_a_bit, replace_by_anothers, make_unreadable)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("stage", ["ingest", "features", "separation", "train", "augment", "evaluate", "report"])
def test_every_file_of_every_artifact(small, store_copy, cohort, escgan, stage, damage):
    store = Store(store_copy)
    expected, tried = digests(store_copy), 0
    folders = [store_copy / "artifacts" / stage / manifest.key for manifest in store.list(stage)]
    names = sorted(path.name for path in folders[0].iterdir())
    for name in names:
        # The same file of all units at once: as telling as one after another, and as many times faster.
        pairs = []
        for folder in folders:
            assert sorted(path.name for path in folder.iterdir()) == names
            content = (folder / name).read_bytes()
            others = [path for path in store_copy.glob("artifacts/*/*/*") if path.parent != folder]
            others.sort(key=lambda path: path.suffix != (folder / name).suffix)
            contents = (path.read_bytes() for path in others)
            pairs.append((folder / name, next(other for other in contents if other != content)))
        # All are read before the first is damaged, which may itself be one of the others.
        for path, other in pairs:
            damage(path, other)
        code, said, _ = escgan("artifacts", "verify", "--root", store_copy)
        assert code == 4 and f"{len(folders)} damaged" in said, (name, said)
        assert all(f"{stage}/{folder.name}: " in said for folder in folders), (name, said)
        again = small(store_copy, cohort)
        assert computed(again) == {stage: len(folders)}, name
        assert digests(store_copy) == expected and faults_of(store_copy) == {}
        tried += len(folders)
    print(f"\n{stage}, {damage.__name__}: {tried} files, 0 unnoticed")
