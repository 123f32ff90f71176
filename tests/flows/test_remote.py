"""The whole pipeline on a store in S3, shared by two machines."""

from __future__ import annotations

import pytest

from flows.names import StageName
from storage.remote_store import CACHE, RemoteStore
from storage.store import Store
from tests.flows.conftest import computed


@pytest.fixture
def machine(tmp_path, monkeypatch):
    return lambda name: monkeypatch.setenv(CACHE, str(tmp_path / name))


def test_a_run_on_a_bucket_equals_one_on_a_disk_and_another_machine_goes_on_from_it(
    small, bucket, machine, cohort, finished
):
    disk, on_disk = finished
    url = f"s3://{bucket}/some store"
    machine("a")
    outcome = small(url, cohort)
    assert computed(outcome) == computed(on_disk) and outcome.verdict == on_disk.verdict
    assert outcome.shared == f"{url}/reports/small.html"
    remote = RemoteStore(url)
    for stage in ("ingest", "features", "train", "augment", "evaluate"):
        assert {m.unit: m.digest for m in remote.list(stage)} == {m.unit: m.digest for m in Store(disk).list(stage)}
    machine("b")
    again = small(url, cohort)
    assert computed(again) == {} and again.report.read_bytes() == outcome.report.read_bytes()
    machine("c")
    other = small(url, None, {"classifiers": ["lda"]}, only=StageName.EVALUATE, using="small")
    assert computed(other) == {"evaluate": 8}


def test_the_commands_look_into_a_bucket(escgan, bucket, machine):
    machine("a")
    url = f"s3://{bucket}/store"
    code, _, told = escgan("artifacts", "list", "--root", url)
    assert code == 2 and f"There is no store at '{url}'" in told
    store = RemoteStore(url)
    with store.create("features", "abcdef0123", unit="sub-01") as draft:
        draft.file("features.h5").write_bytes(b"x" * 2_000_000)
    code, said, _ = escgan("artifacts", "list", "--root", url)
    assert code == 0 and "sub-01" in said and "1 artifacts, 2.0 MB" in said
    code, said, _ = escgan("artifacts", "verify", "--root", url)
    assert code == 0 and "1 artifacts checked, 0 damaged." in said
    code, said, _ = escgan("artifacts", "remove", "abcdef", "--yes", "--root", url)
    assert code == 0 and RemoteStore(url).list() == []
