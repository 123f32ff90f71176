import io
import json
import subprocess
import sys

import pytest
from rich.console import Console

from escgan.config import parse_config
from flows.closing import print_outcome
from flows.environment import prepare_prefect
from flows.pipeline import Outcome
from storage.store import Store
from tasks.cases import unit_of
from tests.flows.conftest import SMALL


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run", "nowhere.yaml"], 2, "Configuration 'nowhere.yaml' cannot be read"),
        (["run", "configs/eegmat.yaml", "--only", "trian"], 2, "is not one of 'ingest'"),
        (["run", "configs/eegmat.yaml", "--only", "train", "--refresh", "ingest"], 2, "contradicts --only train"),
        (["artifacts", "list", "--root", "nowhere"], 2, "There is no store at 'nowhere'"),
        (["runs", "--root", "a" * 300], 2, "There is no store at 'aaa"),
        (["compare", "a" * 300, "b", "--root", "nowhere"], 2, "There is no store at 'nowhere'"),
        (["runs", "--root", "README.md"], 2, "'README.md' is a file, no store: say where it is with --root"),
    ],
)
def test_wrong_use_ends_in_one_sentence_and_its_exit_code(escgan, arguments, code, said):
    got, _, err = escgan(*arguments)
    assert got == code and said in err and "Traceback" not in err


