import errno
import os
import resource
import shutil
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.errors import ArtifactCorrupt, ArtifactMissing, StorageError
from storage.store import ArtifactRef, Store

KEY = "0123456789abcdef"
OTHER = "fedcba9876543210"
FILES = {"features.h5": bytes(range(200)), "windows.parquet": b"w" * 77}

DRAFT_AND_WAIT = """
import sys, time
from storage.store import Store
with Store(sys.argv[1]).create("features", sys.argv[2]) as draft:
    draft.file("features.h5").write_bytes(b"half")
    print(draft.path.name, flush=True)
    sys.stdin.readline()
print(draft.ref.digest, flush=True)
"""

FIND = """
import sys
from storage.store import Store
print(Store(sys.argv[1]).why_not("features", sys.argv[2]))
"""

MAKE_AT_ONCE = """
import sys
from storage.store import Store
store = Store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for _ in range(15):
    with store.create("features", sys.argv[2]) as draft:
        draft.file("features.h5").write_bytes(sys.argv[3].encode() * 1000)
        draft.file("windows.parquet").write_bytes(sys.argv[3].encode())
"""

COMPUTE_ONCE = """
import sys, time
from storage.store import Store
store = Store(sys.argv[1])
with store.lock("features", sys.argv[2]):
    if store.find("features", sys.argv[2]) is None:
        with store.create("features", sys.argv[2]) as draft:
            time.sleep(0.2)
            draft.file("features.h5").write_bytes(b"x")
        print("computed")
"""


def make(store, key=KEY, files=FILES, stage="features", **description):
    with store.create(stage, key, **description) as draft:
        for name, content in files.items():
            draft.file(name).write_bytes(content)
    return draft.ref


def stage_folder(store):
    return store.root / "artifacts" / "features"


def flip(path, position, mask=1):
    content = bytearray(path.read_bytes())
    content[position] ^= mask
    path.write_bytes(content)


# What is stored is found, and nothing else.


def test_a_stored_artifact_is_found_and_opened(store):
    ref = make(store)
    assert store.find("features", KEY) == ref
    assert store.why_not("features", KEY) is None
    artifact = store.open(ref)
    assert {name: artifact.file(name).read_bytes() for name in FILES} == FILES
    assert artifact.ref == artifact.manifest.ref == ref


def test_an_absent_artifact_is_not_found_and_cannot_be_opened(store):
    assert store.find("features", KEY) is None
    assert store.why_not("features", KEY) == "no artifact"
    with pytest.raises(ArtifactMissing, match=rf"features/{KEY} .*run again"):
        store.open(ArtifactRef("features", KEY, "0" * 64))


def test_a_file_the_artifact_does_not_have_is_told_with_those_it_has(store):
    artifact = store.open(make(store))
    with pytest.raises(StorageError, match=r"no file 'x': it has features\.h5, windows\.parquet"):
        artifact.file("x")


def test_the_manifest_tells_how_the_artifact_was_made(store):
    with store.create(
        "features", KEY, unit="sub-03", config={"bands": (4, 8)}, inputs=[{"key": "a"}], device="cuda"
    ) as draft:
        draft.file("x").write_bytes(b"abc")
        draft.note(timings={"read_s": 0.5})
        draft.note(rows=3)
        time.sleep(0.02)
    manifest = store.open(draft.ref).manifest
    assert (manifest.unit, manifest.device) == ("sub-03", "cuda")
    assert (manifest.config, manifest.inputs) == ({"bands": [4, 8]}, [{"key": "a"}])
    assert manifest.extra == {"timings": {"read_s": 0.5}, "rows": 3}
    assert 0.02 <= manifest.wall_s < 5
    assert 10 < manifest.peak_memory_mb <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 + 0.001


def test_equal_bytes_have_an_equal_digest_whenever_and_however_they_were_made(store):
    first = make(store, config={"a": 1}, device="cpu")
    second = make(store, OTHER, config={"a": 2}, device="cuda")
    third = make(store, "00000000", {**FILES, "features.h5": b"other"})
    assert first.digest == second.digest != third.digest


def test_a_moved_store_keeps_every_reference_valid(store, tmp_path):
    ref = make(store)
    shutil.move(store.root, tmp_path / "elsewhere")
    assert Store(tmp_path / "elsewhere").open(ref).file("features.h5").read_bytes() == FILES["features.h5"]


# Damage is noticed, named and healed.


