"""Classes that the experiment's design gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator

from escgan.errors import ConfigError
from escgan.labels.base import LEFT_OUT, Labelling


class ConditionLabels(Labelling):
    """Classes by the names of their conditions, each one condition or a group of several."""

    kind: Literal["classes"] = "classes"
    classes: tuple[str, ...] = Field(min_length=2)
    """Classes in label order: names of conditions, or of groups of them."""
    groups: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    """The conditions of a class that is not simply the condition of its own name."""
    others: Literal["refuse", "drop"] = "refuse"
    """Whether a trial of any other condition is an error or is left out."""

    @model_validator(mode="after")
    def _conditions_differ(self) -> ConditionLabels:
        if len(set(self.classes)) != len(self.classes):
            raise ValueError(f"classes are named twice in {list(self.classes)}: give each once.")
        for name, conditions in self.groups.items():
            if name not in self.classes:
                raise ValueError(f"groups names '{name}', which is not among the classes: add it there.")
            if not conditions:
                raise ValueError(f"class '{name}' has no condition: name one or remove it from groups.")
        listed = [condition for name in self.classes for condition in self._conditions(name)]
        twice = next((condition for condition in listed if listed.count(condition) > 1), None)
        if twice is not None:
            raise ValueError(f"condition '{twice}' belongs to two classes: give it one.")
        return self

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, in label order."""
        return self.classes

    def apply(self, table: pd.DataFrame, training: pd.DataFrame) -> NDArray[np.int64]:
        """Label every row; raises ConfigError for a condition that is not listed, unless those are dropped."""
        conditions = table["condition"].astype("object")
        numbers = {c: i for i, name in enumerate(self.classes) for c in self._conditions(name)}
        unknown = ~conditions.isin(numbers).to_numpy()
        if unknown.any() and self.others == "refuse":
            row = table[unknown].iloc[0]
            raise ConfigError(
                f"Trial {row['trial']} of sub-{row['subject']} has condition '{row['condition']}', which is not among "
                f"the classes {', '.join(numbers)}: add it, or set labels.others to drop."
            )
        return np.asarray(conditions.map(numbers).fillna(LEFT_OUT), dtype=np.int64)

    def words(self) -> str:
        """Say the definition in words."""
        parts = [f"“{name}”" for name in self.classes]
        for i, name in enumerate(self.classes):
            if name in self.groups:
                parts[i] += f" ({', '.join(self.groups[name])})"
        text = f"the classes are the conditions {', '.join(parts)}"
        return text + ("; trials of other conditions are left out" if self.others == "drop" else "")

    def _conditions(self, name: str) -> tuple[str, ...]:
        return self.groups.get(name, (name,))
