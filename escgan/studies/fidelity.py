"""How like real windows the edits are, whether they are copies, and where they were moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import pandas as pd

from escgan.config import PipelineConfig
from escgan.errors import ConfigError
from escgan.evaluation.fidelity import FidelityConfig
from escgan.listing import first_of
from escgan.studies.base import Measure, Study, StudyResults, Variant

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHOWN = {
    "kid": "KID",
    "frechet": "Frechet",
    "inception_score": "inception score",
    "target_probability": "target probability",
    "precision": "precision",
    "recall": "recall",
    "density": "density",
    "coverage": "coverage",
    "distance_ratio": "distance ratio",
    "closer_than_5pct": "closer than 5 %",
    "copies": "copies",
    "shift_correlation": "shift correlation",
}
_IN_FEATURES = list(_SHOWN)[: list(_SHOWN).index("distance_ratio")]
_PAIR = ["target", "augmenter", "fold", "seed"]
_MOST_TOLD = 12


class FidelityStudy(Study):
    """Measure every augmenter's windows within the training side of each fold, beside real windows of other people."""

    title: ClassVar[str] = "fidelity of the edits"
    columns: ClassVar[tuple[str, ...]] = ()
    measures: ClassVar[Measure] = "fidelity"
    reading: ClassVar[str] = (
        "Means over folds and seeds: of each augmenter's windows (edits) and, beside them, of as many real windows of "
        "people whom the evaluator has not seen (real), held against the same real windows. Distances depend on how "
        "many are compared, and augmenters make different numbers: compare them by how far they are beyond their own "
        "yardstick (Frechet beyond real, where both are known). What repeats real windows comes closest to them by "
        "KID, Frechet distance, precision, density and coverage: read these beside the distance ratio (1 is as far "
        "from the nearest real window as real windows are from each other) and the share that is closer than the "
        "closest twentieth of real ones."
    )
    kind: Literal["fidelity"] = "fidelity"
    comparison: FidelityConfig = FidelityConfig()
    """How edits are compared with real windows."""

    def variants(self, experiment: PipelineConfig) -> tuple[Variant, ...]:
        """Return the experiment as it is."""
        if not experiment.generating:
            raise ConfigError(f"{experiment.name} has no augmenter that makes windows: add one, such as escgan.")
        return (Variant({}, experiment),)

    def table(self, results: StudyResults) -> pd.DataFrame:
        """Return two rows a target class and augmenter, edits and their yardstick: means over folds and seeds."""
        heads = {"n_compared": "n compared", "beyond": "Frechet beyond real", **_SHOWN}
        by = ["target", "augmenter", "compared"]
        means = _beside_yardsticks(results.measured).groupby(by, sort=False)[list(heads)].mean().reset_index()
        return means.rename(columns=heads)

    def figure(self, results: StudyResults) -> Figure:
        """Draw each measure as dots, a dot a fold."""
        from escgan.studies.figures import measure_dots

        return measure_dots(_beside_yardsticks(results.measured), _SHOWN, _augmenters(results))

    def sentences(self, results: StudyResults) -> tuple[str, ...]:
        """Say which edits are closest to real windows of each class, which could not be compared, and which copy."""
        rows = _beside_yardsticks(results.measured)
        edits = rows[rows["compared"] == "edits"]
        if not len(edits):
            return (
                f"No window was made, or none accepted, by {', '.join(_augmenters(results))} in any fold: there is "
                "nothing to compare.",
            )
        known = edits[edits["beyond"].notna()]
        means = known.groupby(["target", "augmenter"], sort=False)[["frechet", "beyond"]].mean().reset_index()
        found = []
        for target in edits["target"].unique():
            own = means[means["target"] == target].sort_values("beyond", kind="stable")
            for name, distance, beyond in own[["augmenter", "frechet", "beyond"]].head(1).to_numpy():
                found.append(
                    f"Of the windows made for {target}, those of {name} lie nearest to real ones, for how many are "
                    f"compared: Frechet distance {distance:.3g}, and {distance - beyond:.3g} for as many real windows "
                    "of other people."
                )
        found += self._left_out(results, known, list(edits["target"].unique()))
        table = self.table(results)
        own = table[table["compared"] == "edits"]
        near = own[own["closer than 5 %"] > 0.5]["augmenter"]
        if len(near):
            found.append(
                "More than half of the windows lie as close to a training window as the closest twentieth of real "
                f"windows do to one another: {', '.join(dict.fromkeys(near))}."
            )
        copies = own[own["copies"] > 0]["augmenter"]
        if len(copies):
            found.append(f"Exact copies of training windows were made by: {', '.join(dict.fromkeys(copies))}.")
        return tuple(found)

    def _left_out(self, results: StudyResults, known: pd.DataFrame, targets: list[str]) -> list[str]:
        """Say in how many folds an augmenter's windows of a class could not be compared."""
        lines = []
        for augmenter, asked in results.asked.groupby("augmenter", sort=False):
            for target in targets:
                compared = ((known["augmenter"] == augmenter) & (known["target"] == target)).sum()
                if compared < len(asked):
                    lines.append(f"{target} by {augmenter} in {len(asked) - compared} of {len(asked)}")
        if not lines:
            return []
        return [
            f"Not compared by Frechet distance, as edits or real windows on a side were fewer than "
            f"{self.comparison.fewest_windows}, in so many folds, counted once a seed: {first_of(lines, _MOST_TOLD)}."
        ]


def _augmenters(results: StudyResults) -> list[str]:
    """Name the augmenters that were asked for windows, those that made none too."""
    return list(results.asked["augmenter"].unique())


def _beside_yardsticks(measured: pd.DataFrame) -> pd.DataFrame:
    """Say of each fold's edits how far ``beyond`` their yardstick they are; keep yardsticks with edits beside them.

    What is measured in features depends on how many windows are compared, which the number of edits decides: an
    augmenter's yardstick is its own, and means over folds are of like with like.
    """
    of_edits = measured["compared"] == "edits"
    rows = measured.assign(n_compared=measured["n_compared"].where(measured["n_compared"] > 0))
    pair = [rows[name] for name in _PAIR]
    own, yardstick = (rows["frechet"].where(side).groupby(pair).transform("max") for side in (of_edits, ~of_edits))
    rows["beyond"] = (own - yardstick).where(of_edits)
    alone = ~of_edits & own.isna()
    rows[["n_compared", *_IN_FEATURES]] = rows[["n_compared", *_IN_FEATURES]].mask(alone)
    return rows
