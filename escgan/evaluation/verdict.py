"""The verdict in words, from the comparisons alone: helped, hurt or undecided, printed alike."""

from __future__ import annotations

import pandas as pd

UNSEEN = "unseen subjects"

_METRIC_NAMES = {"balanced_accuracy": "balanced accuracy", "auroc": "AUROC"}
_OUTCOMES = {
    "helped": "helped",
    "hurt": "hurt",
    "undecided": "made no difference that this cohort can show",
}


def verdict_sentences(comparisons: pd.DataFrame, tested: str = UNSEEN) -> tuple[str, ...]:
    """Say whether the windows that augmenters made helped on what the protocol ``tested``.

    The first sentence is the answer for ESC-GAN (or the first augmenter), on balanced accuracy; one sentence a
    classifier and augmenter with the figures follows. A gain in balanced accuracy without one in AUROC is named
    for what it most likely is: a moved decision threshold.
    """
    if comparisons.empty:
        return (
            "Nothing was compared: the run has no augmenter beside none, class_weight and threshold, or none of these.",
        )
    order = sorted(comparisons["augmenter"].unique(), key=lambda name: name != "escgan")
    sentences = [_headline(comparisons, order[0], tested)]
    for augmenter in order:
        for classifier in comparisons["classifier"].unique():
            sentences += _sentences(comparisons, augmenter, classifier, tested)
    return tuple(sentences)


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


def _sentences(comparisons: pd.DataFrame, augmenter: str, classifier: str, tested: str) -> list[str]:
    own = comparisons[(comparisons["augmenter"] == augmenter) & (comparisons["classifier"] == classifier)]
    rows = {str(row["metric"]): row for _, row in own.iterrows()}
    if "balanced_accuracy" not in rows:
        return []
    row = rows["balanced_accuracy"]
    sentence = f"With {classifier}, {augmenter} {_OUTCOMES[str(row['verdict'])]} on {tested}: {_change(row)}"
    if row["verdict"] == "undecided" and row["n_subjects"] > 1:
        sentence += f"; it would likely have shown a difference of {row['detectable']:.3f} or more"
    sentence += "."
    if "auroc" in rows:
        ranked = rows["auroc"]
        sentence += f" {_change(ranked)}"
        if row["verdict"] == "helped" and ranked["verdict"] != "helped":
            sentence += ", so the gain is most likely a moved decision threshold, not better separation"
        sentence += "."
    return [sentence]


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
