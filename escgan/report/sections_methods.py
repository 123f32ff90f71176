"""The last section: how it was done, with what, and where every number comes from."""

from __future__ import annotations

import pandas as pd

from escgan.evaluation.verdict import UNSEEN
from escgan.report.blocks import Block, Cell, Column, Listing, Paragraph, Section, Table, columns, missing
from escgan.report.data import ReportData
from escgan.report.summary import augmenters, classifiers
from escgan.report.wording import as_number, as_text, duration, listed, plural, significant, text_cell

_KEY_LENGTH = 10

_NORMALIZATIONS = {
    "per_subject": "features were z-scored with each subject's own mean and deviation",
    "coral": "features were z-scored with each subject's own mean and deviation, and given the covariance that the "
    "training subjects share (CORAL, with each subject's own shrunk covariance)",
    "global": "features were z-scored with the mean and deviation of the training windows",
    "none": "features were used without normalisation",
}


def methods_section(data: ReportData) -> Section:
    """Return the methods in words, the citation, and the run's provenance."""
    blocks: list[Block] = [
        Paragraph(methods_text(data), "Methods"),
        Paragraph(data.citation or "No citation is known for this corpus.", "Cite"),
        Paragraph(data.licence or "No licence is known for this corpus.", "Licence"),
    ]
    if data.config_yaml:
        blocks.append(Listing(data.config_yaml.rstrip("\n"), "Configuration (YAML)"))
    if data.command:
        blocks.append(Listing(data.command, "Command"))
    if data.versions:
        blocks.append(_versions_table(data))
    if data.provenance.empty:
        blocks.append(missing("No artifact was recorded."))
    else:
        blocks.append(_artifacts_table(data))
    return Section("methods", "Methods and provenance", tuple(blocks))


def methods_text(data: ReportData) -> str:
    """Return a paragraph a paper could start from; it says only what the data say."""
    steps = list(dict.fromkeys(as_text(step) for step in data.steps.get("step", ())))
    seeds = data.scores["seed"].nunique()
    rivals = [str(name) for name in data.comparisons.get("rival", pd.Series(dtype=object)).unique()]
    sentences = [
        f"EEG of {plural(data.recordings['subject'].nunique(), 'subject')} "
        f"({plural(len(data.recordings), 'recording')}, {plural(len(data.channels), 'channel')}) of {data.corpus} was "
        + (f"preprocessed in these steps: {listed(steps)}." if steps else "used without further preprocessing."),
        f"Features ({data.unit}): {data.definition}; in {plural(len(data.bands), 'frequency band')} "
        f"({listed(data.bands)}). "
        f"{_capital(_NORMALIZATIONS.get(data.normalization, f'features were normalised by “{data.normalization}”'))}.",
        "This is transductive: a held-out subject's own unlabelled windows are taken to be available together."
        if data.transductive
        else "",
        f"{_capital(data.labelling)}.",
        f"{plural(len(classifiers(data)), 'classifier')} ({listed(classifiers(data))}) "
        f"{'was' if len(classifiers(data)) == 1 else 'were'} trained with {listed(augmenters(data))} as augmentation, "
        f"and evaluated under the protocol “{data.protocol}” with {plural(seeds, 'seed')}.",
        "Augmenters saw training windows only." if not data.leaky else
        "This protocol places neighbouring windows in training and test: its scores are optimistic and say nothing "
        "about unseen people.",
        "" if data.leaky or data.tested == UNSEEN else
        f"It tests {data.tested}: its scores say nothing about unseen people.",
        f"Scores are means over {'held-out ' * (data.tested == UNSEEN)}subjects; their intervals are percentile "
        "bootstraps over subjects (95 %).",
    ]  # fmt: skip
    if rivals:
        sentences.append(f"Comparisons are paired over subjects, against {listed(rivals)}.")
    return " ".join(filter(None, sentences))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _versions_table(data: ReportData) -> Table:
    return Table(
        "versions",
        "Software this report was made with.",
        columns(["Package", "Version"]),
        tuple((Cell(name), Cell(version)) for name, version in data.versions.items()),
        summary=f"Versions ({plural(len(data.versions), 'package')})",
    )


def _artifacts_table(data: ReportData) -> Table:
    rows = []
    for _, line in data.provenance.iterrows():
        seconds, memory = as_number(line["wall_s"]), as_number(line["peak_memory_mb"])
        rows.append(
            (
                text_cell(line["stage"]),
                text_cell(line["unit"]),
                *(Cell(as_text(line[name])[:_KEY_LENGTH], title=as_text(line[name])) for name in ("key", "digest")),
                Cell(duration(seconds), sort=seconds),
                Cell(significant(memory), sort=memory),
                text_cell(line["device"]),
                text_cell(line["created"]),
            )
        )
    heads = (
        *columns(["Stage", "Unit", "Key", "Digest"]),
        Column("Took", numeric=True),
        Column("Memory (MB)", numeric=True, title="Peak memory"),
        *columns(["Device", "Created"]),
    )
    return Table(
        "artifacts",
        "Every artifact this report rests on. Rest the pointer on a key or digest to see all of it.",
        heads,
        tuple(rows),
        summary=f"Artifacts ({len(rows):,})",
    )
