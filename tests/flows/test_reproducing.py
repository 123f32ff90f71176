"""An earlier run computed again: the same bytes are called so, and what differs is named."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from escgan.errors import ConfigError
from storage.manifest import Manifest
from storage.store import Store
from tasks.ledger import find_run, note_run
from tasks.reproduction import changed_versions, compare, find_earlier, take_features


@pytest.fixture
def report(finished):
    root, _ = finished
    ref = find_run(Store(root), "small").report
    return root / "artifacts" / ref.stage / ref.key


def test_from_the_files_every_result_has_the_same_bytes(escgan, prefect_api, finished, cohort):
    code, said, errors = escgan("reproduce", "small", "--root", finished[0], "--data", cohort, "--device", "cpu")
    assert code == 0, errors
    assert "The packages that results depend on have the same versions here." in said
    assert "Reproduced: all 24 results have the same bytes." in said
    for stage, n in {"ingest": 4, "features": 4, "train": 4, "augment": 4, "evaluate": 8}.items():
        assert [stage, str(n), str(n)] in [line.split() for line in said.splitlines()]


def test_from_the_stored_features_no_file_is_needed_and_the_store_is_left_as_it_was(
    escgan, prefect_api, store_copy, tmp_path
):
    before = {path: path.stat().st_mtime_ns for path in store_copy.glob("artifacts/**/*")}
    kept = tmp_path / "kept"
    code, said, errors = escgan("reproduce", "small", "--root", store_copy, "--device", "cpu", "--keep", kept)
    assert code == 0 and "Reproduced: the 16 results that were computed anew have the same bytes." in said, errors
    assert "8 results of 24 stood in the store before and were reused, not computed: ingest 4, features 4." in said
    assert ["ingest", "4", "0", "4"] in [line.split() for line in said.splitlines()]
    assert {path: path.stat().st_mtime_ns for path in store_copy.glob("artifacts/**/*")} == before
    assert len(Store(kept).list("evaluate")) == 8


@pytest.mark.parametrize("named", ["name", "manifest"])
def test_the_runs_own_store_is_refused_by_whatever_path(
    escgan, prefect_api, store_copy, cohort, tmp_path, named, monkeypatch
):
    (tmp_path / "link").symlink_to(store_copy)
    monkeypatch.chdir(tmp_path)
    before = sorted(store_copy.rglob("*"))
    run = "small" if named == "name" else next((store_copy / "artifacts" / "report").iterdir())
    for keep in (store_copy, tmp_path / "link", store_copy.name):
        code, said, errors = escgan("reproduce", run, "--root", store_copy, "--data", cohort, "--keep", keep)
        assert (code, said) == (2, "") and f"--keep '{keep}' is the store that holds '{run}'" in errors
    assert sorted(store_copy.rglob("*")) == before


def test_a_store_that_holds_all_results_reproduces_nothing(escgan, prefect_api, finished, store_copy, cohort):
    for data in ((), ("--data", cohort)):
        code, said, errors = escgan("reproduce", "small", "--root", finished[0], "--keep", store_copy, *data)
        assert code == 6 and "Reproduced" not in said, errors
        assert "Nothing was computed: the store held all 24 results before; give --keep an empty folder" in said
    code, said, _ = escgan("reproduce", "small", "--root", finished[0], "--keep", store_copy, "--json")
    told = json.loads(said)
    assert (code, told["reproduced"], told["reused"]) == (6, False, 24)
    assert [stage["equal"] for stage in told["stages"]] == [0] * 5


def test_a_reproduction_that_was_stopped_goes_on_and_says_what_it_had(escgan, prefect_api, finished, cohort, tmp_path):
    again = (
        "reproduce",
        "small",
        "--root",
        finished[0],
        "--data",
        cohort,
        "--device",
        "cpu",
        "--keep",
        tmp_path / "kept",
    )
    assert escgan(*again)[0] == 0
    gone, damaged, *_ = sorted((tmp_path / "kept" / "artifacts" / "evaluate").iterdir())
    shutil.rmtree(gone)
    (damaged / "scores.parquet").write_bytes(b"cut")
    shutil.rmtree(tmp_path / "kept" / "artifacts" / "report")
    code, said, errors = escgan(*again)
    assert code == 0 and "Reproduced: the 2 results that were computed anew have the same bytes." in said, errors
    assert "22 results of 24 stood in the store before and were reused, not computed: ingest 4, " in said
    assert ["evaluate", "8", "2", "6"] in [line.split() for line in said.splitlines()]


def test_a_manifest_suffices_where_the_files_are_given(escgan, prefect_api, report, cohort, tmp_path, monkeypatch):
    shutil.copy(report / "manifest.json", tmp_path)
    monkeypatch.chdir(tmp_path)
    code, said, errors = escgan("reproduce", "manifest.json", "--data", cohort, "--device", "cpu")
    assert code == 0 and "Reproduced: all 24 results" in said, errors
    code, _, errors = escgan("reproduce", "manifest.json")
    assert code == 2 and "A manifest alone holds no recording of 'small': give the corpus' files" in errors


def test_other_files_are_told_by_stage_and_recording_with_the_scores_distance(
    escgan, prefect_api, finished, five_subjects, cohort, tmp_path
):
    data = shutil.copytree(cohort, tmp_path / "data")
    shutil.copy(five_subjects / "s05.dat", data / "s04.dat")
    code, said, _ = escgan("reproduce", "small", "--root", finished[0], "--data", data, "--device", "cpu")
    assert code == 6
    assert "Not the same bytes: they differ from stage 'ingest' on (sub-04)" in said
    assert "scores differ by at most 0." in said or "scores differ by at most 1" in said


def altered(report, tmp_path, **changes):
    """A report's manifest with other content, sealed again."""
    made = replace(Manifest.read(report / "manifest.json"), **changes)
    made.write(tmp_path / "manifest.json")
    return find_earlier(None, str(tmp_path))