def test_a_deleted_file_is_noticed(store):
    ref = make(store)
    (stage_folder(store) / KEY / "features.h5").unlink()
    assert store.find("features", KEY) is None
    assert store.why_not("features", KEY) == "features.h5 is missing"
    with pytest.raises(ArtifactCorrupt, match=rf"features/{KEY} .*features\.h5 is missing: run again"):
        store.open(ref)


def test_a_truncated_file_is_noticed_even_by_a_quick_look(store):
    make(store)
    os.truncate(stage_folder(store) / KEY / "features.h5", 100)
    assert store.find("features", KEY, full=False) is None
    assert store.why_not("features", KEY) == "features.h5 has 100 bytes, the manifest says 200"


def test_a_changed_byte_is_noticed_by_a_full_look_only(store):
    ref = make(store)
    assert store.find("features", KEY) == ref
    flip(stage_folder(store) / KEY / "features.h5", 5)
    assert store.find("features", KEY, full=False) == ref
    assert store.find("features", KEY) is None
    assert store.why_not("features", KEY) == "features.h5 differs from its digest"


def test_a_missing_manifest_means_that_nothing_is_there_to_use(store):
    make(store)
    (stage_folder(store) / KEY / "manifest.json").unlink()
    assert store.find("features", KEY) is None
    assert store.why_not("features", KEY) == "manifest.json is missing"


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    name=st.sampled_from([*sorted(FILES), "manifest.json"]),
    position=st.integers(0, 10_000),
    mask=st.integers(1, 255),
)
def test_one_changed_byte_in_any_file_is_noticed_and_recomputing_heals_it(store, name, position, mask):
    ref = make(store)
    path = stage_folder(store) / KEY / name
    # The manifest's own size varies by a digit, as it holds a duration.
    flip(path, position % path.stat().st_size, mask)
    assert store.find("features", KEY) is None
    assert name in store.why_not("features", KEY)
    with pytest.raises(ArtifactCorrupt, match=KEY):
        store.open(ref)
    assert make(store) == store.find("features", KEY) == ref


def test_a_bit_that_rots_with_all_times_kept_is_noticed_by_another_process(store, start):
    make(store)
    path = stage_folder(store) / KEY / "features.h5"
    status = path.stat()
    flip(path, 0)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    told, _ = start(FIND, store.root, KEY).communicate(timeout=20)
    assert told == "features.h5 differs from its digest\n"


@pytest.mark.parametrize("name", ["features.h5", "manifest.json"])
def test_a_link_in_place_of_a_file_is_not_followed(store, tmp_path, name):
    make(store)
    path = stage_folder(store) / KEY / name
    path.rename(tmp_path / name)
    path.symlink_to(tmp_path / name)
    assert store.find("features", KEY) is None
    assert store.why_not("features", KEY) == f"{name} is not a regular file"


def test_a_link_in_place_of_the_artifact_is_not_followed_and_is_replaced(store, tmp_path):
    ref = make(store)
    target = stage_folder(store) / KEY
    target.rename(tmp_path / "moved")
    target.symlink_to(tmp_path / "moved")
    assert store.find("features", KEY) is None
    assert make(store) == ref
    assert not target.is_symlink()
    assert sorted(path.name for path in (tmp_path / "moved").iterdir()) == [
        "features.h5",
        "manifest.json",
        "windows.parquet",
    ]


def test_an_artifact_copied_to_another_key_is_noticed(store):
    make(store)
    shutil.copytree(stage_folder(store) / KEY, stage_folder(store) / OTHER)
    assert store.find("features", OTHER) is None
    assert store.why_not("features", OTHER) == f"manifest.json belongs to features/{KEY}"


def test_a_reference_to_other_content_is_refused(store):
    old = make(store)
    new = make(store, files={"features.h5": b"new"})
    assert store.find("features", KEY) == new != old
    with pytest.raises(ArtifactCorrupt, match=rf"features/{KEY} holds content .*run again"):
        store.open(old)


def test_an_equal_artifact_is_kept_when_it_is_made_again(store):
    make(store, unit="first")
    inode = (stage_folder(store) / KEY).stat().st_ino
    make(store, unit="second")
    assert (stage_folder(store) / KEY).stat().st_ino == inode
    assert [path.name for path in stage_folder(store).iterdir()] == [KEY]
    assert store.list()[0].unit == "first"


# A draft is published whole, or not at all.


