"""What a labelling is, and what those on ratings share: which rating, whose border, what if one is missing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escgan.errors import ConfigError
from escgan.settings import Settings

LEFT_OUT = -1
"""The label of a window that belongs to no class and takes no part."""

Scope = Literal["per_subject", "global"]
"""Where a border that comes from the ratings is taken: in each subject's own, or in the training subjects' together.

Where trials of one subject stand on both sides of a fold, its own are those of the training side.
"""

_MOST_NAMED = 8
_TRIAL = ["subject", "session", "trial"]


class Labelling(Settings, ABC):
    """How a table of windows or trials becomes classes."""

    kind: str

    @property
    @abstractmethod
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, in label order."""

    @abstractmethod
    def apply(self, table: pd.DataFrame, training: pd.DataFrame) -> NDArray[np.int64]:
        """Label every row of a table.

        Parameters
        ----------
        table
            Rows to label, with subject, session, trial, condition and ratings.
        training
            Rows from which borders may be taken: the training side of a fold. What is tested never moves a border
            that training windows are judged by; a subject of whom nothing is trained on has borders of its own.

        Returns
        -------
        labels
            ``(n_rows,)`` int64 in ``range(n_classes)``, or ``LEFT_OUT``.

        Raises
        ------
        ConfigError
            The table does not have what the labelling needs.
        """

    @abstractmethod
    def words(self) -> str:
        """Say the definition in words, for methods sections."""


class RatingLabels(Labelling):
    """Classes cut from the subjects' own ratings."""

    missing: Literal["refuse", "drop"] = "refuse"
    """Whether a trial without the rating is an error or is left out."""

    def ratings(self, table: pd.DataFrame, name: str) -> NDArray[np.float64]:
        """Return a rating column; raises ConfigError where there is none or, unless dropped, a value is missing."""
        known = rating_columns(table)
        if name not in known:
            if known:
                raise ConfigError(f"There is no rating '{name}' in this corpus: expected one of {', '.join(known)}.")
            conditions = table["condition"].dropna().unique()[:_MOST_NAMED] if "condition" in table.columns else ()
            remedy = (
                f"label its conditions, labels: {{kind: classes, classes: [{', '.join(map(str, conditions))}]}}"
                if len(conditions) > 1
                else "name the columns that hold some under 'dataset'"
            )
            raise ConfigError(f"There is no rating '{name}', nor any other, in this corpus: {remedy}.")
        values = table[name].to_numpy(dtype=np.float64)
        absent = np.isnan(values)
        if absent.any() and self.missing == "refuse":
            row = table[absent].iloc[0]
            raise ConfigError(
                f"Trial {row['trial']} of sub-{row['subject']} has no rating '{name}': choose a rating that every "
                "trial has, or set labels.missing to drop."
            )
        return values


def rating_columns(table: pd.DataFrame) -> list[str]:
    """Return the names of a table's ratings."""
    # Times are floats as well, but nothing that a subject said.
    return [name for name in table.columns if table[name].dtype == np.float64 and not name.endswith("_s")]


def one_row_a_trial(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table's trials once each, so that long trials do not weigh more than short ones."""
    columns = [name for name in _TRIAL if name in table.columns]
    return table.drop_duplicates(subset=columns)


def own_borders(
    table: pd.DataFrame, training: pd.DataFrame, rating: str
) -> Iterator[tuple[str, NDArray[np.int64], pd.DataFrame]]:
    """Yield each subject of a table, its row numbers, and the rows that its own border is taken from.

    They are those of the training side or, where it holds no rating of the subject, the table's.
    """
    rated = training[training[rating].notna()]
    by_training = rows_of_subjects(rated)
    for subject, rows in rows_of_subjects(table).items():
        trained = by_training.get(subject)
        yield subject, rows, table.iloc[rows] if trained is None else rated.iloc[trained]


def rows_of_subjects(table: pd.DataFrame) -> dict[str, NDArray[np.int64]]:
    """Return the row numbers of each subject."""
    subjects = table["subject"].astype(str).to_numpy(dtype=object)
    return {str(subject): np.flatnonzero(subjects == subject) for subject in dict.fromkeys(subjects)}
