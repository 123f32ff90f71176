import pickle
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from storage import remote_store
from storage.errors import ArtifactCorrupt, ArtifactMissing, StorageError
from storage.manifest import ArtifactRef

KEY = "0123456789abcdef"
FILES = {"features.h5": bytes(range(200)), "windows.parquet": b"w" * 77}

KILLED_BEFORE_THE_MANIFEST = """
import os, signal, sys
from storage.remote import RemoteFolder
from storage.remote_store import RemoteStore
def killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)
store = RemoteStore(sys.argv[1])
RemoteFolder.write = killed
with store.create("features", sys.argv[2]) as draft:
    draft.file("features.h5").write_bytes(bytes(range(200)))
    draft.file("windows.parquet").write_bytes(b"w" * 77)
"""


def make(store, stage="features", key=KEY, files=FILES, **about):
    with store.create(stage, key, **about) as draft:
        for name, content in files.items():
            draft.file(name).write_bytes(content)
    return draft.ref


def objects(bucket):
    return [each["Key"] for each in boto3.client("s3").list_objects_v2(Bucket=bucket).get("Contents", ())]


def file_object(bucket, name="features.h5"):
    (found,) = (key for key in objects(bucket) if key.endswith(f"/{name}"))
    return found


def test_what_one_machine_makes_another_finds_and_reads(machine):
    ref = make(machine("a"), unit="sub-01", config={"band_hz": [4, 8]})
    other = machine("b")
    assert other.find("features", KEY) == ref
    artifact = other.open(ref)
    assert {name: artifact.file(name).read_bytes() for name in FILES} == FILES
    assert artifact.manifest.unit == "sub-01" and other.list() == [artifact.manifest]
    assert other.why_not("features", KEY) is None and other.addresses() == [("features", KEY)]
    assert other.resolve("features/0123") == [("features", KEY)]


def test_what_was_read_once_is_read_from_the_cache(machine, bucket, monkeypatch):
    ref = make(machine("a"))
    other = machine("b")
    other.open(ref)
    monkeypatch.setattr(other.remote, "download", lambda *_: pytest.fail("downloaded twice"))
    assert other.open(ref).file("features.h5").read_bytes() == FILES["features.h5"]


def test_a_cache_that_was_damaged_or_deleted_is_filled_again(machine):
    ref = make(machine("a"))
    other = machine("b")
    path = other.open(ref).file("features.h5")
    path.write_bytes(b"rubbish")
    assert other.find("features", KEY) == ref
    assert other.open(ref).file("features.h5").read_bytes() == FILES["features.h5"]
    assert machine("c").open(ref).file("features.h5").read_bytes() == FILES["features.h5"]


def test_an_upload_that_is_killed_leaves_nothing_visible_and_is_made_up_for(machine, url, bucket, starts_on):
    dead = starts_on("a", KILLED_BEFORE_THE_MANIFEST, url, KEY)
    assert dead.wait(60) == -9
    assert [key for key in objects(bucket) if key.endswith("/features.h5")]
    other = machine("b")
    assert other.find("features", KEY) is None and other.why_not("features", KEY) == "no artifact"
    assert other.list() == [] and other.addresses() == []
    again = machine("a")
    ref = again.find("features", KEY)
    assert ref is not None and other.find("features", KEY) == ref
    assert other.open(ref).file("features.h5").read_bytes() == FILES["features.h5"]


def test_what_an_upload_left_is_removed_after_a_day_and_not_before(machine, url, bucket, starts_on, monkeypatch):
    starts_on("a", KILLED_BEFORE_THE_MANIFEST, url, KEY).wait(60)
    store = machine("b")
    kept = make(store, key="aaaaaaaa")
    make(store, key="bbbbbbbb", files={"features.h5": b"old"})
    replaced = make(store, key="bbbbbbbb", files={"features.h5": b"new"})
    store.orders.write("abcdef0123", "{}")
    before = objects(bucket)
    assert store.sweep() == [] and objects(bucket) == before
    later = datetime.now(UTC) + timedelta(days=2)

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return later

    monkeypatch.setattr(remote_store, "datetime", Later)
    assert len(store.sweep()) == 3
    other = machine("c")
    assert other.open(kept).file("features.h5").read_bytes() == FILES["features.h5"]
    assert other.open(replaced).file("features.h5").read_bytes() == b"new"
    lost = set(before) - set(objects(bucket))
    assert {key for key in before if f"/{KEY}/" in key} < lost and len(lost) == 3