def test_an_exception_in_a_draft_leaves_nothing(store):
    with pytest.raises(ZeroDivisionError), store.create("features", KEY) as draft:
        draft.file("features.h5").write_bytes(b"half")
        raise ZeroDivisionError
    assert list(stage_folder(store).iterdir()) == []
    assert store.find("features", KEY) is None
    with pytest.raises(StorageError, match="not published"):
        _ = draft.ref


def test_an_exception_in_a_draft_leaves_the_former_artifact_alone(store):
    ref = make(store)
    with pytest.raises(KeyboardInterrupt), store.create("features", KEY) as draft:
        draft.file("features.h5").write_bytes(b"half")
        raise KeyboardInterrupt
    assert store.find("features", KEY) == ref


def test_a_draft_is_invisible_until_its_block_ends(store):
    with store.create("features", KEY) as draft:
        draft.file("features.h5").write_bytes(b"x")
        assert store.find("features", KEY) is None
        assert store.list() == store.resolve("") == []
        with pytest.raises(StorageError, match="not published"):
            _ = draft.ref
    assert store.find("features", KEY) == draft.ref


def test_the_manifest_is_written_last_and_everything_is_flushed_before_the_rename(store, monkeypatch):
    events = []
    fsync, rename = os.fsync, os.rename

    def watched_fsync(descriptor):
        events.append(("flush", Path(os.readlink(f"/proc/self/fd/{descriptor}")).name))
        fsync(descriptor)

    def watched_rename(source, target):
        events.append(("rename", Path(target).name))
        rename(source, target)

    stage_folder(store).mkdir()
    monkeypatch.setattr(os, "fsync", watched_fsync)
    with store.create("features", KEY) as draft:
        draft.file("b").write_bytes(b"b")
        draft.file("a").write_bytes(b"a")
        monkeypatch.setattr(os, "rename", watched_rename)
        events.clear()
    folder = draft.path.name
    compact = [event for number, event in enumerate(events) if event not in events[:number]]
    assert compact[:4] == [("flush", "a"), ("flush", "b"), ("flush", "manifest.json"), ("flush", folder)]
    # The first rename finds nothing to set aside.
    assert events[-2:] == [("rename", KEY), ("flush", "features")]


def test_a_draft_without_a_file_is_refused(store):
    with pytest.raises(StorageError, match="no file"), store.create("features", KEY):
        pass
    assert list(stage_folder(store).iterdir()) == []


@pytest.mark.parametrize("name", ["../escape", "a/b", "/etc/x", "..", ".alive", "manifest.json", ""])
def test_a_file_name_that_leaves_the_draft_is_refused(store, name):
    with pytest.raises(StorageError, match="plain name"), store.create("features", KEY) as draft:
        draft.file(name)


def test_a_draft_with_a_folder_or_a_link_is_refused(store, tmp_path):
    with pytest.raises(StorageError, match="sub in the draft"), store.create("features", KEY) as draft:
        (draft.path / "sub").mkdir()
    (tmp_path / "outside").write_bytes(b"x")
    with pytest.raises(StorageError, match="link in the draft"), store.create("features", KEY) as draft:
        (draft.path / "link").symlink_to(tmp_path / "outside")
    assert (tmp_path / "outside").read_bytes() == b"x"


@pytest.mark.parametrize("what", ["config", "versions"])
def test_a_description_that_is_not_json_is_refused_before_any_work(store, what):
    with (
        pytest.raises(StorageError, match=f"{what} is not JSON"),
        store.create("features", KEY, **{what: {"x": float("nan")}}),
    ):
        pytest.fail("the work began")


def test_a_note_that_is_not_json_is_refused(store):
    with pytest.raises(StorageError, match="timings is not JSON"), store.create("features", KEY) as draft:
        draft.note(timings={1, 2})


# Kills, sweeps and races.


def test_a_draft_killed_in_the_middle_leaves_nothing_visible_and_is_swept(store, start):
    process = start(DRAFT_AND_WAIT, store.root, KEY)
    name = process.stdout.readline().strip()
    process.kill()
    process.wait()
    left = stage_folder(store) / name
    assert left.is_dir()
    assert store.find("features", KEY) is None
    assert store.list() == []
    assert store.sweep() == [left]
    assert list(stage_folder(store).iterdir()) == []


def test_a_live_draft_of_another_process_survives_a_sweep(store, start):
    process = start(DRAFT_AND_WAIT, store.root, KEY)
    process.stdout.readline()
    assert store.sweep() == []
    process.stdin.write("\n")
    process.stdin.flush()
    digest = process.stdout.readline().strip()
    assert store.find("features", KEY) == ArtifactRef("features", KEY, digest)


