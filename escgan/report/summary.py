"""What the tables and figures say in common: means over subjects, their intervals, and the outcome.

The unit of every mean is the subject: seeds (and folds of one subject) are averaged first, so that a subject
evaluated more often does not weigh more, and undefined scores are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escgan.evaluation.significance import bootstrap_interval
from escgan.evaluation.verdict import UNSEEN, headline_augmenter
from escgan.report.data import ReportData
from escgan.report.wording import as_number, interval, metric_name, signed

PRIMARY_METRIC = "balanced_accuracy"
"""The metric whose comparisons colour the verdict."""


@dataclass(frozen=True)
class Estimate:
    """A mean over subjects, its standard deviation and its 95 % bootstrap interval."""

    mean: float
    sd: float
    low: float
    high: float
    n_subjects: int


def held_out(data: ReportData) -> str:
    """Return what whoever is tested is called: held-out, or merely tested where the same people train."""
    return "held-out" if data.tested == UNSEEN else "tested"


def augmenters(data: ReportData) -> list[str]:
    """Return the augmenters that were evaluated, in the order of the scores."""
    return [str(name) for name in data.scores["augmenter"].unique()]


def classifiers(data: ReportData) -> list[str]:
    """Return the classifiers that were evaluated, in the order of the scores."""
    return [str(name) for name in data.scores["classifier"].unique()]


def subject_scores(data: ReportData, metric: str) -> pd.DataFrame:
    """Return one row a subject and one column an (augmenter, classifier), averaged over seeds.

    A metric that was not measured is NaN throughout.
    """
    scores = data.scores
    if metric not in scores:
        scores = scores.assign(**{metric: np.nan})
    table = scores.pivot_table(
        index="subject",
        columns=["augmenter", "classifier"],
        values=metric,
        aggfunc="mean",
        sort=False,
        dropna=False,
    )
    return table.astype(float)


def estimate(values: NDArray[np.floating]) -> Estimate:
    """Return mean, standard deviation and bootstrap interval over subjects.

    Parameters
    ----------
    values
        One score a subject, ``(n_subjects,)``; NaN is left out.

    Notes
    -----
    The interval is :func:`escgan.evaluation.significance.bootstrap_interval`'s. One subject has none.
    """
    values = values[np.isfinite(values)]
    nan = float("nan")
    if values.size == 0:
        return Estimate(nan, nan, nan, nan, 0)
    if values.size == 1:
        return Estimate(float(values[0]), nan, nan, nan, 1)
    # The closing table of a run uses the same function: page and terminal must not differ in the last digit.
    low, high = bootstrap_interval(values.astype(np.float64))
    return Estimate(float(values.mean()), float(values.std(ddof=1)), low, high, int(values.size))


def estimates(data: ReportData, metric: str) -> dict[tuple[str, str], Estimate]:
    """Return the estimate of every (augmenter, classifier) that was evaluated."""
    table = subject_scores(data, metric)
    evaluated = data.scores[["augmenter", "classifier"]].drop_duplicates()
    return {
        (augmenter, classifier): estimate(table[(augmenter, classifier)].to_numpy())
        for augmenter, classifier in evaluated.itertuples(index=False)
    }


def headline_comparisons(data: ReportData) -> pd.DataFrame:
    """Return the comparisons the opening verdict rests on.

    Those of the primary metric (else of the first metric there is), for the augmenter that the verdict begins with.
    """
    table = data.comparisons
    if table.empty:
        return table
    metric = PRIMARY_METRIC if (table["metric"] == PRIMARY_METRIC).any() else table["metric"].iloc[0]
    table = table[table["metric"] == metric]
    return table[table["augmenter"] == headline_augmenter(table)]


def headline_amounts(data: ReportData) -> str:
    """Return by how much the opening verdict's augmenter differs from its rivals, with intervals, in one line."""
    table = headline_comparisons(data)
    if table.empty:
        return ""
    each = [
        f"{signed(as_number(row.difference))} {interval(as_number(row.low), as_number(row.high), sign=True)} with "
        f"{row.classifier}"
        for row in table.itertuples()
    ]
    metric = metric_name(str(table["metric"].iloc[0]))
    return f"{metric} against the best simple rival, with 95 % intervals: {'; '.join(each)}."


