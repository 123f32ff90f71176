"""What people named is printed as they named it, also where it looks like the markup of a terminal's text."""

from __future__ import annotations

import pandas as pd
import pytest

from escgan.config import parse_config
from flows.closing import print_outcome, print_study
from flows.console import answer_console
from flows.fan import Tally
from flows.pipeline import Outcome
from flows.profiling import print_profile
from flows.reproducing import print_comparison
from flows.study import StudyOutcome
from storage.store import Store
from tasks.reproduction import Comparison, StageComparison
from tests.flows.conftest import SMALL

# A style, the end of one that never began, a picture by its name, and what would undo an escape.
NAMES = ["st[bold]", "s[/x]2", "s:smile:3", "s\\[red]4\\"]
bracketed = pytest.mark.parametrize("name", NAMES)


@bracketed
def test_a_run_tells_its_verdict_and_where_its_report_is(capsys, finished, name):
    outcome = Outcome(
        finished[1].tally,
        scores=finished[1].scores,
        comparisons=finished[1].comparisons,
        verdict=(f"Class '{name}' is lost.", f"Of '{name}', nothing is found."),
        report=finished[0] / name / "a.html",
    )
    print_outcome(answer_console(400), parse_config(SMALL), outcome)
    said = capsys.readouterr().out
    assert f"Class '{name}' is lost.\n• Of '{name}', nothing is found.\n" in said
    assert f"Report: {finished[0] / name / 'a.html'}\n" in said


@bracketed
def test_a_study_tells_its_table_what_it_found_and_where_its_page_is(capsys, tmp_path, name):
    table = pd.DataFrame({f"recall: {name}": [name, "other"]})
    print_study(
        answer_console(400), StudyOutcome(Tally(), table=table, found=(f"'{name}' is rare.",), page=tmp_path / name)
    )
    said = capsys.readouterr().out
    assert f"recall: {name}" in said and f" {name} " in said
    assert f"• '{name}' is rare.\n" in said and f"Page, plot and tables: {tmp_path / name}\n" in said


@bracketed
def test_artifacts_and_profiles_name_their_units(escgan, tmp_path, capsys, name):
    store = Store(tmp_path / name)
    with store.create("ingest", "aaaa0001", unit=f"sub-{name}", inputs=[]) as draft:
        draft.file("a.txt").write_text("a")
    code, said, _ = escgan("artifacts", "list", "--root", tmp_path / name)
    assert code == 0 and f" sub-{name} " in said
    print_profile(store, "aaaa")
    said = capsys.readouterr().out
    assert said.startswith(f"sub-{name}: 1 artifact, ") and f" sub-{name} " in said.partition("\n")[2]


@bracketed
def test_a_command_tells_its_store(escgan, prefect_api, tmp_path, monkeypatch, name):
    monkeypatch.setattr("flows.pipeline.pipeline", lambda *_, **__: Outcome(Tally()))
    code, _, said = escgan("demo", "--root", tmp_path / name)
    assert code == 0 and f"; the store is {tmp_path / name}\n" in said


@bracketed
def test_a_reproduction_names_what_differs(capsys, name):
    print_comparison(answer_console(400), Comparison((StageComparison("ingest", 1, 0, (f"sub-{name}",), 0),), 0.1, {}))
    assert f"on (sub-{name});" in capsys.readouterr().out
