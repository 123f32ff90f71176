"""How like real windows the edits are, whether they are copies, and where they were moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import pandas as pd

from escgan.config import PipelineConfig
from escgan.errors import ConfigError
from escgan.evaluation.fidelity import FidelityConfig
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
_YARDSTICK = "real windows"


class FidelityStudy(Study):
    """Measure every augmenter's windows within the training side of each fold, beside real windows of other people."""

    title: ClassVar[str] = "fidelity of the edits"
    columns: ClassVar[tuple[str, ...]] = ()
    measures: ClassVar[Measure] = "fidelity"
    reading: ClassVar[str] = (
        "Means over folds and seeds, of each augmenter's windows and of real windows of people whom the evaluator has "
        "not seen, held against the same real windows. What repeats real windows comes closest to them by KID, Frechet "
        "distance, precision, density and coverage: read these beside the distance ratio (1 is as far from the nearest "
        "real window as real windows are from each other) and the share that is closer than the closest twentieth of "
        "real ones."
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
        """Return a row a target class and augmenter: means over folds and seeds."""
        measured = _with_yardstick(results.measured)
        means = measured.groupby(["target", "augmenter"], sort=False)[list(_SHOWN)].mean().reset_index()
        return means.rename(columns=_SHOWN)

    def figure(self, results: StudyResults) -> Figure:
        """Draw each measure as dots, a dot a fold."""
        from escgan.studies.figures import measure_dots

        return measure_dots(_with_yardstick(results.measured), _SHOWN)

    def sentences(self, results: StudyResults) -> tuple[str, ...]:
        """Say which edits are closest to real windows, and which copy."""
        table = self.table(results)
        edits = table[table["augmenter"] != _YARDSTICK]
        real = table[table["augmenter"] == _YARDSTICK]
        closest = edits.sort_values("Frechet").iloc[0]
        name, distance = closest["augmenter"], closest["Frechet"]
        found = [
            f"The smallest Frechet distance to real windows is that of {name}, {distance:.3g}; real windows of "
            f"other people have {real['Frechet'].mean():.3g}."
        ]
        near = edits[edits["closer than 5 %"] > 0.5]["augmenter"]
        if len(near):
            found.append(
                "More than half of the windows lie as close to a training window as the closest twentieth of real "
                f"windows do to one another: {', '.join(dict.fromkeys(near))}."
            )
        copies = edits[edits["copies"] > 0]["augmenter"]
        if len(copies):
            found.append(f"Exact copies of training windows were made by: {', '.join(dict.fromkeys(copies))}.")
        return tuple(found)


def _with_yardstick(measured: pd.DataFrame) -> pd.DataFrame:
    """Name the real windows' rows, which are the same for all augmenters but for what is drawn, as an augmenter."""
    real = measured["compared"] == "real"
    return measured.assign(augmenter=measured["augmenter"].where(~real, _YARDSTICK))
