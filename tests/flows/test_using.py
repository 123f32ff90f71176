"""Runs that start from what an earlier run measured, without its files."""

from __future__ import annotations

import shutil

import pytest

from escgan.config import parse_config
from escgan.errors import ConfigError
from flows.names import StageName
from storage.errors import ArtifactMissing
from storage.store import Store
from tasks.ledger import RunRecord, find_run, known_runs, note_run
from tests.flows.conftest import SMALL, computed

EVALUATE = StageName.EVALUATE


def test_a_run_is_noted_with_its_recordings_its_report_and_its_verdict(finished):
    root, outcome = finished
    record = find_run(Store(root), "small")
    assert record.id == outcome.run
    assert [entry.name for entry in record.recordings] == ["sub-01", "sub-02", "sub-03", "sub-04"]
    assert record.report == next(m.ref for m in Store(root).list("report")) and record.verdict == outcome.verdict[0]


@pytest.mark.parametrize("by", ["name", "id", "report", "beginnings"])
def test_a_stage_is_rerun_from_an_earlier_run_without_any_file(small, store_copy, finished, by):
    _, outcome = finished
    key = find_run(Store(store_copy), "small").report.key
    address = {"name": "small", "id": outcome.run, "report": f"report/{key}", "beginnings": key[:6]}[by]
    again = small(store_copy, None, {"classifiers": ["lda"]}, only=EVALUATE, using=address)
    assert computed(again) == {"evaluate": 8} and again.tally.reused["ingest"] == again.tally.reused["features"] == 4
    with_files = Store(store_copy).list("evaluate")
    assert len(with_files) == 16 and set(again.scores["classifier"]) == {"lda"}


def test_with_the_same_configuration_nothing_is_computed_and_the_report_is_the_same(small, store_copy, finished):
    _, outcome = finished
    again = small(store_copy, None, using="small")
    assert computed(again) == {} and again.report.read_bytes() == outcome.report.read_bytes()
    assert again.run != outcome.run and len(known_runs(Store(store_copy))) == 2
    assert find_run(Store(store_copy), "small").id == again.run


def test_some_subjects_of_an_earlier_run_are_used(small, store_copy):
    some = small(store_copy, None, {"subjects": ["01", "02", "03"]}, using="small")
    assert sorted(some.scores["subject"].unique()) == ["01", "02", "03"] and some.tally.reused["features"] == 3
    with pytest.raises(ConfigError, match=r"no subject 77 in run 'small': it holds 01, 02"):
        small(store_copy, None, {"subjects": ["77"]}, using="small")


@pytest.mark.parametrize(
    "changes",
    [
        {"features": {"window_s": 2.0}},
        {"preprocessing": [{"kind": "resample", "sfreq_hz": 64}]},
        {"dataset": {"kind": "deap", "n_trials": 5}},
    ],
)
def test_features_that_were_measured_otherwise_are_refused(small, store_copy, changes):
    with pytest.raises(ConfigError, match="measured sub-01 otherwise than this configuration"):
        small(store_copy, None, changes, using="small")


@pytest.mark.parametrize("stage", ["ingest", "features"])
def test_what_the_earlier_run_used_must_be_there_whole(small, store_copy, stage):
    manifest = Store(store_copy).list(stage)[0]
    path = store_copy / "artifacts" / stage / manifest.key
    (path / next(iter(manifest.files))).write_bytes(b"rubbish")
    with pytest.raises(
        ArtifactMissing, match=rf"Stage '{stage}' of {manifest.unit}, which run 'small' used, .* bytes.*--data"
    ):
        small(store_copy, None, using="small")
    shutil.rmtree(path)
    with pytest.raises(ArtifactMissing, match=r"no artifact\).*--data in place of --using"):
        small(store_copy, None, using="small")


@pytest.mark.parametrize("options, told", [
    ({"only": StageName.FEATURES}, "--using takes what features makes"),
    ({"start": StageName.INGEST}, "--using takes what ingest makes"),
    ({"refresh": (StageName.INGEST,)}, "--using takes what ingest makes"),
    ({"data": True}, "give one of them"),
])  # fmt: skip
def test_contradictions_are_refused(small, store_copy, cohort, options, told):
    data = cohort if options.pop("data", None) else None
    with pytest.raises(ConfigError, match=told):
        small(store_copy, data, using="small", **options)


def test_a_run_that_is_unknown_or_not_one_is_told_with_those_that_are_known(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(ConfigError, match="it knows none yet"):
        find_run(store, "demo")
    for id, name in (("abcd1111-0", "demo"), ("abcd2222-0", "demo"), ("ffff3333-0", "eegmat")):
        note_run(store, RunRecord(id=id, name=name, recordings=()))
    assert find_run(store, "demo").id == "abcd2222-0" and find_run(store, "abcd1").id == "abcd1111-0"
    with pytest.raises(ConfigError, match=r"Several runs .* begin with 'abcd': give more"):
        find_run(store, "abcd")
    for unknown in ("nosuch", "ff", ""):
        with pytest.raises(ConfigError, match="it knows runs of demo, eegmat; see `escgan runs`"):
            find_run(store, unknown)
    store.runs.write("eeee4444-0", "{damaged")
    assert len(known_runs(store)) == 3


def test_the_command_lists_runs_and_uses_one(escgan, store_copy, tmp_path, prefect_api):
    code, said, _ = escgan("runs", "--root", store_copy)
    record = find_run(Store(store_copy), "small")
    assert code == 0 and record.id[:8] in said and record.report.key[:12] in said and "1 run in" in said
    path = tmp_path / "small.yaml"
    path.write_text(parse_config(SMALL | {"classifiers": ["lda"]}).to_yaml())
    code, said, told = escgan(
        "run", path, "--root", store_copy, "--only", "evaluate", "--using", record.id[:8], "--device", "cpu"
    )
    assert code == 0 and "Computed 8 results (evaluate 8), reused 17" in said, told
    code, _, told = escgan("run", path, "--root", store_copy, "--using", "nosuch")
    assert code == 2 and told.strip().endswith("see `escgan runs`.")
