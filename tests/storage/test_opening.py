from pathlib import Path

import pytest

from storage.errors import StorageError
from storage.opening import open_store, store_exists, why_no_store
from storage.remote_store import CACHE, RemoteStore


def test_an_address_opens_what_it_names(url, bucket, tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    assert not store_exists(url) and not store_exists(tmp_path / "store")
    store = open_store(url)
    assert isinstance(store, RemoteStore) and store_exists(url)
    assert not isinstance(open_store(f"file://{tmp_path}/store"), RemoteStore) and store_exists(tmp_path / "store")
    assert store.address == url and str(store.root).startswith(str(tmp_path / "cache"))
    assert store.root.stat().st_mode & 0o077 == 0


def test_a_file_where_a_store_is_looked_for_is_called_one(tmp_path):
    (tmp_path / "a.yaml").touch()
    assert not store_exists(tmp_path / "a.yaml")
    assert why_no_store(tmp_path / "a.yaml") == f"'{tmp_path}/a.yaml' is a file, no store"
    assert why_no_store(f"file://{tmp_path}/a.yaml") == f"'file://{tmp_path}/a.yaml' is a file, no store"
    assert why_no_store(tmp_path / "b") == f"There is no store at '{tmp_path}/b'"
    assert why_no_store("s3://lab/store") == "There is no store at 's3://lab/store'"


def test_a_home_that_no_shell_has_expanded_is_the_same_store_for_everything(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for address in ("~/st", Path("~/st"), "file://~/st"):
        assert open_store(address).root == tmp_path / "st" and store_exists(address)
    assert why_no_store("~/none") == "There is no store at '~/none'" and not store_exists("~/none")
    # As in a shell, what names nobody's home is a name like any other.
    assert open_store("~nobody-of-this-name/st").root == tmp_path / "~nobody-of-this-name" / "st"


def test_a_name_longer_than_a_file_system_takes_is_no_store_and_makes_none(tmp_path):
    long = tmp_path / ("a" * 300)
    assert not store_exists(long) and why_no_store(long) == f"There is no store at '{long}'"
    with pytest.raises(StorageError, match="a name is longer than the file system takes: choose"):
        open_store(long)


@pytest.mark.parametrize("wrong, told", [
    ("s3://no-such-bucket-at-all/store", "bucket does not exist"),
    ("nosuch://place/store", "cannot be used"),
    ("s3://me:secret@bucket/store", "holds a password"),
])  # fmt: skip
def test_an_address_that_cannot_be_used_is_told_in_one_sentence(wrong, told, bucket, tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    with pytest.raises(StorageError, match=told) as caught:
        open_store(wrong)
    assert "secret" not in str(caught.value) and "\n" not in str(caught.value)