@pytest.mark.parametrize("damage", ["flip", "truncate", "delete", "manifest", "foreign manifest"])
def test_damage_in_the_bucket_is_noticed_and_mended_by_computing_again(machine, bucket, damage):
    ref = make(machine("a"))
    s3 = boto3.client("s3")
    path = file_object(bucket)
    manifest = path.rsplit("/", 2)[0] + "/manifest.json"
    if damage == "flip":
        s3.put_object(Bucket=bucket, Key=path, Body=bytes([255]) + FILES["features.h5"][1:])
    elif damage == "truncate":
        s3.put_object(Bucket=bucket, Key=path, Body=FILES["features.h5"][:-1])
    elif damage == "delete":
        s3.delete_object(Bucket=bucket, Key=path)
    elif damage == "manifest":
        s3.put_object(Bucket=bucket, Key=manifest, Body=b"{")
    else:
        make(machine("a"), key="ffffffff", files={"features.h5": b"other"})
        s3.copy_object(Bucket=bucket, Key=manifest,
                       CopySource={"Bucket": bucket, "Key": manifest.replace(KEY, "ffffffff")})  # fmt: skip
    other = machine("b")
    assert other.why_not("features", KEY) not in (None, "no artifact")
    if damage == "flip":
        # Sizes fit; only reading tells, and takes it back.
        assert other.find("features", KEY) == ref
        with pytest.raises(ArtifactCorrupt, match=r"features\.h5 differs from its digest: run again"):
            other.open(ref)
    assert other.find("features", KEY) is None
    with pytest.raises((ArtifactCorrupt, ArtifactMissing), match="run again"):
        other.open(ref)
    assert make(other) == ref
    assert machine("c").open(ref).file("features.h5").read_bytes() == FILES["features.h5"]


def test_bytes_that_were_damaged_on_their_way_are_fetched_again(machine, monkeypatch):
    ref = make(machine("a"))
    other = machine("b")
    own, calls = other.remote.download, []

    def once_damaged(name, file):
        calls.append(name)
        found = own(name, file)
        if len(calls) == 1:
            file.write_bytes(b"rubbish")
        return found

    monkeypatch.setattr(other.remote, "download", once_damaged)
    assert other.open(ref).file("features.h5").read_bytes() == FILES["features.h5"]
    assert other.find("features", KEY) == ref


def test_a_replaced_artifact_is_what_every_machine_finds(machine):
    first, other = machine("a"), machine("b")
    old = make(first)
    other.open(old)
    new = make(first, files={"features.h5": b"new"})
    assert other.find("features", KEY) == new and new != old
    assert other.open(new).file("features.h5").read_bytes() == b"new"
    with pytest.raises(ArtifactCorrupt, match="holds content"):
        machine("c").open(old)


def test_a_removed_artifact_is_gone_for_every_machine(machine, bucket):
    first, other = machine("a"), machine("b")
    ref = make(first)
    other.open(ref)
    assert first.remove("features", KEY) > sum(map(len, FILES.values()))
    assert first.find("features", KEY) is None and other.find("features", KEY) is None
    assert [key for key in objects(bucket) if "/artifacts/" in key] == []


def test_a_bucket_that_cannot_refuse_to_overwrite_is_told_and_still_never_corrupt(machine, monkeypatch):
    store = machine("a")
    own = store.remote._fs.pipe_file
    monkeypatch.setattr(store.remote._fs, "pipe_file", lambda path, value, mode="overwrite": own(path, value))
    assert not store.excludes_machines
    with store.lock("features", KEY):
        ref = make(store)
    assert machine("b").excludes_machines and machine("b").find("features", KEY) == ref


def test_orders_and_shown_files_reach_other_machines(machine, bucket):
    first, other = machine("a"), machine("b")
    first.orders.write("abcdef0123", '{"a": 1}')
    assert other.orders.read("abcdef0123") == '{"a": 1}'
    other.orders.delete("abcdef0123")
    other.orders.delete("abcdef0123")
    assert first.orders.read("abcdef0123") is None
    assert first.show("reports/demo.html", b"<p>").read_bytes() == b"<p>"
    assert other.remote.read("reports/demo.html") == b"<p>" and "some store/reports/demo.html" in objects(bucket)


def test_a_pickled_store_opens_its_address_anew(machine, url):
    ref = make(machine("a"))
    other = pickle.loads(pickle.dumps(machine("b")))
    assert other.address == url and other.find("features", KEY) == ref


def test_an_upload_that_fails_is_told_in_one_sentence_and_nothing_made_is_lost(machine, monkeypatch):
    store = machine("a")
    monkeypatch.setattr(store.remote._fs, "put_file", lambda *_: (_ for _ in ()).throw(ConnectionError("reset")))
    with pytest.raises(StorageError, match=r"Cannot upload .*reset.*run again; what was computed is kept"):
        make(store)
    assert machine("b").find("features", KEY) is None
    ref = machine("a").find("features", KEY)
    assert ref is not None and machine("b").find("features", KEY) == ref


@pytest.mark.parametrize("stage, key", [("../up", KEY), ("features", "../../etc"), ("features", "abc")])
def test_names_that_lead_out_of_the_store_are_refused(machine, stage, key):
    store = machine("a")
    for use in (store.find, store.why_not, store.remove, store.workspace):
        with pytest.raises(StorageError):
            use(stage, key)
    with pytest.raises(StorageError):
        store.open(ArtifactRef(stage, key, "0" * 64))
    with pytest.raises(StorageError), store.lock(stage, key):
        pass
