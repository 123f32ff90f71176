"""What `escgan datasets`, `inspect` and `fetch` print."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

from pydantic import TypeAdapter
from rich import box
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from escgan.bands import BAND_SETS
from escgan.config import PipelineConfig
from escgan.config_text import has_own_conditions
from escgan.datasets import DATASETS, Corpus, SignalCorpus, corpus_of
from escgan.datasets.found import Found
from escgan.datasets.inspection import Inspection, inspect_folder
from escgan.labels import LabelConfig
from escgan.listing import first_of
from escgan.preprocessing.step import Step
from flows.answering import print_document
from flows.console import answer_console, headed, progress_console
from flows.corpus_documents import dataset_document, datasets_document, inspection_document

_MOST_LISTED = 12


def print_datasets(as_json: bool = False) -> None:
    """List every corpus: what it is, which files it must have, its terms, and where to get it."""
    if as_json:
        print_document(datasets_document())
        return
    console = answer_console()
    for kind, corpus in DATASETS.items():
        console.print(headed(kind, f"  {corpus.title}"), soft_wrap=True)
        for heading in ("expects", "licence", "access"):
            console.print(f"    {heading + ':':<9}{getattr(corpus, heading)}", soft_wrap=True)
    console.print("\nescgan inspect DIR says which of these a folder is, and what is missing or broken in it.")


def print_dataset(kind: str, as_json: bool = False) -> None:
    """Tell everything about one corpus: its facts, its defaults, and its options."""
    corpus = corpus_of(kind)
    if as_json:
        print_document(dataset_document(kind, corpus, _defaults(corpus)))
        return
    console = answer_console()
    console.print(headed(kind, f"  {corpus.title}"), soft_wrap=True)
    table = Table.grid(padding=(0, 2))
    facts = {name: getattr(corpus, name) for name in ("expects", "licence", "access", "citation", "note")}
    for heading, fact in (facts | _defaults(corpus)).items():
        table.add_row(f"    {heading}:", fact)
    console.print(table)
    options = {name: field.description or "" for name, field in corpus.model_fields.items() if name != "kind"}
    console.print("\noptions, under 'dataset' in the configuration:" if options else "\nno options")
    defaults = corpus.model_validate({}).model_dump(mode="json")
    table = Table.grid(padding=(0, 2))
    for name, description in options.items():
        told = " ".join(description.replace("``", "").split())
        table.add_row(f"    {name}", f"{told} (default {json.dumps(defaults[name])})")
    console.print(table)
    start = "Try it: escgan demo" if kind == "simulated" else f"A configuration to start from: configs/{kind}.yaml"
    console.print(f"\n{start}")


def _defaults(corpus: type[Corpus]) -> dict[str, str]:
    """Say what a configuration that names only the corpus does with it."""
    own = corpus.model_validate({})
    labels = TypeAdapter(LabelConfig).validate_python(own.default_labels())
    facts = {"labels": labels.words()}
    if has_own_conditions(own.kind):
        facts["labels"] = "your own conditions: `escgan config new` writes those that it finds into the file"
    if isinstance(own, SignalCorpus):
        facts["steps"] = ", ".join(_step(step) for step in own.default_preprocessing()) or "none"
        bands = ", ".join(f"{band.name} {band.low_hz:g}-{band.high_hz:g}" for band in BAND_SETS[own.default_bands])
        baseline = "; baseline subtracted" if own.default_baseline == "subtract" else ""
        facts["features"] = f"windows of {own.default_window_s:g} s; {bands} Hz{baseline}"
    return facts


def _step(step: Step) -> str:
    settings = step.model_dump(mode="json", exclude={"kind"}, exclude_none=True)
    told = ", ".join(f"{name} {json.dumps(value)}" for name, value in settings.items())
    return f"{step.kind} ({told})" if told else step.kind


def print_inspection(
    folder: Path,
    kind: str | None,
    names_only: bool,
    experiment: tuple[Path, PipelineConfig] | None = None,
    as_json: bool = False,
) -> bool:
    """Inspect a folder and say what was found; whether everything in it can be used."""
    file, config = experiment or (None, None)
    console = answer_console()
    with Progress(
        TextColumn("reading"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=progress_console(), transient=True, disable=not sys.stderr.isatty(),
    ) as progress:  # fmt: skip
        bar = progress.add_task("", total=None)
        result = inspect_folder(
            folder,
            config.dataset if config else kind,
            labels=config.labels if config else None,
            window_s=config.features.window_s if config and config.features else None,
            names_only=names_only,
            on_recording=lambda done, total: progress.update(bar, completed=done, total=total),
        )
    if as_json:
        print_document(inspection_document(result))
        return result.sound
    corpus = result.corpus
    console.print(headed(result.kind, f": {corpus.title}"), soft_wrap=True)
    if result.also:
        console.print(f"It could also be {', '.join(result.also)}: choose with --dataset.", soft_wrap=True)
    console.print(_recordings(result, names_only))
    for line in _remarks(result):
        console.print(line, soft_wrap=True)
    broken = [found for found in result.recordings if found.problem is not None]
    n = len(result.recordings)
    console.print(
        f"{n - len(broken)} of {n} recordings {'are there' if names_only else 'can be used'}."
        + (" Nothing was read; leave --names-only out to check every file." if names_only else ""),
        soft_wrap=True,
    )
    if len(broken) < n and not result.together:
        if file is None and has_own_conditions(result.kind):
            command = f"escgan config new {result.kind} --data {folder} --out {result.kind}.yaml"
        else:
            command = f"escgan run {file or f'configs/{result.kind}.yaml'} --data {folder}"
        console.print(
            f"Next: {command}" + (" (with on_bad_recording: skip)" if broken else ""),
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
        table.add_row(*cells, Text("unusable", "red") if found.problem else "ok")
    return table


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1f}".removesuffix(".0")


def _remarks(result: Inspection) -> list[str | Text]:
    """Say what does not fit into the table: problems first."""
    lines: list[str | Text] = [Text(found.problem, "red") for found in result.recordings if found.problem]
    lines += [Text(sentence, "red") for sentence in (*result.duplicates, *result.together)]
    lines += _logs(result.recordings)
    if result.missing:
        names = first_of(result.missing, _MOST_LISTED)
        lines.append(f"Of the published corpus, {names} {_is(result.missing)} not here.")
    if result.unused:
        names = first_of([str(path) for path in result.unused], _MOST_LISTED)
        n = len(result.unused)
        lines.append(f"{n} {'file belongs' if n == 1 else 'files belong'} to no recording: {names}.")
    return lines


def _logs(recordings: tuple[Found, ...]) -> list[str]:
    """Say what the reader did, once where it did the same to all."""
    read = [found for found in recordings if found.problem is None]
    counts = Counter(line for found in read for line in found.log)
    lines = []
    for line, n in counts.items():
        where = "In every recording" if n == len(read) else "In " + first_of(
            [found.name for found in read if line in found.log], _MOST_LISTED
        )  # fmt: skip
        lines.append(f"{where}: {line}.")
    return lines


def _is(names: tuple[str, ...]) -> str:
    return "is" if len(names) == 1 else "are"
