"""Two classes, below and above one border."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import model_validator

from escgan.labels.base import LEFT_OUT, RatingLabels, Scope, one_row_a_trial, own_borders


class ThresholdLabels(RatingLabels):
    """Two classes, below and above a threshold on one rating."""

    kind: Literal["threshold"] = "threshold"
    rating: str
    """The rating column, such as valence or arousal."""
    threshold: float | Literal["median", "mean"] = 5.0
    """Where the upper class begins: a number, or the median or mean of the trials' ratings."""
    scope: Scope = "global"
    """Whose median or mean: ``per_subject`` the subject's own, ``global`` that of the training subjects together."""
    direction: Literal[">=", ">"] = ">="
    """Whether a rating equal to the threshold belongs to the upper class."""
    names: tuple[str, str] = ("low", "high")
    """Names of the lower and the upper class."""

    @model_validator(mode="after")
    def _settings_agree(self) -> ThresholdLabels:
        if self.names[0] == self.names[1]:
            raise ValueError(f"both classes are named '{self.names[0]}': give each its own name.")
        if self.scope == "per_subject" and not isinstance(self.threshold, str):
            raise ValueError(
                f"a threshold of {self.threshold:g} is the same for every subject: set threshold to median or mean, or "
                "leave scope out."
            )
        return self

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, in label order."""
        return self.names

    def apply(self, table: pd.DataFrame, training: pd.DataFrame) -> NDArray[np.int64]:
        """Label every row; a missing rating is an error or, where ``missing`` says so, left out."""
        ratings = self.ratings(table, self.rating)
        borders = np.empty(len(table))
        if not isinstance(self.threshold, str):
            borders[:] = self.threshold
        elif self.scope == "global":
            borders[:] = self._border(training)
        else:
            for _, rows, own in own_borders(table, training, self.rating):
                borders[rows] = self._border(own)
        upper = ratings >= borders if self.direction == ">=" else ratings > borders
        return np.where(np.isnan(ratings), LEFT_OUT, upper.astype(np.int64))

    def words(self) -> str:
        """Say the definition in words."""
        border = f"{self.threshold:g}" if not isinstance(self.threshold, str) else self.threshold
        if isinstance(self.threshold, str):
            border = f"{'each subject’s own' if self.scope == 'per_subject' else 'the training subjects’'} {border}"
        return f"“{self.names[1]}” is a rating of {self.rating} {self.direction} {border}, “{self.names[0]}” any other"

    def _border(self, table: pd.DataFrame) -> float:
        values = self.ratings(one_row_a_trial(table), self.rating)
        values = values[~np.isnan(values)]
        # A subject who rated nothing has no window to label either.
        if not len(values):
            return float("nan")
        return float(np.median(values) if self.threshold == "median" else np.mean(values))
