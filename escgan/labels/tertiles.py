"""Three classes of equal size by one rating, or the outer two of them."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import model_validator

from escgan.errors import ConfigError
from escgan.labels.base import LEFT_OUT, RatingLabels, Scope, one_row_a_trial, own_borders


class TertileLabels(RatingLabels):
    """The lowest and the highest third of a rating, with or without what lies between.

    A rating equal to a border belongs to the outer class, so that whole-number scales keep their ends.
    """

    kind: Literal["tertiles"] = "tertiles"
    rating: str
    """The rating column, such as valence or arousal."""
    middle: Literal["drop", "keep"] = "drop"
    """Whether the middle third is left out or is a class of its own."""
    scope: Scope = "global"
    """Whose tertiles: ``per_subject`` the subject's own, ``global`` those of the training subjects together."""
    names: tuple[str, str, str] = ("low", "middle", "high")
    """Names of the three thirds; the middle one's is unused when it is dropped."""

    @model_validator(mode="after")
    def _names_differ(self) -> TertileLabels:
        if len(set(self.names)) != len(self.names):
            raise ValueError(f"classes are named twice in {list(self.names)}: give each its own name.")
        return self

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, in label order."""
        return self.names if self.middle == "keep" else (self.names[0], self.names[2])

    def apply(self, table: pd.DataFrame, training: pd.DataFrame) -> NDArray[np.int64]:
        """Label every row; raises ConfigError where the two borders coincide."""
        ratings = self.ratings(table, self.rating)
        lower, upper = np.empty(len(table)), np.empty(len(table))
        if self.scope == "global":
            lower[:], upper[:] = self._borders(training, "the training subjects")
        else:
            for subject, rows, own in own_borders(table, training, self.rating):
                lower[rows], upper[rows] = self._borders(own, f"sub-{subject}")
        labels = np.full(len(table), LEFT_OUT, np.int64)
        if self.middle == "keep":
            labels[(ratings > lower) & (ratings < upper)] = 1
        labels[ratings <= lower] = 0
        labels[ratings >= upper] = len(self.class_names) - 1
        return labels

    def words(self) -> str:
        """Say the definition in words."""
        whose = "each subject’s own ratings" if self.scope == "per_subject" else "the training subjects’ ratings"
        between = "left out" if self.middle == "drop" else f"“{self.names[1]}”"
        return (
            f"“{self.names[0]}” is the lowest and “{self.names[2]}” the highest third of {self.rating} among {whose}; "
            f"what lies between is {between}"
        )

    def _borders(self, table: pd.DataFrame, whose: str) -> tuple[float, float]:
        values = self.ratings(one_row_a_trial(table), self.rating)
        values = values[~np.isnan(values)]
        if not len(values):
            return float("nan"), float("nan")
        lower, upper = (float(v) for v in np.quantile(values, [1 / 3, 2 / 3]))
        if lower >= upper:
            raise ConfigError(
                f"The tertiles of '{self.rating}' of {whose} coincide at {lower:g}: too many trials have the same "
                "rating; take the tertiles globally, another rating, or a threshold."
            )
        return lower, upper
