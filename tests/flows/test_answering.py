"""What commands answer to a script: one JSON document of the shape that docs/json.md describes, and nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from escgan.config import load_config, parse_config
from escgan.datasets import DATASETS
from flows.answering import print_document
from tests.flows.conftest import SMALL

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "json.md"


@pytest.fixture
def answer(escgan):
    """Run a command with --json: ``answer("runs")`` gives its exit code and its document."""

    def run(*arguments):
        code, said, errors = escgan(*arguments, "--json")
        assert "Traceback" not in errors
        return code, json.loads(said)

    return run


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(SMALL))
    return path


def documented(command):
    """The keys that the page names for a command, in its table's second column, outside of brackets."""
    row = next(line for line in PAGE.read_text().splitlines() if line.startswith(f"| `{command}`"))
    outside = re.sub(r"\([^()]*\)", "", row.split("|")[2])
    return re.findall(r"`(\w+)`", outside)


def test_a_run_answers_its_scores_verdict_counts_and_report(answer, prefect_api, store_copy, cohort, config, finished):
    code, told = answer("run", config, "--data", cohort, "--root", store_copy, "--device", "cpu")
    assert code == 0 and list(told) == documented("run")
    assert sum(told["computed"].values()) == 0 and sum(told["reused"].values()) == 26
    outcome = finished[1]
    assert tuple(told["verdict"]) == outcome.verdict and Path(told["report"]).read_text().startswith("<!DOCTYPE html>")
    expected = outcome.scores[["subject", "augmenter", "balanced_accuracy"]].to_dict("records")
    assert [{name: row[name] for name in expected[0]} for row in told["scores"]] == expected
    assert {row["augmenter"] for row in told["comparisons"]} == {"escgan"}
    code, told = answer("run", config, "--root", store_copy, "--data", cohort, "--only", "features")
    assert code == 0 and told["report"] is None and told["scores"] == []


def test_a_study_answers_its_table_and_findings(answer, prefect_api, store_copy, cohort, config):
    code, told = answer("study", "balance", config, "--data", cohort, "--root", store_copy, "--device", "cpu")
    assert code == 0 and list(told) == documented("study")
    assert told["study"] == "balance" and told["found"] and told["table"] and Path(told["page"]).is_file()


def test_reproducing_answers_which_results_have_the_same_bytes(answer, prefect_api, store_copy):
    code, told = answer("reproduce", "small", "--root", store_copy, "--device", "cpu")
    assert (code, list(told), told["reproduced"], told["versions"]) == (0, documented("reproduce"), True, [])
    counts = {row["stage"]: (row["results"], row["equal"], row["reused"]) for row in told["stages"]}
    assert counts["evaluate"] == (8, 8, 0) and counts["features"] == (4, 0, 4) and told["reused"] == 8


def test_a_comparison_of_two_runs_answers_their_scores(answer, finished):
    (report,) = (finished[0] / "artifacts" / "report").iterdir()
    code, told = answer("compare", report, report)
    assert (code, list(told), told["settings"]) == (0, documented("compare"), [])
    assert all(row["difference"] == 0 for row in told["scores"])


def test_a_profile_answers_a_line_a_stage_and_part(answer, finished):
    code, told = answer("profile", "small", "--root", finished[0])
    assert code == 0 and list(told) == documented("profile")
    assert {line["name"]: line["units"] for line in told["lines"] if line["depth"] == 0}["evaluate"] == 8


def test_the_runs_are_answered_with_their_ids_and_recordings(answer, finished):
    code, told = answer("runs", "--root", finished[0])
    assert code == 0 and list(told) == documented("runs")
    (run,) = told["runs"]
    assert (run["id"], run["name"], len(run["recordings"])) == (finished[1].run, "small", 4)


def test_one_run_is_answered_with_its_page_and_a_configuration_that_runs_it_again(answer, escgan, finished, tmp_path):
    root, outcome = finished
    code, told = answer("runs", outcome.run, "--root", root)
    assert code == 0 and list(told) == documented("runs RUN")
    assert Path(told["run"]["page"]).read_bytes() == outcome.report.read_bytes()
    code, said, _ = escgan("runs", "small", "--root", root)
    (tmp_path / "again.yaml").write_text(said)
    again = load_config(tmp_path / "again.yaml")
    assert again == parse_config(SMALL) == parse_config(told["run"]["config"])
    assert f"# run {outcome.run[:8]} of small, begun " in said and f"# report: {told['run']['page']}" in said
    code, _, errors = escgan("runs", "nobody", "--root", root)
    assert code == 2 and "No run 'nobody' is known" in errors


