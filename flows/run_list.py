"""The runs that a store remembers, for a person who looks for one."""

from __future__ import annotations

import sys

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from escgan.report.wording import plural
from storage.store import Store
from tasks.ledger import known_runs


def print_runs(store: Store) -> None:
    """Print one row a run, the newest last."""
    runs = known_runs(store)
    table = Table(box=box.SIMPLE)
    for heading in ("run", "name", "began (UTC)", "recordings", "report", "verdict"):
        table.add_column(heading, no_wrap=heading != "verdict", justify="right" if heading == "recordings" else "left")
    for run in runs:
        report = run.report.key[:12] if run.report else ""
        began = run.began.strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(run.id[:8], escape(run.name), began, str(len(run.recordings)), report, escape(run.verdict))
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    print(f"{plural(len(runs), 'run')} in {store.address}")
