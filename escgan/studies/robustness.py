"""Whether augmentation makes networks stand perturbations that were made to mislead them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import pandas as pd

from escgan.classifiers import CLASSIFIERS
from escgan.config import PipelineConfig
from escgan.errors import ConfigError
from escgan.evaluation.robustness import RobustnessConfig
from escgan.studies.base import Measure, Study, StudyResults, Variant
from escgan.studies.summary import mean_text, means_over_subjects, with_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BOUNDED = ("fgsm", "pgd")
_ROW = ["classifier", "attack", "epsilon", "augmenter"]


class RobustnessStudy(Study):
    """Attack every network of the experiment, trained with each augmenter's windows, on its test windows.

    Augmenters that move the decision threshold are left out: attacks need a network's own decision.
    """

    title: ClassVar[str] = "robustness against adversarial perturbations"
    columns: ClassVar[tuple[str, ...]] = ()
    measures: ClassVar[Measure] = "robustness"
    reading: ClassVar[str] = (
        "Means over subjects, accuracy with its 95 % bootstrap interval. Epsilon bounds the change of each value of a "
        "network's input; DeepFool goes as far as it must. The relative length is that of the perturbation over that "
        "of the input."
    )
    kind: Literal["robustness"] = "robustness"
    attacks: RobustnessConfig = RobustnessConfig()
    """The attacks."""

    def variants(self, experiment: PipelineConfig) -> tuple[Variant, ...]:
        """Return the experiment with its networks alone."""
        networks = tuple(c for c in experiment.classifiers if c.differentiable)
        if not networks:
            known = ", ".join(kind for kind, cls in CLASSIFIERS.items() if cls.differentiable)
            raise ConfigError(f"Attacks need a network, and {experiment.name} has none: add one of {known}.")
        augmenters = tuple(a for a in experiment.augmenters if not a.moves_threshold)
        return (Variant({}, experiment.model_copy(update={"classifiers": networks, "augmenters": augmenters})),)

    def table(self, results: StudyResults) -> pd.DataFrame:
        """Return a row a classifier, attack, epsilon and augmenter."""
        own = _subjects(results)
        table = means_over_subjects(own, _ROW, "accuracy")
        shown = table[_ROW].copy()
        shown["accuracy"] = [with_interval(*line) for line in table[["mean", "low", "high"]].to_numpy()]
        for name, heading in (
            ("balanced_accuracy", "balanced accuracy"), ("auroc", "AUROC"), ("mean_relative_l2", "relative length"),
        ):  # fmt: skip
            shown[heading] = means_over_subjects(own, _ROW, name)["mean"].map("{:.3f}".format)
        return shown.replace({"nan": ""})

    def figure(self, results: StudyResults) -> Figure:
        """Draw accuracy under each bounded attack over epsilon; DeepFool's lengths where it is the only attack."""
        from escgan.studies.figures import attack_curves, score_dots

        own = _subjects(results)
        if own["attack"].isin(_BOUNDED).any():
            return attack_curves(own)
        unbounded = own[own["attack"] == "deepfool"].rename(columns={"mean_relative_l2": "relative length"})
        return score_dots(unbounded, "attack", "relative length")

    def sentences(self, results: StudyResults) -> tuple[str, ...]:
        """Say what each classifier's accuracy falls to under the strongest attack, and how far DeepFool had to go."""
        own = _subjects(results)
        found = []
        for classifier in own["classifier"].unique():
            mine = own[own["classifier"] == classifier]
            bounded = mine[mine["attack"].isin(_BOUNDED)]
            for attack in bounded["attack"].unique():
                strongest = float(bounded["epsilon"].max())
                at = bounded[(bounded["attack"] == attack) & (bounded["epsilon"] == strongest)]
                means = means_over_subjects(at, ["augmenter"], "accuracy").sort_values("mean", ascending=False)
                found.append(f"Accuracy of {classifier} under {attack} with epsilon {strongest:g}: {_told(means)}.")
            unbounded = mine[mine["attack"] == "deepfool"]
            if len(unbounded):
                means = means_over_subjects(unbounded, ["augmenter"], "mean_relative_l2")
                means = means.sort_values("mean", ascending=False)
                found.append(
                    f"Relative length of DeepFool's perturbations of what {classifier} judges right, longer where "
                    f"it is harder to mislead: {_told(means)}."
                )
        return tuple(found)


def _told(means: pd.DataFrame) -> str:
    """List augmenters with their means."""
    return ", ".join(f"{name} {mean_text(mean)}" for name, mean in means[["augmenter", "mean"]].to_numpy())


def _subjects(results: StudyResults) -> pd.DataFrame:
    """Return the subjects' rows, attack by attack from the smallest epsilon on, augmenters as they ran."""
    own = results.measured[results.measured["level"] == "subject"]
    own = own.sort_values(["classifier", "attack", "epsilon"], kind="stable", key=_in_order)
    # A group without a value would be dropped.
    return own.assign(epsilon=own["epsilon"].astype(object).where(own["epsilon"].notna(), "least"))


def _in_order(column: pd.Series) -> pd.Series:
    """Rank names by where they first stand, and leave numbers as they are."""
    if pd.api.types.is_numeric_dtype(column):
        return column
    return pd.Series(pd.factorize(column)[0], index=column.index)
