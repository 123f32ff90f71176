"""What limits the scores of a run: said beside the verdict, where a reader would otherwise take too much from them."""

from __future__ import annotations

import pandas as pd

from escgan.evaluation.scarcity import Scarcity
from escgan.evaluation.significance import LEVEL, count_comparisons, coverage, smallest_p_value
from escgan.listing import first_of

# More subjects than these are counted instead of named.
_MOST_NAMED = 5


def caveats(
    scores: pd.DataFrame,
    comparisons: pd.DataFrame,
    acceptance: pd.DataFrame,
    scarcity: Scarcity | None = None,
    training_subjects: int | None = None,
) -> tuple[str, ...]:
    """Return a sentence for everything that limits the scores.

    Parameters
    ----------
    scores
        One row a test subject, fold, seed, augmenter and classifier, with ``recall: <class>`` for every class; NaN
        where the class does not occur.
    comparisons
        What :func:`escgan.evaluation.significance.compare_augmenters` makes of them.
    acceptance
        One row a fold, seed and augmenter that makes windows: wanted, tried and accepted.
    scarcity, training_subjects
        What the configuration took away from the training side; None where it took nothing.
    """
    less = (*made_scarce(scarcity), *fewer_trained(training_subjects))
    few = few_subjects(scores, count_comparisons(comparisons))
    return (*less, *few, *one_class_subjects(scores), *nothing_added(acceptance))


def made_scarce(scarcity: Scarcity | None) -> tuple[str, ...]:
    """Say which class was made scarce for training: its scores are not those that all windows would have given."""
    if scarcity is None or scarcity.keep == 1:
        return ()
    return (
        f"Class {scarcity.label} was made scarce on purpose: {100 * scarcity.keep:g} % of each recording's training "
        "windows of it were kept (scarcity). Scores and verdict hold for a class that scarce, not for all windows that "
        "were recorded.",
    )


def fewer_trained(training_subjects: int | None) -> tuple[str, ...]:
    """Say how many people models could learn from, where the configuration limits them."""
    if training_subjects is None:
        return ()
    people = "1 subject" if training_subjects == 1 else f"{training_subjects} subjects"
    return (
        f"Training was limited on purpose to {people} a fold, drawn by fold and seed (training_subjects). Scores and "
        "verdict hold for models that learned from no more people.",
    )


def few_subjects(scores: pd.DataFrame, n_comparisons: int = 1) -> tuple[str, ...]:
    """Say that so few subjects can show nothing, or that their intervals hold less often than 95 % promises."""
    n = scores["subject"].nunique()
    if n == 1:
        return (
            "There is one subject: nothing here says how anybody else would score, and no comparison has a p value.",
        )
    said, rate = [], coverage(n)
    # Where nothing was compared, a first comparison would be the only one.
    m = max(1, n_comparisons)
    floor = smallest_p_value(n, m)
    if floor >= LEVEL:
        needed = next(k for k in range(n, 100) if smallest_p_value(k, m) < LEVEL)
        among = f" in {m} comparisons" if m > 1 else ""
        said.append(
            f"There are {n} subjects: no p value can fall below {floor:.3g}{among}, so nothing can be shown to help or "
            f"hurt; {needed} subjects are the fewest that could."
        )
    if rate < 0.95:
        said.append(
            f"95 % intervals over {n} subjects are narrow: they hold the true mean in about {rate * 100:.0f} % of "
            "cohorts."
        )
    return tuple(said)


def one_class_subjects(scores: pd.DataFrame) -> tuple[str, ...]:
    """Name the subjects who were never tested on two classes at once: most of their scores are undefined."""
    recalls = [name for name in scores.columns if name.startswith("recall: ")]
    most = scores[recalls].notna().sum(axis=1).groupby(scores["subject"], sort=True).max()
    alone = [f"sub-{subject}" for subject in most.index[most < 2]]
    if not alone:
        return ()
    return (
        f"Tested on windows of one class at a time: {first_of(alone, _MOST_NAMED)}. "
        "There AUROC, AUPRC and the other classes' recalls are "
        "undefined and enter no mean, and balanced accuracy is the one class' recall: always guessing it scores 1.",
    )


def nothing_added(acceptance: pd.DataFrame) -> tuple[str, ...]:
    """Say which augmenters added no window: what they scored is the score of the real windows alone."""
    said = []
    for augmenter, folds in acceptance.groupby("augmenter", sort=False):
        empty = folds[folds["accepted"] == 0]
        if empty.empty:
            continue
        where = "" if len(empty) == len(folds) else f" in {len(empty)} of {len(folds)} trainings"
        if not empty["wanted"].any():
            why = "no class lacked any"
        elif empty["tried"].any():
            why = f"none of its {int(empty['tried'].sum())} edits was accepted"
        else:
            why = f"it made none of the {int(empty['wanted'].sum())} that classes lacked"
        said.append(f"{augmenter} added no window{where}: {why}. Its scores there are those of the real windows alone.")
    return tuple(said)