def test_artifacts_are_answered_shown_and_verified(answer, store_copy):
    code, told = answer("artifacts", "list", "--root", store_copy, "--stage", "features")
    assert code == 0 and list(told) == documented("artifacts list") and len(told["artifacts"]) == 4
    first = told["artifacts"][0]
    code, shown = answer("artifacts", "show", first["key"], "--root", store_copy)
    assert code == 0 and shown["artifacts"][0]["digest"] == first["digest"]
    assert list(shown) == documented("artifacts show")
    file = Path(shown["artifacts"][0]["folder"]) / "features.h5"
    assert answer("artifacts", "verify", "--root", store_copy) == (0, {"checked": 26, "damaged": []})
    file.write_bytes(file.read_bytes()[:-1])
    code, told = answer("artifacts", "verify", "--root", store_copy)
    assert code == 4 and list(told) == documented("artifacts verify")
    assert [row["key"] for row in told["damaged"]] == [first["key"]]


def test_corpora_are_answered_all_or_one_with_its_options(answer):
    code, told = answer("datasets")
    assert code == 0 and list(told) == documented("datasets")
    assert [row["kind"] for row in told["datasets"]] == list(DATASETS)
    code, one = answer("datasets", "deap")
    assert code == 0 and one["options"]["n_trials"]["default"] == 40 and one["usual"]["features"]
    assert one.items() >= told["datasets"][list(DATASETS).index("deap")].items()


def test_an_inspection_answers_each_recording_and_its_problem(answer, cohort, config, tmp_path):
    folder = shutil.copytree(cohort, tmp_path / "cohort")
    (folder / "truth.json").unlink(missing_ok=True)
    (folder / "s02.dat").write_bytes(b"cut")
    code, told = answer("inspect", folder, "--config", config)
    assert code == 3 and list(told) == documented("inspect") and not told["sound"]
    problems = {row["name"]: row["problem"] is None for row in told["recordings"]}
    assert problems["sub-02"] is False and told["recordings"][0]["sfreq_hz"] == 128


def test_doctor_answers_its_findings(answer, tmp_path):
    code, told = answer("doctor", "--root", tmp_path)
    assert list(told) == documented("doctor") and told["sound"] is (code == 0)
    assert {"what", "state", "said", "remedy"} == set(told["findings"][0])


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["runs", "--root", "nowhere"], 2, "There is no store at 'nowhere'"),
        (["run"], 2, "Missing argument"),
        (["fetch", "eegmat", "--what"], 2, "No such option"),
        (["inspect", "nowhere"], 3, "does not exist"),
    ],
)
def test_what_cannot_be_done_is_answered_by_the_sentence_and_the_exit_code(escgan, arguments, code, said):
    got, out, err = escgan(*arguments, "--json")
    error = json.loads(out)["error"]
    assert (got, error["exit_code"]) == (code, code)
    assert said in error["message"] and said in err and "Traceback" not in err


def test_a_defect_of_a_run_is_answered_too(escgan, prefect_api, config, cohort, tmp_path, monkeypatch):
    def broken(*_, **__):
        raise KeyError("spam")

    monkeypatch.setattr("flows.pipeline.pipeline", broken)
    code, out, err = escgan("run", config, "--data", cohort, "--root", tmp_path / "store", "--json")
    error = json.loads(out)["error"]
    assert code == error["exit_code"] == 1 and "unexpected KeyError: 'spam'" in error["message"]
    assert "details in" in err and list((tmp_path / "store" / "logs").glob("*.log"))


def test_what_a_library_prints_while_a_run_works_stays_off_the_answer(
    escgan, prefect_api, config, cohort, store_copy, monkeypatch
):
    from flows.fan import Tally
    from flows.pipeline import Outcome, pipeline

    def chatting(*_, **__):
        print("spam")
        return Outcome(Tally())

    monkeypatch.setattr("flows.pipeline.pipeline", chatting)
    assert pipeline is not chatting
    code, out, err = escgan("run", config, "--data", cohort, "--root", store_copy, "--json")
    assert code == 0 and json.loads(out)["scores"] == [] and "spam" in err


def test_a_name_that_is_no_utf_8_is_answered_so_that_a_script_finds_the_file(capsys):
    print_document({"file": os.fsdecode(b"caf\xe9.txt"), "title": "Café"})
    said = capsys.readouterr().out
    assert said.encode() and "Café" in said
    assert os.fsencode(json.loads(said)["file"]) == b"caf\xe9.txt"


@pytest.mark.parametrize("encoding", ["utf-8:strict", "latin-1", "ascii"])
def test_what_a_terminal_cannot_show_is_printed_by_number_instead_of_ending_the_command(encoding, cohort, tmp_path):
    for path in cohort.iterdir():
        shutil.copy(path, tmp_path)
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9 \xe2\x80\xa2.txt")).touch()
    ended = subprocess.run(
        [sys.executable, "-m", "flows.cli", "inspect", tmp_path, "--names-only"],
        env=os.environ | {"PYTHONIOENCODING": encoding}, cwd=REPOSITORY, capture_output=True, timeout=120,
    )  # fmt: skip
    bullet = "•".encode() if encoding.startswith("utf") else rb"\u2022"
    assert ended.returncode == 0 and rb"caf\udce9 " + bullet + b".txt." in ended.stdout, ended.stderr.decode()
