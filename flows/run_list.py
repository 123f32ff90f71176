"""The runs that a store remembers, all or one, for a person who looks for it."""

from __future__ import annotations

from typing import Any

import yaml
from rich import box
from rich.table import Table

from escgan.report.wording import plural
from flows.answering import print_document
from flows.console import answer_console
from storage.store import Store
from tasks.ledger import RunRecord, find_run, known_runs
from tasks.reporting import PAGE


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


def print_run(store: Store, name: str, as_json: bool = False) -> None:
    """Print one run: a configuration that would run it again, and above it, as comments, what else is known of it.

    Raises
    ------
    ConfigError
        No run is meant, or several are.
    """
    run = find_run(store, name, reported=True)
    page, config = None, None
    if run.report is not None and store.find(run.report.stage, run.report.key) is not None:
        page = store.open(run.report).file(PAGE)
        manifest = store.manifest(run.report.stage, run.report.key)
        config = manifest.config["config"] if manifest else None
    if as_json:
        print_document({"store": store.address, "run": _told(run) | {"page": page, "config": config}})
        return
    lines = [
        f"run {run.id[:8]} of {run.name}, begun {run.began:%Y-%m-%d %H:%M:%S} UTC",
        f"{plural(len(run.recordings), 'recording')}: {', '.join(entry.name for entry in run.recordings)}",
        *(f"left out: {recording}: {reason}" for recording, reason in run.left_out),
        *([f"verdict: {run.verdict}"] if run.verdict else []),
        f"report: {page}" if page else "report: none in the store; the configuration is kept with it",
    ]
    print("\n".join(f"# {' '.join(line.split())}" for line in lines))
    if config is not None:
        print(yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True), end="")


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