def test_a_live_draft_of_this_process_survives_a_sweep(store):
    with store.create("features", KEY) as draft:
        draft.file("x").write_bytes(b"x")
        assert store.sweep() == []
    assert store.find("features", KEY) == draft.ref


def test_sweeping_while_drafts_come_and_go_never_harms_one(store):
    stop, removed = threading.Event(), []

    def sweep():
        while not stop.is_set():
            removed.extend(store.sweep())

    thread = threading.Thread(target=sweep)
    thread.start()
    try:
        for number in range(25):
            make(store, f"{number:08x}")
    finally:
        stop.set()
        thread.join()
    assert removed == []
    assert len(store.list("features")) == 25


@pytest.mark.parametrize("contents", ["xx", "xy"], ids=["equal", "different"])
def test_processes_that_make_one_key_at_once_end_with_one_valid_artifact(store, start, contents):
    processes = [start(MAKE_AT_ONCE, store.root, KEY, content) for content in contents]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        assert process.wait(20) == 0
    artifact = store.open(store.find("features", KEY))
    assert artifact.file("features.h5").read_bytes() == artifact.file("windows.parquet").read_bytes() * 1000
    assert [path.name for path in stage_folder(store).iterdir()] == [KEY]


def test_processes_that_hold_the_lock_do_the_work_once(store, start):
    processes = [start(COMPUTE_ONCE, store.root, KEY) for _ in range(3)]
    assert "".join(process.communicate(timeout=20)[0] for process in processes) == "computed\n"


def test_the_lock_of_one_key_does_not_hold_up_another(store):
    waited = []
    with store.lock("features", KEY), store.lock("features", OTHER, lambda: waited.append(True)):
        assert waited == []


def test_an_artifact_can_be_made_under_its_own_lock(store):
    with store.lock("features", KEY):
        assert make(store) == store.find("features", KEY)


# Listing, removal, workspaces.


def test_artifacts_are_listed_by_stage_and_age_and_damaged_ones_left_out(store):
    for stage, key in [("gan", "0000000b"), ("features", "0000000c"), ("features", "0000000a")]:
        make(store, key, stage=stage)
    make(store, "0000000d")
    flip(stage_folder(store) / "0000000d" / "manifest.json", 10)
    assert [(m.stage, m.key[-1]) for m in store.list()] == [
        ("features", "c"),
        ("features", "a"),
        ("gan", "b"),
    ]
    assert [m.key[-1] for m in store.list("gan")] == ["b"]
    assert store.list("scores") == []


def test_a_beginning_of_a_key_resolves_to_every_artifact_that_fits(store):
    make(store, "abc00000")
    make(store, "abd00000")
    make(store, "abc00000", stage="gan")
    assert store.resolve("abc") == [("features", "abc00000"), ("gan", "abc00000")]
    assert [key for _, key in store.resolve("features/ab")] == ["abc00000", "abd00000"]
    assert store.resolve("../ab") == store.resolve("f") == store.resolve("/ab") == []


def test_an_artifact_without_a_sound_manifest_is_resolved_all_the_same(store):
    make(store, "abc00000")
    make(store, "abd00000")
    flip(stage_folder(store) / "abc00000" / "manifest.json", 10)
    (stage_folder(store) / "abd00000" / "manifest.json").unlink()
    assert store.resolve("features/ab") == [("features", "abc00000"), ("features", "abd00000")]


def test_removing_an_artifact_tells_the_bytes_freed(store):
    make(store)
    size = sum(path.stat().st_size for path in (stage_folder(store) / KEY).iterdir())
    assert store.remove("features", KEY) == size > 277
    assert store.find("features", KEY) is None
    assert list(stage_folder(store).iterdir()) == []
    assert store.remove("features", KEY) == 0


def test_a_damaged_artifact_can_be_removed(store):
    make(store)
    (stage_folder(store) / KEY / "manifest.json").unlink()
    assert store.remove("features", KEY) == 277


def test_a_half_deleted_artifact_is_swept(store, monkeypatch):
    make(store)
    monkeypatch.setattr("storage.store.delete_tree", lambda path: None)
    assert store.remove("features", KEY) == 0
    monkeypatch.undo()
    assert store.why_not("features", KEY) == "no artifact"
    assert len(store.sweep()) == 1
    assert list(stage_folder(store).iterdir()) == []


