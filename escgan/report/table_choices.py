"""What augmenters of the kind ``auto`` chose in each training, and how their candidates did on validation subjects."""

from __future__ import annotations

import pandas as pd
import yaml

from escgan.report.blocks import Cell, Table, columns
from escgan.report.data import ReportData
from escgan.report.wording import number, percent

_COLUMNS = ["augmenter", "fold", "seed", "candidate", "ratio", "score", "chosen"]


def choice_table(data: ReportData) -> Table | None:
    """Return one row an augmenter and choice, those chosen most often first; None where nothing was chosen between."""
    if not set(_COLUMNS) <= set(data.history.columns):
        return None
    tried = data.history.dropna(subset=["candidate"])[_COLUMNS]
    names = _candidates(data.config_yaml)
    rows: list[tuple[Cell, ...]] = []
    # Candidates are numbered anew by each augmenter that chooses, so the same number names another one elsewhere.
    for augmenter, own in tried.groupby("augmenter", sort=False):
        rows += _rows(str(augmenter), own, names.get(str(augmenter), []))
    return Table(
        "choices",
        "What each augmenter that chooses chose from: the amount that classes are filled up to, as a share of the "
        "largest; the mean score on validation subjects of the training side, over folds and seeds; and in how many of "
        "the augmenter's trainings, one a fold and seed, it was chosen. The score of what was chosen is the best of "
        "several and flatters: compare augmenters by their scores on test subjects.",
        columns(["Augmenter", "Choice"], ["Amount", "Validation score", "Chosen in trainings"]),
        tuple(rows),
    )


def _rows(augmenter: str, tried: pd.DataFrame, names: list[str]) -> list[tuple[Cell, ...]]:
    """Return one row a choice of one augmenter."""
    n_trainings = len(tried[["fold", "seed"]].drop_duplicates())
    summary = tried.groupby(["candidate", "ratio"], sort=True).agg(score=("score", "mean"), chosen=("chosen", "sum"))
    rows: list[tuple[Cell, ...]] = []
    for _, row in summary.reset_index().sort_values("chosen", ascending=False, kind="stable").iterrows():
        place, ratio, score, chosen = (
            int(row["candidate"]),
            float(row["ratio"]),
            float(row["score"]),
            int(row["chosen"]),
        )
        name = names[place] if 0 <= place < len(names) else f"candidate {place + 1}" if place >= 0 else "none"
        rows.append(
            (
                Cell(augmenter),
                Cell(name),
                Cell("–" if place < 0 else percent(ratio), sort=ratio),
                Cell(number(score), sort=score),
                Cell(f"{chosen} of {n_trainings}", sort=float(chosen)),
            )
        )
    return rows


def _candidates(config_yaml: str) -> dict[str, list[str]]:
    """Return the candidates' kinds by augmenter, numbered where one stands there with several settings."""
    augmenters = [a for a in yaml.safe_load(config_yaml).get("augmenters", []) if a["kind"] == "auto"]
    return {a.get("name") or a["kind"]: _numbered([c["kind"] for c in a["candidates"]]) for a in augmenters}


def _numbered(kinds: list[str]) -> list[str]:
    return [f"{kind} ({kinds[:i].count(kind) + 1})" if kinds.count(kind) > 1 else kind for i, kind in enumerate(kinds)]