def test_a_failing_run_tells_one_sentence_and_exits_by_kind_without_a_traceback(tmp_path):
    """In a process of its own: a missing data folder is a matter of recordings, so the code is 3."""
    command = [sys.executable, "-m", "flows.cli", "run", "configs/eegmat.yaml"]
    done = subprocess.run(
        [*command, "--data", str(tmp_path / "none"), "--root", str(tmp_path / "store")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("escgan: The data folder") and "Traceback" not in done.stderr


def test_a_file_in_place_of_the_store_is_one_sentence(escgan, tmp_path):
    (tmp_path / "store").write_text("not a folder")
    code, _, err = escgan("run", "configs/eegmat.yaml", "--data", tmp_path, "--root", tmp_path / "store")
    assert code == 4 and "Traceback" not in err and err.count("\n") <= 2


def test_artifacts_are_listed_shown_verified_and_removed(escgan, store_copy):
    code, out, _ = escgan("artifacts", "list", "--root", store_copy, "--stage", "features")
    assert code == 0 and out.count("features") == 4 and "4 artifacts" in out

    manifest = Store(store_copy).list("features")[0]
    code, out, _ = escgan("artifacts", "show", manifest.key[:10], "--root", store_copy)
    shown = json.loads(out[: out.rindex("folder:")])
    assert (code, shown["unit"], shown["digest"]) == (0, manifest.unit, manifest.digest)

    assert escgan("artifacts", "verify", "--root", store_copy)[:2] == (0, "26 artifacts checked, 0 damaged.\n")
    path = store_copy / "artifacts" / "features" / manifest.key / "features.h5"
    path.write_bytes(path.read_bytes()[:-1])
    code, out, _ = escgan("artifacts", "verify", "--root", store_copy)
    assert code == 4 and f"features/{manifest.key}: features.h5 has" in out and "1 damaged" in out
    (path.parent / "manifest.json").write_text("{}")
    assert "1 damaged" in escgan("artifacts", "verify", "--root", store_copy)[1]

    victim = Store(store_copy).list("report")[0]
    code, out, _ = escgan("artifacts", "remove", f"report/{victim.key[:8]}", "--yes", "--root", store_copy)
    assert code == 0 and "Removed 1 artifact(s)" in out
    assert Store(store_copy).list("report") == []


@pytest.mark.parametrize("content", ["{}", None], ids=["damaged", "gone"])
def test_an_artifact_whose_manifest_is_damaged_or_gone_is_verified_and_removed_by_its_key(escgan, store_copy, content):
    path = next((store_copy / "artifacts" / "features").iterdir())
    (path / "manifest.json").unlink()
    if content is not None:
        (path / "manifest.json").write_text(content)
    named = f"features/{path.name[:8]}"
    code, out, _ = escgan("artifacts", "verify", path.name[:8], "--root", store_copy)
    assert code == 4 and f"features/{path.name}: manifest.json is " in out and "1 artifacts checked, 1 damaged" in out
    for command in (["artifacts", "show"], ["profile"]):
        code, _, err = escgan(*command, named, "--root", store_copy)
        assert code == 4 and f"The manifest of features/{path.name} is damaged or gone" in err
    code, out, _ = escgan("artifacts", "remove", named, "--yes", "--root", store_copy)
    assert code == 0 and "without a sound manifest" in out and "Removed 1 artifact(s)" in out and not path.exists()


@pytest.mark.parametrize("act", [["show"], ["verify"], ["remove", "--yes"]], ids=lambda act: act[0])
def test_what_is_no_beginning_of_a_key_is_refused_and_nothing_is_touched(escgan, store_copy, act):
    before = sorted(path.name for path in store_copy.glob("artifacts/*/*"))
    three = Store(store_copy).list("report")[0].key[:3]
    for given in ("", "report/", "/", "feature", three, f"report/{three}"):
        code, out, err = escgan("artifacts", act[0], given, *act[1:], "--root", store_copy)
        assert (code, out) == (2, "") and f"'{given}' does not name an artifact: give at least 4 digits" in err
    assert sorted(path.name for path in store_copy.glob("artifacts/*/*")) == before


def test_a_stage_that_there_is_not_is_refused_and_one_without_results_is_listed_empty(escgan, store_copy):
    code, out, err = escgan("artifacts", "list", "--stage", "trian", "--root", store_copy)
    assert (code, out) == (2, "") and "There is no stage 'trian': expected one of ingest, features, separation" in err
    assert "(did you mean 'train'?)" in err
    for stage, n in (("separation", 1), ("study", 0)):
        code, out, _ = escgan("artifacts", "list", "--stage", stage, "--root", store_copy)
        assert code == 0 and f"{n} artifacts" in out


def test_an_unknown_key_says_where_to_look(escgan, store_copy):
    code, _, err = escgan("artifacts", "show", "ffffffffffff", "--root", store_copy)
    assert code == 4 and "see `escgan artifacts list`" in err


def test_the_closing_words_give_table_verdict_counts_and_report(finished):
    console = Console(file=io.StringIO(), width=140)
    outcome = finished[1]
    print_outcome(console, parse_config(SMALL), outcome)
    text = console.file.getvalue()
    assert "small: 4 subjects, leave one subject out" in text and "Transductive" in text
    row = next(line for line in text.splitlines() if "escgan" in line and "logistic" in line)
    mean = outcome.scores.query("augmenter == 'escgan'").groupby("subject")["balanced_accuracy"].mean().mean()
    assert f"{mean:.3f}" in row and "undecided" in row
    assert outcome.verdict[0] in text and "Computed 26 results" in text and str(outcome.report) in text


def test_what_was_left_out_is_said_with_its_reason(finished):
    console = Console(file=io.StringIO(), width=140)
    print_outcome(console, parse_config(SMALL), Outcome(finished[1].tally, left_out=(("sub-02", "the file is cut."),)))
    assert "Left out: sub-02: the file is cut." in console.file.getvalue()


def test_prefect_keeps_its_records_in_the_store_unless_an_api_is_configured(tmp_path, monkeypatch):
    monkeypatch.setattr("os.environ", environment := {})
    prepare_prefect(tmp_path / "new" / "store")
    assert environment["PREFECT_HOME"] == str(tmp_path / "new" / "store" / "prefect")
    assert (tmp_path / "new" / "store" / "prefect").stat().st_mode & 0o777 == 0o700
    monkeypatch.setattr("os.environ", other := {"PREFECT_API_URL": "http://127.0.0.1:4200/api", "DO_NOT_TRACK": "0"})
    prepare_prefect(tmp_path)
    assert "PREFECT_HOME" not in other and other["DO_NOT_TRACK"] == "0"


@pytest.mark.parametrize(("name", "subject", "session"), [("sub-03", "03", "1"), ("sub-03_ses-2", "03", "2")])
def test_a_recordings_name_leads_back_to_its_subject_and_session(name, subject, session):
    unit = unit_of(name)
    assert (unit.subject, unit.session) == (subject, session)
