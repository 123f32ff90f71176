"""The scores of a run as people read them: a row a classifier and augmenter."""

from __future__ import annotations

import pandas as pd

from escgan.evaluation.significance import bootstrap_interval

COLUMNS = {"balanced_accuracy": "balanced acc.", "auroc": "AUROC", "auprc": "AUPRC", "macro_f1": "macro F1"}
RIVAL = "against the best simple rival"


def score_rows(scores: pd.DataFrame, comparisons: pd.DataFrame) -> list[dict[str, str]]:
    """Return means over subjects, and the comparison of balanced accuracy with the best simple rival."""
    per_subject = scores.groupby(["classifier", "augmenter", "subject"], sort=False)[list(COLUMNS)].mean()
    rows = []
    for classifier in scores["classifier"].unique():
        for augmenter in scores["augmenter"].unique():
            own = per_subject.loc[(classifier, augmenter)]
            row = {"classifier": str(classifier), "augmenter": str(augmenter)}
            row |= {heading: f"{own[name].mean():.3f}" for name, heading in COLUMNS.items()}
            row[COLUMNS["balanced_accuracy"]] = _with_interval(own["balanced_accuracy"])
            rows.append(row | {RIVAL: _against(comparisons, classifier, augmenter)})
    return rows


def _with_interval(values: pd.Series) -> str:
    known = values.dropna().to_numpy()
    if len(known) < 2:
        return f"{values.mean():.3f}"
    low, high = bootstrap_interval(known)
    return f"{known.mean():.3f} [{low:.3f} {high:.3f}]"


def _against(comparisons: pd.DataFrame, classifier: str, augmenter: str) -> str:
    chosen = (comparisons["classifier"] == classifier) & (comparisons["augmenter"] == augmenter)
    rows = comparisons[chosen & (comparisons["metric"] == "balanced_accuracy")]
    if rows.empty:
        return ""
    row = rows.iloc[0]
    return f"{row['difference']:+.3f} p={row['p_holm']:.2g} {row['verdict']}"
