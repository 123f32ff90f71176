"""What a training side knows of itself, and how Markdown shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import yaml

from escgan.datasets import Corpus
from escgan.evaluation.scarcity import Scarcity
from escgan.normalization import Normalization
from escgan.windows import WindowSet

NOT_KNOWN = "not known to the training"


@dataclass(frozen=True)
class TrainingFacts:
    """A fold's training side.

    Attributes
    ----------
    windows
        What was trained on; the cards read its table, labels and names only.
    labelling
        How labels were made, in words.
    normalization, scarcity
        As in the experiment's configuration.
    seen_people
        Whether other windows of the same people are tested.
    measured
        What the features' files say: measure, unit, definition, band_edges_hz.
    corpus
        Facts about the corpus; None where nothing says which it is.
    features, preprocessing
        Settings that the features were measured and the signals preprocessed with; None where nothing says them.
    """

    windows: WindowSet
    labelling: str
    normalization: Normalization
    scarcity: Scarcity | None = None
    seen_people: bool = False
    measured: Mapping[str, Any] = field(default_factory=dict)
    corpus: type[Corpus] | None = None
    features: Mapping[str, Any] | None = None
    preprocessing: Sequence[Mapping[str, Any]] | None = None

    @property
    def n_subjects(self) -> int:
        """How many people there are."""
        return int(self.windows.table["subject"].nunique())

    @property
    def n_trials(self) -> int:
        """How many trials the windows are of."""
        return len(self.windows.table[["subject", "session", "trial"]].drop_duplicates())


def sources_table(facts: TrainingFacts) -> str:
    """Return one row a recording: its trials, and its windows in each class."""
    windows = facts.windows
    table = windows.table[["subject", "session", "trial"]].assign(label=windows.labels)
    rows = []
    for (subject, session), own in table.groupby(["subject", "session"], sort=True):
        counts = np.bincount(own["label"], minlength=len(windows.classes))
        trials = ", ".join(ranges(own["trial"]))
        rows.append([str(subject), str(session), trials, str(len(own)), *map(str, counts)])
    total = ["all", "", f"{facts.n_trials} in all", str(len(windows)), *map(str, windows.counts)]
    return markdown_table(["subject", "session", "trials", "windows", *windows.classes], [*rows, total])


def ranges(numbers: pd.Series) -> list[str]:
    """Return whole numbers as ranges.

    >>> ranges(pd.Series([4, 1, 2, 2, 3, 9]))
    ['1-4', '9']
    """
    found: list[list[int]] = []
    for number in sorted(set(map(int, numbers))):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return [f"{first}-{last}" if last > first else str(first) for first, last in found]


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in GitHub's Markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(map(plain, line)) + " |" for line in lines)


def plain(text: object) -> str:
    """Return a text that is one cell or one line, whatever it holds."""
    return " ".join(str(text).split()).replace("|", "\\|")


def settings_block(settings: object) -> str:
    """Return settings as YAML, fenced."""
    return f"```yaml\n{yaml.safe_dump(settings, sort_keys=False, allow_unicode=True).rstrip()}\n```"


def features_in_words(facts: TrainingFacts) -> str:
    """Return what was measured, where, and in which bands."""
    windows, measured = facts.windows, facts.measured
    edges = measured.get("band_edges_hz") or [None] * len(windows.bands)
    bands = ", ".join(
        f"{name} ({edge[0]:g}-{edge[1]:g} Hz)" if edge else name
        for name, edge in zip(windows.bands, edges, strict=True)
    )
    return "\n".join(
        [
            f"- measure: `{measured.get('measure', NOT_KNOWN)}` in {measured.get('unit', NOT_KNOWN)}",
            f"- definition: {plain(measured.get('definition', NOT_KNOWN))}",
            f"- bands: {bands}",
            f"- {len(windows.channels)} channels: {', '.join(windows.channels)}",
        ]
    )
