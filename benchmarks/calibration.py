"""Whether verdicts err as rarely as they say and find what is there, and whether intervals cover.

Nothing here is timed. Every cohort goes the whole way, from windows to the verdict that a run prints.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, nct, t

from benchmarks.cohorts import chosen, cohort, compared_metrics, left_one_out, trained
from benchmarks.ratio import Ratio
from escgan.evaluation.significance import bootstrap_interval, compare_augmenters, coverage

N_NULL, N_PILOT, N_POWER, N_INTERVALS = 200, 100, 200, 2000
CANDIDATES = ("smote", "noise", "mean_shift", "subject_shift")
LEVEL, SURE = 0.05, 0.99

# A mild gain of filling up a class that is half as frequent as the other: large enough to be found by some dozen
# people, and small enough for fewer to miss it.
EFFECT, COUNTS = 0.7, (32, 16)
SIZES = (6, 12, 32)


def ratios() -> list[Ratio]:
    """Count wrong claims, found effects and covered means."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:

        def each(measure: Callable[[Any], Any], of: Sequence[Any]) -> list[Any]:
            return list(pool.map(measure, of, chunksize=5))

        return [*_wrong_claims(each(null_verdicts, range(N_NULL))), *_power(each), *_coverage()]


def null_verdicts(seed: int) -> dict[tuple[str, str], bool]:
    """Tell for each metric whether any augmenter helped, or hurt, in a cohort whose classes do not differ."""
    compared = compare_augmenters(
        left_one_out(cohort(0.0, seed), chosen("none", "class_weight", *CANDIDATES), compared_metrics)
    )
    return {
        (metric, verdict): bool((own["verdict"] == verdict).any())
        for metric, own in compared.groupby("metric")
        for verdict in ("helped", "hurt")
    }


def _wrong_claims(found: list[dict[tuple[str, str], bool]]) -> list[Ratio]:
    allowed = float(binom.ppf(SURE, len(found), LEVEL)) / len(found)
    return [
        Ratio(
            f"no effect: cohorts in which an augmenter wrongly '{verdict}' by {metric}",
            float(np.mean([one[metric, verdict] for one in found])),
            allowed,
            False,
            "",
            f"{sum(one[metric, verdict] for one in found)} of {len(found)} cohorts, {len(CANDIDATES)} augmenters each",
            f"{LEVEL} and its binomial error",
        )
        for metric, verdict in found[0]
    ]


def gains(seed: int, n_subjects: int = 10) -> NDArray[np.float64]:
    """Return each person's gain of balanced accuracy by filling up the rarer class with copies."""
    windows = cohort(EFFECT, seed, n_subjects, COUNTS)
    table = left_one_out(windows, chosen("none", "oversample"), compared_metrics)
    wide = table.pivot_table(index="subject", columns="augmenter", values="balanced_accuracy")
    return (wide["oversample"] - wide["none"]).to_numpy(np.float64)


def verdict(seed_and_size: tuple[int, int]) -> bool:
    """Tell whether the gain is found in a cohort of so many people."""
    seed, n_subjects = seed_and_size
    windows = cohort(EFFECT, seed, n_subjects, COUNTS)
    compared = compare_augmenters(
        left_one_out(windows, chosen("none", "oversample"), compared_metrics), rivals=("none",)
    )
    own = compared[compared["metric"] == "balanced_accuracy"]
    return bool((own["verdict"] == "helped").all())


def predicted_power(mean: float, deviation: float, n: int) -> float:
    """Return the power of a two-sided test at 5 %: Student's, with the signed-rank test's efficiency of 3 / pi."""
    effective = n * 3 / np.pi
    border = t.ppf(1 - LEVEL / 2, n - 1)
    return float(nct.sf(border, n - 1, mean / deviation * np.sqrt(effective)))


def _power(each: Callable[..., list[Any]]) -> list[Ratio]:
    # People that later cohorts do not hold.
    pilot = np.concatenate(each(gains, range(10_000, 10_000 + N_PILOT)))
    mean, deviation = float(pilot.mean()), float(pilot.std(ddof=1))
    enough = next(n for n in range(6, 200) if predicted_power(mean, deviation, n) >= 0.8)
    found = []
    for n in sorted({max(6, enough // 2), enough}):
        expected = predicted_power(mean, deviation, n)
        share = float(np.mean(each(verdict, [(20_000 + i, n) for i in range(N_POWER)])))
        detail = f"mean gain {mean:.4f}, deviation {deviation:.4f} in a pilot of {len(pilot)}; {N_POWER} cohorts"
        bar = float(binom.ppf(1 - SURE, N_POWER, expected)) / N_POWER
        found.append(
            Ratio(
                f"a known gain: found by {n} people",
                share,
                bar,
                True,
                "",
                detail,
                f"{expected:.2f} computed beforehand, less its binomial error",
            )
        )
    return found


def _coverage() -> list[Ratio]:
    train, people = cohort(0.7, 1), cohort(0.7, 2, n_subjects=1000)
    model = trained(train, chosen("class_weight")["class_weight"])
    population = compared_metrics(model, people)["balanced_accuracy"].to_numpy()
    draw = np.random.default_rng(0)
    found = []
    for n in SIZES:
        covered = 0
        for _ in range(N_INTERVALS):
            low, high = bootstrap_interval(draw.choice(population, n))
            covered += low <= population.mean() <= high
        bar = float(binom.ppf(1 - SURE, N_INTERVALS, coverage(n))) / N_INTERVALS
        found.append(
            Ratio(
                f"intervals: 95 % ones of {n} people's balanced accuracy that hold the true mean",
                covered / N_INTERVALS,
                bar,
                True,
                "",
                f"{N_INTERVALS} draws from a population of {len(population)} people",
                f"{coverage(n)}, as a run states it, less its binomial error",
            )
        )
    return found
