"""Four classes: the quadrants of the plane of valence and arousal (Russell 1980)."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import model_validator

from escgan.labels.base import LEFT_OUT, RatingLabels, Scope
from escgan.labels.threshold import ThresholdLabels


class QuadrantLabels(RatingLabels):
    """Low and high valence crossed with low and high arousal."""

    kind: Literal["quadrants"] = "quadrants"
    valence: str = "valence"
    """The rating column of valence."""
    arousal: str = "arousal"
    """The rating column of arousal."""
    threshold: float | Literal["median", "mean"] = 5.0
    """Where the upper halves begin: a number, or the median or mean of each rating."""
    scope: Scope = "global"
    """Whose median or mean: ``per_subject`` the subject's own, ``global`` that of the training subjects together."""
    direction: Literal[">=", ">"] = ">="
    """Whether a rating equal to the threshold belongs to the upper half."""
    names: tuple[str, str, str, str] = ("LVLA", "LVHA", "HVLA", "HVHA")
    """Names for low valence with low and high arousal, then high valence with low and high arousal."""

    @model_validator(mode="after")
    def _settings_agree(self) -> QuadrantLabels:
        if len(set(self.names)) != len(self.names):
            raise ValueError(f"classes are named twice in {list(self.names)}: give each its own name.")
        if self.valence == self.arousal:
            raise ValueError(f"valence and arousal are both '{self.valence}': name two ratings.")
        self._half(self.valence)
        return self

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, in label order."""
        return self.names

    def apply(self, table: pd.DataFrame, training: pd.DataFrame) -> NDArray[np.int64]:
        """Label every row; a trial that lacks either rating is an error or left out."""
        valence = self._half(self.valence).apply(table, training)
        arousal = self._half(self.arousal).apply(table, training)
        absent = (valence == LEFT_OUT) | (arousal == LEFT_OUT)
        return np.where(absent, LEFT_OUT, 2 * valence + arousal)

    def words(self) -> str:
        """Say the definition in words."""
        halves = f"{self._half(self.valence).words()}; {self._half(self.arousal).words()}"
        return f"the classes {', '.join(self.names)} are the quadrants of valence and arousal, where {halves}"

    def _half(self, rating: str) -> ThresholdLabels:
        names = (f"low {rating}", f"high {rating}")
        return ThresholdLabels(
            rating=rating,
            threshold=self.threshold,
            scope=self.scope,
            direction=self.direction,
            names=names,
            missing=self.missing,
        )
