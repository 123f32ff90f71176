"""What the augmenter ``auto`` chose in each fold, and how its candidates did on validation subjects."""

from __future__ import annotations

import yaml

from escgan.report.blocks import Cell, Table, columns
from escgan.report.data import ReportData
from escgan.report.wording import count_cell, number, percent

_COLUMNS = ["fold", "seed", "candidate", "ratio", "score", "chosen"]


def choice_table(data: ReportData) -> Table | None:
    """Return one row a choice, those chosen most often first; None where nothing was chosen between."""
    if not set(_COLUMNS) <= set(data.history.columns):
        return None
    tried = data.history.dropna(subset=["candidate"])[_COLUMNS]
    names = _candidates(data.config_yaml)
    summary = tried.groupby(["candidate", "ratio"], sort=True).agg(score=("score", "mean"), chosen=("chosen", "sum"))
    rows = []
    for _, row in summary.reset_index().sort_values("chosen", ascending=False, kind="stable").iterrows():
        place, ratio, score = int(row["candidate"]), float(row["ratio"]), float(row["score"])
        name = names[place] if 0 <= place < len(names) else f"candidate {place + 1}" if place >= 0 else "none"
        amount = Cell("–" if place < 0 else percent(ratio), sort=ratio)
        rows.append((Cell(name), amount, Cell(number(score), sort=score), count_cell(row["chosen"])))
    return Table(
        "choices",
        "What auto chose from: the amount that classes are filled up to, as a share of the largest; the mean score on "
        "validation subjects of the training side, over folds; and how many folds it was chosen in. The score of what "
        "was chosen is the best of several and flatters: compare augmenters by their scores on test subjects.",
        columns(["Choice"], ["Amount", "Validation score", "Chosen in folds"]),
        tuple(rows),
    )


def _candidates(config_yaml: str) -> list[str]:
    """Return the candidates' kinds, numbered where one stands there with several settings."""
    augmenters = yaml.safe_load(config_yaml).get("augmenters", [])
    kinds = [c["kind"] for a in augmenters if a["kind"] == "auto" for c in a["candidates"]]
    return [f"{kind} ({kinds[:i].count(kind) + 1})" if kinds.count(kind) > 1 else kind for i, kind in enumerate(kinds)]
