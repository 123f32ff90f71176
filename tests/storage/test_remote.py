import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from storage.errors import StorageError
from storage.remote import RemoteFolder


@pytest.fixture(params=["s3", "file"])
def folder(request, tmp_path):
    """A folder in S3, and one of another file system that fsspec knows."""
    if request.param == "s3":
        return RemoteFolder(f"s3://{request.getfixturevalue('bucket')}/some folder")
    return RemoteFolder(f"file://{tmp_path}/some folder")


def test_objects_are_written_read_listed_and_deleted(folder):
    assert folder.read("a/1") is None and folder.objects("a") == []
    folder.write("a/1", b"one")
    folder.write("a/1", b"uno")
    folder.write("a/deep/er/2", b"two")
    folder.write("ab/3", b"three")
    assert folder.read("a/1") == b"uno"
    assert [(each.name, each.bytes) for each in folder.objects("a")] == [("a/1", 3), ("a/deep/er/2", 3)]
    assert all(abs(each.written - datetime.now(UTC)) < timedelta(minutes=2) for each in folder.objects("a"))
    assert folder.read_many(["a/1", "ab/3", "none"]) == {"a/1": b"uno", "ab/3": b"three"}
    assert folder.read_many(["none"]) == folder.read_many([]) == {}
    folder.delete(["a/1", "none"])
    assert folder.read("a/1") is None


def test_only_one_of_two_creates_an_object(folder):
    assert folder.creates_exclusively
    assert folder.create("a/1", b"first") and not folder.create("a/1", b"second")
    assert folder.read("a/1") == b"first" and folder.objects("probes") == []


def test_a_file_system_that_looks_before_it_writes_is_not_trusted_to_refuse():
    folder = RemoteFolder("memory://some folder")
    assert folder.create("a/1", b"first") and not folder.create("a/1", b"second")
    assert not folder.creates_exclusively


def test_files_go_up_and_come_down_whole(folder, tmp_path):
    content = bytes(range(256)) * 50_000
    (tmp_path / "up").write_bytes(content)
    folder.upload("a/file", tmp_path / "up")
    assert folder.download("a/file", tmp_path / "down") and (tmp_path / "down").read_bytes() == content
    assert not folder.download("none", tmp_path / "none")
    assert folder.sha256("a/file") == hashlib.sha256(content).hexdigest() and folder.sha256("none") is None


def test_what_is_denied_or_unreachable_is_one_sentence(bucket, monkeypatch):
    folder = RemoteFolder(f"s3://{bucket}/x")

    def refuse(error):
        def call(*_, **__):
            raise error

        return call

    monkeypatch.setattr(folder._fs, "cat_file", refuse(PermissionError("Forbidden")))
    with pytest.raises(StorageError, match=r"access is denied \(Forbidden\): check the credentials"):
        folder.read("a")
    monkeypatch.setattr(folder._fs, "cat_file", refuse(TimeoutError("too slow")))
    with pytest.raises(StorageError, match=r"Cannot read a in s3://.* \(too slow\): check the address and the network"):
        folder.read("a")


def test_without_credentials_the_remedy_is_named(bucket, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(StorageError, match="set credentials in the environment"):
        RemoteFolder(f"s3://{bucket}/x").write("a", b"")