def outcome(data: ReportData) -> str:
    """Return "helped", "hurt", "undecided", or "" where nothing was compared.

    Classifiers that disagree leave the matter undecided: an effect that one classifier alone shows is not an
    answer to whether the edited windows help.
    """
    verdicts = {str(verdict) for verdict in headline_comparisons(data).get("verdict", ())}
    if not verdicts:
        return ""
    return verdicts.pop() if len(verdicts) == 1 else "undecided"


def n_folds(data: ReportData, augmenter: str) -> int:
    """Return how many folds (times seeds) an augmenter made windows for."""
    table = data.acceptance
    if not table.empty:
        table = table[table["augmenter"] == augmenter]
    if table.empty:
        table = data.scores[data.scores["augmenter"] == augmenter]
    return max(1, len(table[["fold", "seed"]].drop_duplicates())) if not table.empty else 1


def edited_per_fold(data: ReportData) -> dict[str, NDArray[np.floating]]:
    """Return the edited windows each augmenter adds per class, mean a fold: name -> ``(n_classes,)``."""
    return {name: np.asarray(means.n_edited, dtype=float) / n_folds(data, name) for name, means in data.scalp.items()}


def windows_per_class(data: ReportData) -> pd.DataFrame:
    """Return windows per subject and class: index subject, one column a class."""
    counts = data.recordings.rename(columns={f"n: {name}": name for name in data.classes})
    return counts.groupby("subject", sort=False)[list(data.classes)].sum()


def recording_quality(data: ReportData) -> pd.DataFrame:
    """Return one row a recording: median_std_uv, peak_to_peak_uv, flat_share, clipped_share, worst_channel.

    Beside these stand the columns of ``data.treatment`` for which a step ran on any recording.

    The worst channel is the one most often flat or clipped; where none is (to the percent), the one whose
    standard deviation is furthest, as a ratio, from the recording's median.
    """
    rows = []
    for name, channels in data.quality.groupby("recording", sort=False):
        std = channels["std_uv"].to_numpy(dtype=float)
        median = float(np.nanmedian(std)) if np.isfinite(std).any() else float("nan")
        broken = (channels["flat_share"] + channels["clipped_share"]).fillna(0).to_numpy(dtype=float)
        # A channel at 0 uV is infinitely far away; the tiny floor keeps the logarithm finite.
        distance = np.nan_to_num(np.abs(np.log(np.maximum(std, 1e-9) / max(median, 1e-9))))
        worst = max(zip(np.round(broken, 2), distance, range(len(std)), strict=True))[-1]
        rows.append(
            {
                "recording": name,
                "median_std_uv": median,
                "peak_to_peak_uv": channels["peak_to_peak_uv"].max(),
                "flat_share": channels["flat_share"].max(),
                "clipped_share": channels["clipped_share"].max(),
                "worst_channel": channels["channel"].iloc[worst],
            }
        )
    table = pd.DataFrame(rows)
    ran = data.treatment.dropna(axis="columns", how="all")
    return table if table.empty or ran.empty else table.merge(ran, on="recording", how="left")


def unusual_recordings(data: ReportData, most: int) -> list[str]:
    """Return at most so many recordings, in their order: those whose spectra lie furthest from the others'.

    Measured on the spectra after preprocessing, which share their frequencies: the mean square of the logarithm's
    distance from the geometric mean, what lies six decades below the largest power left out.
    """
    names = list(data.spectra)
    if len(names) <= most:
        return names
    n = min(len(spectrum["after"]) for spectrum in data.spectra.values())
    power = np.nan_to_num([spectrum["after"][1:n] for spectrum in data.spectra.values()])
    # A filter's stop band is rounding, which differs by decades and means nothing.
    logs = np.log10(np.maximum(power, max(1e-6 * power.max(), np.finfo(float).tiny)))
    distance = np.square(logs - logs.mean(axis=0)).mean(axis=1)
    chosen = np.sort(np.argsort(-distance, kind="stable")[:most])
    return [names[i] for i in chosen]
