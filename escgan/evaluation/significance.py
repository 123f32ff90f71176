"""Paired comparison over people: did an augmenter help, by how much, how sure.

The unit is the test subject: windows of one person are no independent witnesses. Seeds are averaged first. The
rival is the *best* of ``none``, ``class_weight`` and ``threshold`` on the same metric, since much of what augmentation
seems to win on balanced accuracy is a moved decision threshold, which these move for free.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escgan.seeds import generator

SIMPLE_RIVALS = ("none", "class_weight", "threshold")
COMPARED_METRICS = ("balanced_accuracy", "auroc")
LEVEL = 0.05
"""Verdicts need a smaller p value."""
Outcome = Literal["helped", "hurt", "undecided"]

_RESAMPLES = 10_000
# Of 95 % intervals from so few normal values, the share that holds the true mean: 20 000 draws each.
_COVERED = {2: 0.50, 3: 0.75, 4: 0.88, 5: 0.92, 6: 0.93, 7: 0.94}
_MOST_ENUMERATED = 13
_COMPARISON = [
    "classifier", "augmenter", "metric", "rival", "n_subjects", "mean", "rival_mean", "difference", "low", "high",
    "p_value", "p_holm", "effect_size", "detectable",
]  # fmt: skip


@dataclass(frozen=True)
class PairedComparison:
    """Differences of paired scores and what they say.

    Attributes
    ----------
    difference
        Mean difference over subjects.
    low, high
        95 % bootstrap interval over subjects.
    p_value
        Two-sided Wilcoxon signed-rank test; exact for small samples; 1 where all differences are zero.
    effect_size
        Matched-pairs rank-biserial correlation, from -1 to 1 (Kerby 2014, doi:10.2466/11.IT.3.1).
    detectable
        The smallest mean difference that so many subjects, with differences that vary as these do, would have shown in
        four of five cohorts (80 % power of a two-sided paired t test at 5 %); NaN where differences do not vary, or
        no difference at all could have been shown (:func:`smallest_p_value`).
    """

    n_subjects: int
    difference: float
    low: float
    high: float
    p_value: float
    effect_size: float
    detectable: float

    def outcome(self, p_value: float | None = None) -> Outcome:
        """Return what :func:`decide` says; ``p_value`` is one corrected for other comparisons, where there are some."""
        return decide(self.p_value if p_value is None else p_value, self.low, self.high)


def compare_paired(scores: NDArray[np.float64], rival: NDArray[np.float64], seed: int = 0) -> PairedComparison:
    """Compare paired scores, each ``(n_subjects,)``; pairs with a NaN are left out."""
    from scipy.stats import rankdata

    both = np.isfinite(scores) & np.isfinite(rival)
    # Scores are ratios of counts: differences below this are rounding, and must tie as zeros.
    differences = np.round(scores[both] - rival[both], 12)
    n = len(differences)
    if n < 2:
        mean = float(differences.mean()) if n else float("nan")
        return PairedComparison(n, mean, float("nan"), float("nan"), 1.0, 0.0, float("nan"))
    moved = differences[differences != 0]
    p_value, effect = 1.0, 0.0
    if len(moved):
        p_value = signed_rank_p_value(differences)
        ranks = rankdata(np.abs(moved))
        effect = float((ranks * np.sign(moved)).sum() / ranks.sum())
    low, high = bootstrap_interval(differences, seed)
    mean = float(differences.mean())
    tells = smallest_p_value(n) < LEVEL and bool(np.ptp(differences) > 0)
    detectable = detectable_difference(differences) if tells else float("nan")
    return PairedComparison(n, mean, low, high, p_value, effect, detectable)


def smallest_p_value(n_subjects: int, n_comparisons: int = 1) -> float:
    """Return the p value below which none can fall, after Holm's correction for a number of comparisons.

    Of the ``2^n`` ways in which the signs of n differences can fall, two are the most extreme.

    >>> smallest_p_value(5), smallest_p_value(6), smallest_p_value(6, n_comparisons=2)
    (0.0625, 0.03125, 0.0625)
    """
    return float(min(1.0, n_comparisons * 2.0 ** (1 - n_subjects)))


def rivals_that_ran(scores: pd.DataFrame, rivals: Sequence[str] = SIMPLE_RIVALS) -> list[str]:
    """Return the rivals that have scores: where one scores lower than the best of k, its p value counts k times."""
    return [name for name in rivals if name in set(scores["augmenter"])]


def count_comparisons(comparisons: pd.DataFrame) -> int:
    """Return for how many comparisons the p values of a metric are corrected."""
    return int(comparisons.groupby("metric").size().max()) if len(comparisons) else 0


def detectable_difference(differences: NDArray[np.float64], power: float = 0.8, level: float = 0.05) -> float:
    """Return the smallest mean difference that a two-sided paired t test would find, by the usual approximation.

    ``(t(1 - level / 2) + t(power)) * s / sqrt(n)`` with t the quantiles of n - 1 degrees of freedom.
    """
    from scipy.stats import t

    n = len(differences)
    return float((t.ppf(1 - level / 2, n - 1) + t.ppf(power, n - 1)) * differences.std(ddof=1) / np.sqrt(n))


def holm(p_values: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return p values corrected for their number (Holm 1979, jstor:4615733).

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p, kind="stable")
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1)
    return corrected


def bootstrap_interval(values: NDArray[np.float64], seed: int = 0, level: float = 0.95) -> tuple[float, float]:
    """Return the expanded percentile bootstrap interval of the mean of ``(n,)`` values, n at least 2.

    Notes
    -----
    The percentiles of resampled means are too close for few subjects: of 95 % intervals from 12 normal values, 90 %
    hold the true mean, and 79 % from 4. Resampling divides by n where n - 1 belongs, and takes normal quantiles for
    Student's. Both are made up for by taking percentiles further out, at
    ``Phi(-sqrt(n / (n - 1)) * t(1 - alpha / 2; n - 1))`` (Hesterberg 2015, doi:10.1080/00031305.2015.1089789). No
    interval goes beyond the values themselves, and so that of few stays short: :func:`coverage`.
    """
    from scipy.special import ndtr
    from scipy.stats import t

    n = len(values)
    rows = generator(seed, "bootstrap").integers(0, n, (_RESAMPLES, n))
    tail = float(ndtr(-np.sqrt(n / (n - 1)) * t.ppf((1 + level) / 2, n - 1)))
    low, high = np.quantile(values[rows].mean(axis=1), (tail, 1 - tail))
    return float(low), float(high)


def coverage(n_subjects: int) -> float:
    """Return how often :func:`bootstrap_interval` holds the true mean of so many normal values, at a level of 0.95.

    >>> coverage(4), coverage(12)
    (0.88, 0.95)
    """
    return _COVERED.get(n_subjects, 0.95)


def compare_augmenters(scores: pd.DataFrame, rivals: Sequence[str] = SIMPLE_RIVALS) -> pd.DataFrame:
    """Compare every augmenter with the best of the rivals, for each classifier and metric.

    The verdicts of a metric hold together: their p values are corrected for the number of augmenters and classifiers.
    Where an augmenter scores lower than the best rival, its p value is first multiplied by the number of rivals, since
    that one was chosen by the scores that are compared.

    Parameters
    ----------
    scores
        One row a test subject: augmenter, classifier, seed, subject and the metrics.
    rivals
        The augmenters that others are held against; the best of those that ran is taken, on the same metric.

    Returns
    -------
    pandas.DataFrame
        One row a comparison: classifier, augmenter, metric, rival, n_subjects, mean, rival_mean, difference, low, high,
        p_value, p_holm, effect_size, detectable, verdict. Empty where no simple rival was run.
    """
    rows = []
    means = scores.groupby(["classifier", "augmenter", "subject"], sort=False)[list(COMPARED_METRICS)].mean()
    for classifier in scores["classifier"].unique():
        by_augmenter = means.loc[classifier]
        ran = list(dict.fromkeys(by_augmenter.index.get_level_values("augmenter")))
        held_against = [name for name in rivals if name in ran]
        for augmenter in [name for name in ran if name not in rivals]:
            for metric in COMPARED_METRICS if held_against else ():
                rival = max(held_against, key=lambda name: by_augmenter.loc[name][metric].mean())
                own, other = by_augmenter.loc[augmenter][metric].align(by_augmenter.loc[rival][metric])
                result = compare_paired(own.to_numpy(np.float64), other.to_numpy(np.float64))
                if result.difference < 0:
                    # The rival was chosen for its scores: whoever is held against the best of k is k times as likely
                    # to look worse by chance (Bonferroni). Looking better has been made harder by the choice already.
                    result = replace(result, p_value=min(1.0, result.p_value * len(held_against)))
                named = {"classifier": classifier, "augmenter": augmenter, "metric": metric, "rival": rival}
                rows.append(named | {"mean": own.mean(), "rival_mean": other.mean()} | vars(result))
    return correct_comparisons(pd.DataFrame(rows, columns=_COMPARISON))


def correct_comparisons(table: pd.DataFrame) -> pd.DataFrame:
    """Correct the p values of each metric for their number (Holm) and draw the verdicts from what is left.

    ``table`` holds rows of :func:`compare_augmenters`, of one call or of several that are read together.
    """
    table = table.reset_index(drop=True)
    corrected = np.ones(len(table))
    hopeless = np.zeros(len(table), bool)
    for metric in table["metric"].unique():
        together = (table["metric"] == metric).to_numpy()
        corrected[together] = holm(table["p_value"].to_numpy(np.float64)[together])
        sizes = table.loc[together, "n_subjects"]
        hopeless[together] = [smallest_p_value(int(n), int(together.sum())) >= LEVEL for n in sizes]
    lines = zip(corrected, table["low"], table["high"], strict=True)
    verdicts = pd.Series([decide(*line) for line in lines], dtype="str")
    # What no p value could have shown was not detectable either.
    detectable = table["detectable"].astype(np.float64).mask(hopeless)
    return table.assign(p_holm=corrected, detectable=detectable, verdict=verdicts)


def decide(p_value: float, low: float, high: float) -> Outcome:
    """Return ``helped`` or ``hurt`` when p < 0.05 (``LEVEL``) and the interval excludes zero, else ``undecided``."""
    if p_value >= LEVEL:
        return "undecided"
    return "helped" if low > 0 else "hurt" if high < 0 else "undecided"


def signed_rank_p_value(differences: NDArray[np.float64]) -> float:
    """Return the two-sided p value of Wilcoxon's signed-rank test for ``(n,)`` differences, not all zero.

    Zeros are ranked and then dropped (Pratt 1959, doi:10.1080/01621459.1959.10501526). Ties and zeros forbid the
    tabulated null distribution: of up to 13 differences all assignments of signs are enumerated instead.
    """
    from scipy.stats import rankdata, wilcoxon

    n = len(differences)
    tied = len(np.unique(np.abs(differences))) < n or bool((differences == 0).any())
    if tied and n <= _MOST_ENUMERATED:
        ranks = rankdata(np.abs(differences))[differences != 0]
        signs = 1 - 2 * (np.arange(2 ** len(ranks))[:, None] >> np.arange(len(ranks)) & 1)
        observed = abs(float(ranks @ np.sign(differences[differences != 0])))
        # Sums of ranks are multiples of a half: rounding cannot part equal ones by more.
        return float((np.abs(signs @ ranks) > observed - 0.25).mean())
    exact = not tied and n <= 50
    return float(wilcoxon(differences, zero_method="pratt", method="exact" if exact else "asymptotic").pvalue)
