"""What would stop a run is found before one begins."""

from __future__ import annotations

import json

import pytest

from flows import doctor
from flows.doctor import EXTRAS, examine, unmet


@pytest.fixture
def found(monkeypatch, tmp_path):
    monkeypatch.delenv("PREFECT_API_URL", raising=False)

    def look(root=tmp_path / "store"):
        return {finding.what: finding for finding in examine(str(root))}

    return look


def test_everything_is_looked_at_and_what_is_installed_here_serves(found):
    findings = found()
    assert list(findings) == [
        "Python", "packages", *(f"[{name}]" for name in EXTRAS), "device", "memory", "store", "disk", "Prefect server",
    ]  # fmt: skip
    assert findings["packages"].state == findings["[preprocessing]"].state == findings["store"].state == "ok"


def test_a_package_of_another_version_or_that_is_absent_is_named(monkeypatch, found):
    real = doctor.version

    def installed(name):
        if name == "torch":
            raise doctor.PackageNotFoundError
        return "1.0" if name == "numpy" else real(name)

    monkeypatch.setattr(doctor, "version", installed)
    finding = found()["packages"]
    assert finding.state == "problem"
    assert "torch is not installed" in finding.said and "numpy 1.0 is installed, >=2.2 is needed" in finding.said


def test_an_extra_is_held_against_its_own_packages_alone(monkeypatch):
    real = doctor.version

    def installed(name):
        if name in ("pyprep", "s3fs"):
            raise doctor.PackageNotFoundError
        return real(name)

    monkeypatch.setattr(doctor, "version", installed)
    assert unmet("preprocessing") == ["pyprep is not installed"] and unmet("s3") == ["s3fs is not installed"]
    assert unmet("") == unmet("dask") == []


def test_a_card_that_torch_cannot_use_is_a_problem(monkeypatch, found):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    assert found()["device"].state == "note"
    monkeypatch.setattr(doctor.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert found()["device"].state == "problem" and "finds no card" in found()["device"].said


def test_little_memory_or_a_full_disk_is_a_problem(monkeypatch, found):
    monkeypatch.setattr("tasks.training_windows.free_memory", lambda: 2**30)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: doctor.shutil._ntuple_diskusage(10, 9, 1))
    findings = found()
    assert findings["memory"].state == findings["disk"].state == "problem"


def test_a_store_is_counted_and_a_file_in_its_place_refused(found, finished, tmp_path):
    assert f"{len(list(finished[0].glob('artifacts/*/*')))} artifacts" in found(finished[0])["store"].said
    (tmp_path / "file").write_text("")
    assert found(tmp_path / "file" / "store")["store"].said == f"{tmp_path / 'file'} is a file"
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("address", ["file://{}/store", "local://{}/store", "~/store"])
def test_a_store_that_is_not_there_is_not_made_by_looking(found, address, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert found(address.format(tmp_path))["store"].said == f"{tmp_path / 'store'} will be made"
    assert not (tmp_path / "store").exists()


def test_a_store_in_a_bucket_is_not_made_by_looking_either(found, bucket, tmp_path, monkeypatch):
    from storage.opening import open_store, store_exists
    from storage.remote_store import CACHE

    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    url = f"s3://{bucket}/store"
    assert found(url)["store"].said == f"{url} will be made" and not store_exists(url)
    open_store(url)
    assert found(url)["store"].said == f"{url}, 0 artifacts"


def test_a_store_of_too_long_a_name_is_a_problem(found, tmp_path):
    finding = found(tmp_path / ("a" * 300) / "store")["store"]
    assert finding.state == "problem" and "has too long a name" in finding.said


def test_a_server_that_is_configured_is_asked(one_answer, monkeypatch, tmp_path):
    url, answer = one_answer
    monkeypatch.setenv("PREFECT_API_URL", url)
    for status, state, said in ((200, "ok", f"{url} answers"), (401, "problem", f"{url} asks for a password")):
        answer(status)
        finding = next(each for each in examine(str(tmp_path)) if each.what == "Prefect server")
        assert finding.state == state and finding.said == said


def test_a_server_that_does_not_answer_is_a_problem_and_the_command_says_so(escgan, monkeypatch, tmp_path):
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    code, said, _ = escgan("doctor", "--root", tmp_path)
    assert (
        code == 2
        and "problem  Prefect server: http://127.0.0.1:9/api does not answer (ConnectError) -> start it" in said
    )
    code, said, _ = escgan("doctor", "--root", tmp_path, "--json")
    assert code == 2 and {"ok", "problem"} <= {finding["state"] for finding in json.loads(said)["findings"]}
