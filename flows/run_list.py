"""The runs that a store remembers, for a person who looks for one."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.table import Table

from escgan.report.wording import plural
from flows.answering import print_document
from flows.console import answer_console
from storage.store import Store
from tasks.ledger import RunRecord, known_runs


def print_runs(store: Store, as_json: bool = False) -> None:
    """Print one row a run, the newest last."""
    runs = known_runs(store)
    if as_json:
        print_document({"store": store.address, "runs": [_told(run) for run in runs]})
        return
    table = Table(box=box.SIMPLE)
    for heading in ("run", "name", "began (UTC)", "recordings", "report", "verdict"):
        table.add_column(heading, no_wrap=heading != "verdict", justify="right" if heading == "recordings" else "left")
    for run in runs:
        report = run.report.key[:12] if run.report else ""
        began = run.began.strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(run.id[:8], run.name, began, str(len(run.recordings)), report, run.verdict)
    answer_console(160).print(table)
    print(f"{plural(len(runs), 'run')} in {store.address}")


def _told(run: RunRecord) -> dict[str, Any]:
    return {
        "id": run.id,
        "name": run.name,
        "began": run.began,
        "recordings": [entry.name for entry in run.recordings],
        "left_out": [{"recording": name, "reason": reason} for name, reason in run.left_out],
        "report": run.report.key if run.report else None,
        "verdict": run.verdict or None,
    }
