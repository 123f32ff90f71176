"""The verdict in words, from the comparisons alone: helped, hurt or undecided, printed alike."""

from __future__ import annotations

import numpy as np
import pandas as pd

from escgan.evaluation.significance import LEVEL, SIMPLE_RIVALS, count_comparisons, smallest_p_value

UNSEEN = "unseen subjects"

_METRIC_NAMES = {"balanced_accuracy": "balanced accuracy", "auroc": "AUROC"}
_OUTCOMES = {
    "helped": "helped",
    "hurt": "hurt",
    "undecided": "made no difference that this cohort can show",
}


# Of a run whose augmenters leave nothing to compare.
NO_RIVALS = (
    f"that needs one of {', '.join(SIMPLE_RIVALS[:-1])} or {SIMPLE_RIVALS[-1]}, and one augmenter beside these; add "
    "what is missing."
)


def verdict_sentences(comparisons: pd.DataFrame, tested: str = UNSEEN, n_rivals: int = 1) -> tuple[str, ...]:
    """Say whether the windows that augmenters made helped on what the protocol ``tested``.

    The first sentence is the answer for one augmenter (:func:`headline_augmenter`), on balanced accuracy; one sentence
    a classifier and augmenter with the figures follows. A gain in balanced accuracy without one in AUROC is named
    for what it most likely is: a moved decision threshold. Where the interval excludes zero and p decides against it,
    that is said, with the ``n_rivals`` and the comparisons that p is corrected for.
    """
    if comparisons.empty:
        return (f"Nothing was compared: {NO_RIVALS}",)
    chosen = headline_augmenter(comparisons)
    order = sorted(comparisons["augmenter"].unique(), key=lambda name: name != chosen)
    sentences = [_headline(comparisons, chosen, tested)]
    for augmenter in order:
        for classifier in comparisons["classifier"].unique():
            sentences += _sentences(comparisons, augmenter, classifier, tested, n_rivals)
    return tuple(sentences)


def headline_augmenter(comparisons: pd.DataFrame) -> str:
    """Return the augmenter that the answer is about: ESC-GAN, under its own name or one that begins so, else the first.

    >>> headline_augmenter(pd.DataFrame({"augmenter": ["smote", "escgan-mild", "escgan"]}))
    'escgan'
    """
    names = [str(name) for name in comparisons["augmenter"].unique()]
    return min(names, key=lambda name: (name != "escgan", not name.startswith("escgan")))


def _headline(comparisons: pd.DataFrame, augmenter: str, tested: str) -> str:
    chosen = (comparisons["augmenter"] == augmenter) & (comparisons["metric"] == "balanced_accuracy")
    with_classifiers: dict[str, list[str]] = {}
    for _, row in comparisons[chosen].iterrows():
        with_classifiers.setdefault(_OUTCOMES[str(row["verdict"])], []).append(str(row["classifier"]))
    parts = [f"{words} with {_listed(names)}" for words, names in with_classifiers.items()]
    n_subjects = int(comparisons.loc[chosen, "n_subjects"].max())
    plural = "s" * (n_subjects != 1)
    where = f"{n_subjects} unseen subject{plural}" if tested == UNSEEN else f"{tested} ({n_subjects} subject{plural})"
    return f"On {where}, {augmenter} {_listed(parts)}."


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _sentences(comparisons: pd.DataFrame, augmenter: str, classifier: str, tested: str, n_rivals: int) -> list[str]:
    own = comparisons[(comparisons["augmenter"] == augmenter) & (comparisons["classifier"] == classifier)]
    rows = {str(row["metric"]): row for _, row in own.iterrows()}
    if "balanced_accuracy" not in rows:
        return []
    row = rows["balanced_accuracy"]
    sentence = f"With {classifier}, {augmenter} {_OUTCOMES[str(row['verdict'])]} on {tested}: {_change(row)}"
    if row["verdict"] == "undecided" and row["n_subjects"] > 1:
        sentence += _power(row, count_comparisons(comparisons), n_rivals)
    sentence += "."
    if "auroc" in rows:
        ranked = rows["auroc"]
        sentence += f" {_change(ranked)}"
        if row["verdict"] == "helped" and ranked["verdict"] != "helped":
            sentence += ", so the gain is most likely a moved decision threshold, not better separation"
        sentence += "."
    return [sentence]


def _power(row: pd.Series, n_comparisons: int, n_rivals: int) -> str:
    """Say what an undecided comparison could have shown, and what its interval alone would have said."""
    # What is lower than the best of several rivals counts them as comparisons too.
    n_corrected = n_comparisons * (n_rivals if row["difference"] < 0 else 1)
    floor = smallest_p_value(int(row["n_subjects"]), n_corrected)
    if row["low"] == row["high"] == 0:
        said = "; every subject scored the same with both"
    elif np.isfinite(row["detectable"]):
        subject = "it" if n_corrected == 1 else "a single comparison"
        said = f"; {subject} would likely have shown a difference of {row['detectable']:.3f} or more"
    else:
        said = ""
    corrected = _corrected(row, n_comparisons, n_rivals)
    if floor >= LEVEL:
        what = "none" if smallest_p_value(int(row["n_subjects"]), n_comparisons) >= LEVEL else "no loss"
        said += f"; so few subjects can show {what}, as p{corrected} cannot fall below {floor:.3g}"
    elif row["p_holm"] >= LEVEL and (row["low"] > 0 or row["high"] < 0):
        said += f"; the interval excludes zero, but p{corrected} is not below {LEVEL}"
    return said


def _corrected(row: pd.Series, n_comparisons: int, n_rivals: int) -> str:
    """Name what multiplied a p value."""
    counted = [f"{n_rivals} rivals"] if n_rivals > 1 and row["difference"] < 0 else []
    counted += [f"{n_comparisons} comparisons"] if n_comparisons > 1 else []
    return f", corrected for {_listed(counted)}," if counted else ""


def _change(row: pd.Series) -> str:
    name = _METRIC_NAMES[str(row["metric"])]
    if row["n_subjects"] == 0:
        return f"{name} is undefined for every subject"
    interval = (
        f" (95 % interval {_signed(row['low'])} to {_signed(row['high'])}, p = {row['p_holm']:.3g}, "
        f"{row['n_subjects']} subjects)"
        if row["n_subjects"] > 1
        else " (one subject: no interval)"
    )
    means = f"{row['mean']:.3f} against {row['rival_mean']:.3f} with {row['rival']}"
    return f"{name} {means}, {_signed(row['difference'])}{interval}"


def _signed(value: float) -> str:
    # Adding zero turns a rounded -0.000 into +0.000.
    return f"{round(value, 3) + 0.0:+.3f}"
