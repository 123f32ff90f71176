"""Runs of one name stay apart, and each is found again."""

from __future__ import annotations

from pathlib import Path

from escgan.config import parse_config
from flows.closing import print_outcome
from flows.console import answer_console
from storage.store import Store
from tasks.ledger import find_run, known_runs
from tests.flows.conftest import SMALL


def test_a_report_that_takes_anothers_place_says_so_and_the_other_is_found(small, escgan, store_copy, cohort, capsys):
    first = find_run(Store(store_copy), "small")
    page = store_copy / "reports" / "small.html"
    before = page.read_bytes()
    assert not small(store_copy, cohort).replaced, "the same report"
    outcome = small(store_copy, cohort, {"seeds": [1]})
    assert page.read_bytes() != before
    assert outcome.replaced in {run.id for run in known_runs(Store(store_copy)) if run.report == first.report}
    print_outcome(answer_console(300), parse_config(SMALL), outcome)
    run = outcome.replaced[:8]
    told = f"There it took the place of run {run}'s, which `escgan runs {run}` still finds"
    assert told in capsys.readouterr().out
    said = escgan("runs", run, "--root", store_copy)[1]
    assert Path(said.partition("# report: ")[2].splitlines()[0]).read_bytes() == before
    assert not small(store_copy, cohort, {"name": "other"}).replaced
