"""From ratings or conditions to classes.

Labels are a view of what the subject said, not data: the tables carry the ratings, and a labelling is applied
where windows are gathered. So switching from valence to arousal recomputes no signal and no feature.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator

from escgan.errors import ConfigError
from escgan.settings import Settings


class ThresholdLabels(Settings):
    """Two classes, below and above a threshold on one rating."""

    kind: Literal["threshold"] = "threshold"
    rating: str
    """The rating column, such as valence or arousal."""
    threshold: float = 5.0
    """Where the upper class begins."""
    direction: Literal[">=", ">"] = ">="
    """Whether a rating equal to the threshold belongs to the upper class."""
    names: tuple[str, str] = ("low", "high")
    """Names of the lower and the upper class."""

    @model_validator(mode="after")
    def _names_differ(self) -> ThresholdLabels:
        if self.names[0] == self.names[1]:
            raise ValueError(f"both classes are named '{self.names[0]}': give each its own name.")
        return self

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in label order."""
        return self.names

    def apply(self, table: pd.DataFrame) -> NDArray[np.int64]:
        """Label every row: ``(n_rows,)`` int64.

        Raises
        ------
        ConfigError
            If the table has no such rating, or a rating is missing.
        """
        # Times are floats as well, but nothing that a subject said.
        known = [c for c in table.columns if table[c].dtype == np.float64 and not c.endswith("_s")]
        if self.rating not in known:
            listed = ", ".join(known) or "none"
            raise ConfigError(f"There is no rating '{self.rating}' in this corpus: expected one of {listed}.")
        ratings = table[self.rating].to_numpy(dtype=np.float64)
        _refuse_missing(table, np.isnan(ratings), self.rating)
        upper = ratings >= self.threshold if self.direction == ">=" else ratings > self.threshold
        return upper.astype(np.int64)


class ConditionLabels(Settings):
    """Classes that the experiment's design gives, by the names of their conditions."""

    kind: Literal["classes"] = "classes"
    classes: tuple[str, ...] = Field(min_length=2)
    """Conditions in label order; trials of other conditions are an error."""

    @model_validator(mode="after")
    def _classes_differ(self) -> ConditionLabels:
        if len(set(self.classes)) != len(self.classes):
            raise ValueError(f"classes are named twice in {list(self.classes)}: give each once.")
        return self

    def apply(self, table: pd.DataFrame) -> NDArray[np.int64]:
        """Label every row: ``(n_rows,)`` int64; raises ConfigError for a condition that is not listed."""
        conditions = table["condition"].astype("object")
        unknown = ~conditions.isin(self.classes).to_numpy()
        if unknown.any():
            row = table[unknown].iloc[0]
            raise ConfigError(
                f"Trial {row['trial']} of sub-{row['subject']} has condition '{row['condition']}', "
                f"which is not among the classes {', '.join(self.classes)}: add it or drop the trial."
            )
        numbers = conditions.map({name: i for i, name in enumerate(self.classes)})
        return np.asarray(numbers, dtype=np.int64)


LabelConfig = Annotated[ThresholdLabels | ConditionLabels, Field(discriminator="kind")]


def _refuse_missing(table: pd.DataFrame, missing: NDArray[np.bool_], rating: str) -> None:
    if missing.any():
        row = table[missing].iloc[0]
        raise ConfigError(
            f"Trial {row['trial']} of sub-{row['subject']} has no rating '{rating}': "
            "choose a rating that every trial has."
        )