def test_a_workspace_stays_until_it_is_cleared(store):
    folder = store.workspace("gan", KEY)
    (folder / "checkpoint").write_bytes(b"x")
    store.sweep()
    assert (store.workspace("gan", KEY) / "checkpoint").read_bytes() == b"x"
    store.clear_workspace("gan", KEY)
    assert not folder.exists()
    store.clear_workspace("gan", KEY)


# Nothing leaves the store, and nobody else enters it.


@pytest.mark.parametrize(
    "stage, key", [("../x", KEY), ("a/b", KEY), ("", KEY), ("features", "../../x"), ("features", "..")]
)
@pytest.mark.parametrize("method", ["find", "why_not", "remove", "lock", "workspace", "clear_workspace"])
def test_names_that_try_to_leave_the_store_are_refused(store, method, stage, key):
    with pytest.raises(StorageError):
        getattr(store, method)(stage, key)


def test_references_and_drafts_that_try_to_leave_the_store_are_refused(store):
    with pytest.raises(StorageError):
        store.open(ArtifactRef("../features", KEY, "0" * 64))
    with pytest.raises(StorageError), store.create("../features", KEY):
        pytest.fail("the draft was opened")


def test_folders_are_for_the_owner_only_and_files_too(tmp_path):
    mask = os.umask(0)
    try:
        store = Store(tmp_path / "a" / "store")
        make(store)
        store.workspace("gan", KEY)
        with store.lock("features", KEY):
            pass
    finally:
        os.umask(mask)
    for folder, _, names in os.walk(store.root):
        assert Path(folder).stat().st_mode & 0o777 == 0o700, folder
        for name in names:
            assert (Path(folder) / name).stat().st_mode & 0o777 == 0o600, name


def test_open_folders_of_a_store_are_closed_but_the_users_own_root_is_not(tmp_path):
    (tmp_path / "store" / "records").mkdir(parents=True)
    for folder in (tmp_path / "store", tmp_path / "store" / "records"):
        folder.chmod(0o755)
    store = Store(str(tmp_path / "store"))
    assert store.records.stat().st_mode & 0o777 == 0o700
    assert store.root.stat().st_mode & 0o777 == 0o755


# Disks that are full or closed.


@pytest.mark.parametrize(
    "code, words",
    [(errno.ENOSPC, "the disk is full: free"), (errno.EACCES, "denied: choose"), (errno.EROFS, "read-only: choose")],
)
def test_a_store_that_takes_nothing_is_refused_before_work_begins(store, monkeypatch, code, words):
    store.refuse_unwritable()
    before = sorted(store.root.rglob("*"))

    def fail(_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageError, match=f"Cannot write to the store in .*{words}"):
        store.refuse_unwritable()
    assert sorted(store.root.rglob("*")) == before


def test_a_place_where_no_folder_can_be_made_is_told():
    with pytest.raises(StorageError, match="Cannot open the store in /proc/none/store, no folder can be made there: "):
        Store("/proc/none/store")


@pytest.mark.parametrize(
    "code, words",
    [(errno.ENOSPC, "the disk is full: free"), (errno.EDQUOT, "quota"), (errno.EROFS, "read-only: choose")],
)
def test_a_disk_that_takes_no_more_is_told_in_one_sentence(store, monkeypatch, code, words):
    def fail(_):
        raise OSError(code, os.strerror(code))

    message = rf"Cannot write features/{KEY} .*{words}"
    with pytest.raises(StorageError, match=message) as caught, store.create("features", KEY) as draft:
        draft.file("x").write_bytes(b"x")
        monkeypatch.setattr(os, "fsync", fail)
    monkeypatch.undo()
    assert isinstance(caught.value.__cause__, OSError)
    assert list(stage_folder(store).iterdir()) == []


def test_a_file_that_outgrows_the_disk_while_being_written_is_told_too(store):
    with (
        pytest.raises(StorageError, match="the disk is full"),
        store.create("features", KEY),
        open("/dev/full", "wb") as full,
    ):
        full.write(b"x" * 100_000)


def test_a_file_elsewhere_that_cannot_be_read_is_not_blamed_on_the_store(store, tmp_path):
    error = PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "recording.edf"))
    with pytest.raises(PermissionError), store.create("features", KEY):
        raise error


def test_a_store_whose_folder_is_a_file_is_told_in_one_sentence(tmp_path):
    (tmp_path / "store").write_bytes(b"")
    with pytest.raises(StorageError, match="a file stands where a folder is needed"):
        Store(tmp_path / "store")