def test_packages_that_have_other_versions_are_named(report, tmp_path):
    known = Manifest.read(report / "manifest.json")
    earlier = altered(report, tmp_path, versions={**known.versions, "numpy": "1.0.0"})
    assert changed_versions(earlier.manifest) == {"numpy": ("1.0.0", known.versions["numpy"])}


def test_fewer_results_are_no_reproduction(report, finished, tmp_path):
    inputs = Manifest.read(report / "manifest.json").inputs
    earlier = altered(report, tmp_path, inputs=[*inputs, inputs[-1]])
    store = Store(finished[0])
    found = compare(earlier, store, find_run(store, "small").report, {})
    assert not found.reproduced
    assert [stage.different for stage in found.stages if stage.different] == [("one that is not there any more",)]


def test_a_manifest_of_another_stage_or_with_a_changed_byte_is_refused(finished, report, tmp_path):
    scores = next((finished[0] / "artifacts" / "evaluate").iterdir())
    with pytest.raises(ConfigError, match="result of stage 'evaluate': give a report's manifest"):
        find_earlier(None, str(scores))
    text = (report / "manifest.json").read_text()
    (tmp_path / "manifest.json").write_text(text.replace('"logistic"', '"lda"', 1))
    with pytest.raises(Exception, match="differs from its own digest"):
        find_earlier(None, str(tmp_path / "manifest.json"))


def test_a_setting_that_this_version_does_not_know_is_named(report, tmp_path):
    config = json.loads(json.dumps(Manifest.read(report / "manifest.json").config))
    config["config"]["augmenter"] = []
    with pytest.raises(ConfigError, match="In the report of 'small': there is no setting 'augmenter'"):
        _ = altered(report, tmp_path, config=config).config


def test_a_run_without_a_report_or_that_nobody_knows_is_refused(store_copy):
    store = Store(store_copy)
    record = find_run(store, "small")
    note_run(store, record.model_copy(update={"id": "f" * 8, "name": "stopped", "report": None}))
    # Whoever asks: reproduce, compare and open_run alike.
    with pytest.raises(ConfigError, match=r"'stopped' did not come to its report, which holds .* scores: run it again"):
        find_earlier(store, "stopped")
    with pytest.raises(ConfigError, match="No run 'nobody' is known"):
        find_earlier(store, "nobody")
    with pytest.raises(ConfigError, match="give --root"):
        find_earlier(None, "nobody")


def test_a_folder_that_has_a_runs_name_is_not_taken_for_its_manifest(escgan, finished, report, tmp_path, monkeypatch):
    (tmp_path / "small").mkdir()
    monkeypatch.chdir(tmp_path)
    code, said, errors = escgan("compare", "small", report, "--root", finished[0])
    assert code == 0 and "Both have the same settings and versions." in said, errors


def test_copied_features_are_the_same_content(store_copy, tmp_path):
    source, target = Store(store_copy), Store(tmp_path / "target")
    record = find_run(source, "small")
    take_features(source, target, record)
    assert [entry.features for entry in record.recordings] == [
        target.find("features", entry.features.key) for entry in record.recordings
    ]
    assert find_run(target, "small").id == record.id
