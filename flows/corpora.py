"""What `escgan datasets`, `inspect` and `fetch` print."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from escgan.datasets import DATASETS
from escgan.datasets.inspection import Found, Inspection, inspect_folder

_MOST_LISTED = 12


def print_datasets() -> None:
    """List every corpus: what it is, which files it must have, its terms, and where to get it."""
    console = _console()
    for kind, corpus in DATASETS.items():
        console.print(f"[bold]{kind}[/bold]  {corpus.title}", highlight=False, soft_wrap=True)
        for heading in ("expects", "licence", "access"):
            console.print(f"    {heading + ':':<9}{escape(getattr(corpus, heading))}", highlight=False, soft_wrap=True)
    console.print(
        "\nescgan inspect DIR says which of these a folder is, and what is missing or broken in it.", highlight=False
    )


def print_inspection(folder: Path, kind: str | None, names_only: bool) -> bool:
    """Inspect a folder and say what was found; whether everything in it can be used."""
    console = _console()
    with Progress(
        TextColumn("reading"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty(),
    ) as progress:  # fmt: skip
        bar = progress.add_task("", total=None)
        result = inspect_folder(
            folder,
            kind,
            names_only=names_only,
            on_recording=lambda done, total: progress.update(bar, completed=done, total=total),
        )
    corpus = result.corpus
    console.print(f"[bold]{result.kind}[/bold]: {corpus.title}", highlight=False, soft_wrap=True)
    if result.also:
        console.print(
            f"It could also be {', '.join(result.also)}: choose with --dataset.", highlight=False, soft_wrap=True
        )
    console.print(_recordings(result, names_only))
    for line in _remarks(result):
        console.print(line, highlight=False, soft_wrap=True)
    broken = [found for found in result.recordings if found.problem is not None]
    n = len(result.recordings)
    console.print(
        f"{n - len(broken)} of {n} recordings {'are there' if names_only else 'can be used'}."
        + (" Nothing was read; leave --names-only out to check every file." if names_only else ""),
        highlight=False,
        soft_wrap=True,
    )
    if len(broken) < n:
        console.print(
            f"Next: escgan run configs/{result.kind}.yaml --data {escape(str(folder))}"
            + (" (with on_bad_recording: skip)" if broken else ""),
            highlight=False,
            soft_wrap=True,
        )
    return result.sound


def _recordings(result: Inspection, names_only: bool) -> Table:
    table = Table(box=box.SIMPLE)
    table.add_column("recording", no_wrap=True)
    table.add_column("files", justify="right")
    table.add_column("MB", justify="right")
    if not names_only:
        for heading in ("trials", "channels", "Hz", "minutes"):
            table.add_column(heading, justify="right")
        table.add_column("trials a class")
    table.add_column("state", no_wrap=True)
    for found in result.recordings:
        cells = [found.name, str(len(found.files)), f"{found.megabytes:.1f}"]
        if not names_only:
            cells += [_number(value) for value in (found.n_trials, found.n_channels, found.sfreq, found.minutes)]
            cells.append(", ".join(f"{count} {name}" for name, count in found.classes))
        table.add_row(*map(escape, cells), "[red]unusable[/red]" if found.problem else "ok")
    return table


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1f}".removesuffix(".0")


def _remarks(result: Inspection) -> list[str]:
    """Say what does not fit into the table: problems first."""
    lines = [f"[red]{escape(found.problem)}[/red]" for found in result.recordings if found.problem]
    lines += [f"[red]{escape(sentence)}[/red]" for sentence in result.duplicates]
    lines += _logs(result.recordings)
    if result.missing:
        lines.append(f"Of the published corpus, {_listed(result.missing)} {_is(result.missing)} not here.")
    if result.unused:
        names = _listed(tuple(str(path) for path in result.unused))
        n = len(result.unused)
        lines.append(f"{n} {'file belongs' if n == 1 else 'files belong'} to no recording: {escape(names)}.")
    return lines


def _logs(recordings: tuple[Found, ...]) -> list[str]:
    """Say what the reader did, once where it did the same to all."""
    read = [found for found in recordings if found.problem is None]
    counts = Counter(line for found in read for line in found.log)
    lines = []
    for line, n in counts.items():
        where = "In every recording" if n == len(read) else "In " + _listed(
            tuple(found.name for found in read if line in found.log)
        )  # fmt: skip
        lines.append(escape(f"{where}: {line}."))
    return lines


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_MOST_LISTED])
    return shown if len(names) <= _MOST_LISTED else f"{shown} and {len(names) - _MOST_LISTED} more"


def _is(names: tuple[str, ...]) -> str:
    return "is" if len(names) == 1 else "are"


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else 140)
