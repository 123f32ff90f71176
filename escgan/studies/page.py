"""A study's page in Markdown: what was asked, what came out, and how to repeat it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import yaml

from escgan.config import PipelineConfig
from escgan.normalization import is_transductive
from escgan.report.wording import duration, plural
from escgan.studies.base import Study


@dataclass(frozen=True)
class Origin:
    """Where a study's numbers come from: its computing time, the versions and the devices."""

    seconds: float
    n_artifacts: int
    versions: Mapping[str, str]
    devices: Sequence[str]


def study_page(
    study: Study,
    experiment: PipelineConfig,
    table: pd.DataFrame,
    sentences: Sequence[str],
    n_subjects: int,
    origin: Origin,
) -> str:
    """Write the page; the figure lies beside it as ``figure.png``."""
    protocols = (variant.config.protocol for variant in study.variants(experiment))
    tested = dict.fromkeys(protocol.title + (", **LEAKY**" if protocol.leaky else "") for protocol in protocols)
    seeds = f"{plural(len(experiment.seeds), 'seed')} ({', '.join(map(str, experiment.seeds))})"
    transductive = is_transductive(experiment.normalization)
    facts = [
        f"{experiment.dataset.title}; {plural(n_subjects, 'subject')}, {' and '.join(tested)}; {seeds}, "
        f"averaged before testing; classes {', '.join(experiment.labels.class_names)}.",
        f"Normalisation: {experiment.normalization}"
        + (" (transductive: test subjects' unlabelled windows are used)." if transductive else "."),
    ]
    if experiment.dataset.note:
        facts.append(experiment.dataset.note)
    options = {name: value for name, value in study.model_dump(mode="json").items() if name != "kind" and value}
    config = experiment.to_yaml() + yaml.safe_dump({"studies": {study.kind: options}}, sort_keys=False)
    versions = ", ".join(f"{name} {version}" for name, version in origin.versions.items())
    lines = [
        f"# {experiment.name}: {study.title}",
        "",
        *(line for fact in facts for line in (fact, "")),
        "## What was found",
        "",
        *(f"- {sentence}" for sentence in sentences),
        "",
        "![the study's plot](figure.png)",
        "",
        "## Every number",
        "",
        study.reading,
        "",
        markdown_table(table),
        "",
        "## How to repeat it",
        "",
        "```",
        f"escgan study {study.kind.replace('_', '-')} {experiment.name}.yaml --data DIR",
        "```",
        "",
        f"{plural(origin.n_artifacts, 'result')}, {duration(origin.seconds)} of computing (summed over "
        f"units and processes) on {', '.join(origin.devices)}. {versions}.",
        "",
        f"<details><summary>{experiment.name}.yaml</summary>",
        "",
        "```yaml",
        config.rstrip(),
        "```",
        "",
        "</details>",
        "",
    ]
    return "\n".join(lines)


def markdown_table(table: pd.DataFrame) -> str:
    r"""Write a table in Markdown; numbers with four significant digits, nothing where a value is missing.

    >>> print(markdown_table(pd.DataFrame({"keep": [0.1], "n": [12], "a|b": ["x"]})))
    | keep | n | a\|b |
    |---|---|---|
    | 0.1 | 12 | x |
    """
    rows = [list(map(str, table.columns)), *([cell_text(v) for v in row] for row in table.to_numpy(dtype=object))]
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in escaped]
    return "\n".join([lines[0], "|" + "---|" * len(table.columns), *lines[1:]])


def cell_text(value: object) -> str:
    """Write a value of a table for people.

    >>> cell_text(209.76823), cell_text(float("nan")), cell_text(12)
    ('209.8', '', '12')
    """
    if value is None or (isinstance(value, float) and value != value):
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
