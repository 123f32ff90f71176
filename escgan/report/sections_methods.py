"""The last section: how it was done, with what, and where every number comes from."""

from __future__ import annotations

import re

from escgan.evaluation.significance import count_comparisons, rivals_that_ran
from escgan.evaluation.verdict import UNSEEN
from escgan.normalization import IN_WORDS
from escgan.report.blocks import Block, Cell, Column, Listing, Paragraph, Section, Table, columns, missing
from escgan.report.data import ReportData
from escgan.report.summary import augmenters, classifiers, held_out
from escgan.report.wording import DASH, as_number, as_text, duration, listed, plural, significant, text_cell

_KEY_LENGTH = 10


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
    # What reading did is logged beside the steps, and is none.
    given = data.steps.reindex(columns=["step", "settings"]).astype(object).map(as_text).drop_duplicates()
    steps = [
        step if settings == DASH else f"{step} ({settings})"
        for step, settings in given.itertuples(index=False)
        if step != "read"
    ]
    if steps:
        treated = f"was preprocessed in these steps: {listed(steps)}."
    elif data.without_signal:
        treated = "was taken as the features that its owners distribute."
    else:
        treated = "was used as it was read, without preprocessing."
    seeds = data.scores["seed"].nunique()
    sentences = [
        f"EEG of {plural(data.recordings['subject'].nunique(), 'subject')} "
        f"({plural(len(data.recordings), 'recording')}, {plural(len(data.channels), 'channel')}) of {data.corpus} "
        + treated,
        f"Features ({data.unit}): {_with_signs(data.definition)}; in {plural(len(data.bands), 'frequency band')} "
        f"({_bands_text(data)}){_windows_text(data)}. "
        f"{_capital(IN_WORDS[data.normalization])}.",
        f"This is transductive: a {held_out(data)} subject's own unlabelled windows are taken to be available together."
        if data.transductive
        else "",
        f"{_capital(data.labelling)}.",
        f"{plural(len(classifiers(data)), 'classifier')} ({listed(classifiers(data))}) "
        f"{'was' if len(classifiers(data)) == 1 else 'were'} trained with {listed(augmenters(data))} as augmentation, "
        f"and evaluated under the protocol “{data.protocol}” with {plural(seeds, 'seed')}.",
        *_less_training(data),
        "Augmenters saw training windows only." if not data.leaky else
        "This protocol places neighbouring windows in training and test: its scores are optimistic and say nothing "
        "about unseen people.",
        "" if data.leaky or data.tested == UNSEEN else
        f"It tests {data.tested}: its scores say nothing about unseen people.",
        f"Scores are means over {'held-out ' * (data.tested == UNSEEN)}subjects; their intervals are expanded "
        "percentile bootstraps over subjects (95 %; Hesterberg 2015, doi:10.1080/00031305.2015.1089789).",
        "" if data.comparisons.empty else _comparisons_text(data),
    ]  # fmt: skip
    return " ".join(filter(None, sentences))


def _bands_text(data: ReportData) -> str:
    if not data.band_edges_hz:
        return listed(data.bands)
    edges = zip(data.bands, data.band_edges_hz, strict=True)
    return listed([f"{name} {low:g}–{high:g} Hz" for name, (low, high) in edges])


def _windows_text(data: ReportData) -> str:
    if data.window_s is None or data.step_s is None:
        return ""
    overlap = "without overlap" if data.step_s == data.window_s else f"one every {data.step_s:g} s"
    return f", of windows of {data.window_s:g} s, {overlap}"


def _less_training(data: ReportData) -> list[str]:
    """Say what was taken away from the training side."""
    said = []
    if data.training_subjects is not None:
        said.append(
            f"Of each fold's training subjects {data.training_subjects} took part, drawn by fold and seed; nothing of "
            "the others was trained on."
        )
    if data.scarcity is not None and data.scarcity.keep < 1:
        said.append(
            f"The class “{data.scarcity.label}” was made scarce: of each recording's training windows of it "
            f"{100 * data.scarcity.keep:g} %, and one at least, were kept, drawn with seed {data.scarcity.seed} plus "
            "that of the run; no test window was taken away."
        )
    return said


def _comparisons_text(data: ReportData) -> str:
    """Say how augmenters were compared, with the numbers that p values were corrected for."""
    rivals, n = rivals_that_ran(data.scores), count_comparisons(data.comparisons)
    chosen = list(dict.fromkeys(data.comparisons["rival"].astype(str)))
    best = (
        f"the best of {listed(rivals)} on the same metric (here {listed(chosen)})"
        if len(rivals) > 1
        else listed(chosen)
    )
    text = (
        f"Comparisons are paired over subjects, with {best}: Wilcoxon signed-rank tests (Wilcoxon 1945, "
        "doi:10.2307/3001968), two-sided, with zeros ranked (Pratt 1959, doi:10.1080/01621459.1959.10501526), and the "
        "same bootstrap of the mean difference. "
    )
    if len(rivals) > 1:
        text += (
            f"Where an augmenter scored lower, p was multiplied by {len(rivals)}, the number of rivals whose best was "
            "chosen by the same scores (Bonferroni). "
        )
    if n > 1:
        text += f"The {n} p values of each metric were corrected for their number (Holm 1979, jstor:4615733)."
    return text.strip()


def _with_signs(definition: str) -> str:
    """Write a definition, which artifacts keep in ASCII, with the signs of mathematics.

    >>> _with_signs("0.5 ln(2 pi e variance) of each window; in uV^2")
    '½ ln(2πe σ²) of each window, σ² its variance; in µV²'
    """
    entropy = r"0\.5 (\w+)\(2 pi e variance\) of each (\w+)"
    text = re.sub(entropy, r"½ \1(2πe σ²) of each \2, σ² its variance", definition)
    for typed, sign in {"log2(": "log₂(", "log10 ": "log₁₀ ", "uV^2": "µV²"}.items():
        text = text.replace(typed, sign)
    return text


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
