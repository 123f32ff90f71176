"""Means over subjects for a study's tables and plots, and what its comparisons say in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from escgan.evaluation.significance import bootstrap_interval

METRICS = {"balanced_accuracy": "balanced accuracy", "auroc": "AUROC", "auprc": "AUPRC", "macro_f1": "macro F1"}
"""The metrics of a study's tables, by their names for people."""

UNDEFINED = "undefined"
"""What stands for a score that no subject has, such as the AUROC where everyone is tested on one class."""

_MOST_TOLD = 12


def means_over_subjects(scores: pd.DataFrame, by: Sequence[str], metric: str) -> pd.DataFrame:
    """Return one row a group with mean, low and high: the mean over subjects and its 95 % bootstrap interval.

    Seeds and folds of a subject are averaged first: the unit is the subject. Undefined scores are left out.
    """
    per_subject = scores.groupby([*by, "subject"], sort=False)[metric].mean().reset_index()
    rows = []
    for group, own in per_subject.groupby(list(by), sort=False):
        known = own[metric].dropna().to_numpy(np.float64)
        low, high = bootstrap_interval(known) if len(known) > 1 else (np.nan, np.nan)
        mean = known.mean() if len(known) else np.nan
        rows.append({**dict(zip(by, group, strict=True)), "mean": mean, "low": low, "high": high})
    return pd.DataFrame(rows, columns=[*by, "mean", "low", "high"])


def score_rows(
    scores: pd.DataFrame, comparisons: pd.DataFrame, columns: Sequence[str], more: Sequence[str] = ()
) -> pd.DataFrame:
    """Return the usual table: a row a variant, classifier and augmenter, with means and the comparison.

    ``more`` names further columns of scores, such as a class' recall, to be shown as means.
    """
    by = [*columns, "classifier", "augmenter"]
    table = means_over_subjects(scores, by, "balanced_accuracy")
    shown = table[by].copy()
    shown["balanced accuracy"] = [with_interval(*line) for line in table[["mean", "low", "high"]].to_numpy()]
    for name in [*list(METRICS)[1:], *more]:
        # A metric's rows are in the same order: all come from the same groups.
        shown[METRICS.get(name, name)] = means_over_subjects(scores, by, name)["mean"].map(mean_text)
    for metric, heading in (("balanced_accuracy", "against the best rival"), ("auroc", "AUROC against the best rival")):
        own = comparisons[comparisons["metric"] == metric]
        told = {tuple(row[by]): against(row) for _, row in own.iterrows()}
        if told:
            shown[heading] = [told.get(tuple(row), "") for row in shown[by].to_numpy()]
    return shown


def mean_text(mean: float) -> str:
    """Write a mean, or that no subject has the score.

    >>> mean_text(0.7), mean_text(float("nan"))
    ('0.700', 'undefined')
    """
    return f"{mean:.3f}" if np.isfinite(mean) else UNDEFINED


def with_interval(mean: float, low: float, high: float) -> str:
    """Write a mean and its interval.

    >>> with_interval(0.7, 0.65, 0.752)
    '0.700 [0.650 0.752]'
    """
    return f"{mean:.3f} [{low:.3f} {high:.3f}]" if np.isfinite(low) else mean_text(mean)


def against(row: pd.Series) -> str:
    """Write one comparison: the difference, its interval, the corrected p, the rival and the verdict."""
    if not np.isfinite(row["difference"]):
        return UNDEFINED
    interval = f" [{row['low']:+.3f} {row['high']:+.3f}]" if np.isfinite(row["low"]) else ""
    return f"{row['difference']:+.3f}{interval} p={row['p_holm']:.2g} ({row['rival']}) {row['verdict']}"


def outcome_sentences(comparisons: pd.DataFrame, columns: Sequence[str]) -> tuple[str, ...]:
    """Say how many comparisons helped, hurt or are undecided, and name those that are decided."""
    sentences = []
    for metric in comparisons["metric"].unique():
        own = comparisons[comparisons["metric"] == metric]
        counts = {verdict: int((own["verdict"] == verdict).sum()) for verdict in ("helped", "hurt", "undecided")}
        told = ", ".join(f"{n} {verdict}" for verdict, n in counts.items())
        sentences.append(
            f"Of {len(own)} comparisons of {METRICS[metric]} with the best rival (paired over subjects, seeds "
            f"averaged, p corrected for all of them): {told}."
        )
        decided = own[own["verdict"] != "undecided"].sort_values("difference", ascending=False)
        for _, row in decided.head(_MOST_TOLD).iterrows():
            where = ", ".join([*(f"{name} {row[name]}" for name in columns), f"{row['classifier']}"])
            sentences.append(f"{row['augmenter']} {row['verdict']} ({where}): {METRICS[metric]} {against(row)}.")
        if len(decided) > _MOST_TOLD:
            sentences.append(f"{len(decided) - _MOST_TOLD} more are in the table.")
    if not sentences:
        sentences.append("Nothing was compared: the experiment has no augmenter beside the rivals, or no rival.")
    return tuple(sentences)
