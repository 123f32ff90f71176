"""Two runs side by side: what they were told differently, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import takewhile

import pandas as pd
from rich import box
from rich.table import Table

from escgan.errors import ConfigError
from escgan.evaluation.run_comparison import (
    ABSENT,
    FIRST,
    SECOND,
    Difference,
    compare_runs,
    differing_settings,
    lone_entries,
)
from escgan.report.wording import plural
from flows.answering import print_document
from flows.artifact_commands import existing_store
from flows.console import answer_console
from storage.store import Store
from storage.tables import read_table
from tasks.ledger import known_runs
from tasks.reproduction import EarlierRun, find_earlier, manifest_at

_MOST_LETTERS = 60
# Of what two long values have in common, so much is left before the letter in which they differ.
_KEPT_LETTERS = 12


def print_runs_compared(root: str, first: str, second: str, as_json: bool) -> None:
    """Print two runs' settings that differ and the paired differences of their scores.

    Raises
    ------
    ConfigError
        A run is not known, its scores are not at hand, or the two are one or have nothing in common.
    """
    store = None if manifest_at(first) and manifest_at(second) else existing_store(root)
    runs = [find_earlier(store, name) for name in (first, second)]
    _refuse_one(store, runs, first, second)
    scores = [_scores(run) for run in runs]
    table, lone = compare_runs(*scores), lone_entries(*scores)
    settings = differing_settings(*(run.manifest.config["config"] for run in runs))
    versions = differing_settings(*(run.manifest.versions for run in runs))
    if as_json:
        told = {
            "runs": [first, second],
            "settings": [{"setting": one.setting, "first": one.first, "second": one.second} for one in settings],
            "versions": [{"package": one.setting, "first": one.first, "second": one.second} for one in versions],
            "scores": table,
            "only": {what: dict(zip((FIRST, SECOND), names, strict=True)) for what, names in lone.items()},
        }
        print_document(told)
        return
    console = answer_console()
    names = (first, second) if first != second else ("the first", "the second")
    for heading, found in (("Settings", settings), ("Versions", versions)):
        for line in _lines(found, *names):
            console.print(f"{heading}: {line}", soft_wrap=True)
    if not settings and not versions:
        console.print("Both have the same settings and versions.")
    shown = Table(
        title=f"{first} -> {second}: {plural(int(table['n_subjects'].max()), 'common subject')}", box=box.SIMPLE
    )
    for heading in ("classifier", "augmenter", "metric", "first", "second", "difference", "p (Holm)", "second is"):
        shown.add_column(
            heading, no_wrap=True, justify="right" if heading in ("first", "second", "p (Holm)") else "left"
        )
    for row in table.itertuples(index=False):
        interval = f"{row.difference:+.3f} [{row.low:+.3f} {row.high:+.3f}]"
        named = map(str, (row.classifier, row.augmenter, row.metric))
        means = (f"{row.first:.3f}", f"{row.second:.3f}")
        shown.add_row(*named, *means, interval, f"{row.p_holm:.2g}", str(row.verdict))
    console.print(shown)
    console.print("Paired over subjects; 95 % bootstrap intervals of the difference, second less first.", style="dim")
    for what, lists in lone.items():
        if any(lists):
            console.print(f"Not compared: {what}: {_lone(*lists, *names)}", soft_wrap=True)


def _refuse_one(store: Store | None, runs: Sequence[EarlierRun], first: str, second: str) -> None:
    ids = {run.record.id if run.record else None for run in runs}
    (one,) = ids if len(ids) == 1 else (None,)
    if one is None or store is None:
        return
    said = f"'{first}' and '{second}' both mean" if first != second else f"'{first}' means"
    named = [run for run in known_runs(store) if run.name == runs[0].manifest.unit and run.report is not None]
    others = [run.id[:8] for run in named if run.id != one]
    remedy = f"an id of another of that name ({', '.join(others)})" if others else "another run"
    raise ConfigError(f"{said} one run, {one[:8]}: name {remedy}; see `escgan runs`.")


def _scores(run: EarlierRun) -> pd.DataFrame:
    if run.scores is None:
        raise ConfigError(
            f"The scores of '{run.manifest.unit}' do not lie beside its manifest: give the report's folder."
        )
    return read_table(run.scores)


def _lines(found: Sequence[Difference], first: str, second: str) -> list[str]:
    """Write a line a difference, and one for all entries of a list that only one run has."""
    lines: dict[str, str] = {}
    lone: dict[str, tuple[list[str], list[str]]] = {}
    for one in found:
        if one.entry is None:
            lines[one.setting] = f"{one.setting}: {' -> '.join(_apart(one.first, one.second))}"
            continue
        where = one.setting.removesuffix(f".{one.entry}")
        lists = lone.setdefault(where, ([], []))
        lists[one.first == ABSENT].append(one.entry)
        lines[f"{where}.*"] = f"{where}: {_lone(*lists, first, second)}"
    return list(lines.values())


def _lone(ones: Sequence[str], others: Sequence[str], first: str, second: str) -> str:
    parts = [f"{', '.join(names)} only in {run}" for names, run in ((ones, first), (others, second)) if names]
    return ", ".join(parts)


def _apart(first: object, second: object) -> tuple[str, str]:
    """Write two values in few letters, among them those in which they differ."""
    texts = [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in (first, second)]
    alike = sum(1 for _ in takewhile(lambda letters: letters[0] == letters[1], zip(*texts, strict=False)))
    if max(map(len, texts)) > _MOST_LETTERS and alike > _KEPT_LETTERS:
        texts = [f"...{text[alike - _KEPT_LETTERS :]}" for text in texts]
    one, other = (text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 3]}..." for text in texts)
    return one, other
