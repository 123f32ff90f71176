"""Whether a cohort has the classes that are asked of it: told before anything is learnt from it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from escgan.errors import ConfigError
from escgan.labels.base import LEFT_OUT, Labelling, one_row_a_trial, rating_columns
from escgan.listing import first_of

_MOST_NAMED = 12
_FEWEST_CLASSES = 2


def refuse_absent_classes(labels: Labelling, table: pd.DataFrame) -> None:
    """Refuse a cohort whose trials belong to fewer than two classes, and say what they have instead.

    Parameters
    ----------
    labels
        The classes that are asked for.
    table
        Rows of all recordings, with subject, session, trial, condition and ratings.

    Raises
    ------
    ConfigError
        Fewer than two classes have a trial, or a trial cannot be labelled.
    """
    given = labels.apply(table, table)
    names = labels.class_names
    absent = [name for i, name in enumerate(names) if not (given == i).any()]
    if len(names) - len(absent) < _FEWEST_CLASSES:
        which = " or ".join(f"'{name}'" for name in absent)
        raise ConfigError(
            f"No trial of these recordings belongs to class {which}; they have {found_in(table)}: ask for classes that "
            "they have, under 'labels'."
        )


def found_in(table: pd.DataFrame) -> str:
    """Say which conditions a table's trials have, and between what its ratings lie.

    >>> found_in(pd.DataFrame({"subject": "01", "trial": [1, 2, 3], "condition": ["sad", "joy", "sad"], "fear": 2.5}))
    "the conditions 'sad' (2 trials), 'joy' (1 trial) and ratings of fear from 2.5 to 2.5"
    """
    trials = one_row_a_trial(table)
    parts = []
    counts = conditions_of(trials)
    if counts:
        shown = [f"'{name}' ({n} trial{'s' * (n != 1)})" for name, n in counts.most_common()]
        parts.append(f"the condition{'s' * (len(counts) != 1)} {first_of(shown, _MOST_NAMED)}")
    said = [(name, trials[name].dropna()) for name in rating_columns(trials)]
    said = [(name, values) for name, values in said if len(values)]
    if said:
        ranges = [f"{name} from {values.min():g} to {values.max():g}" for name, values in said]
        parts.append(f"ratings of {first_of(ranges, _MOST_NAMED)}")
    return " and ".join(parts) or "neither conditions nor ratings"


def conditions_of(table: pd.DataFrame) -> Counter[str]:
    """Count a table's trials by condition; empty where trials have none."""
    if "condition" not in table.columns:
        return Counter()
    values = one_row_a_trial(table)["condition"]
    return Counter(str(value) for value in values if value is not None and not pd.isna(value))


def trials_by_class(labels: Labelling, table: pd.DataFrame) -> tuple[tuple[str, int], ...]:
    """Count a table's trials by class, in label order; raises ConfigError where they cannot be labelled."""
    trials = one_row_a_trial(table)
    given = labels.apply(trials, trials)
    counts = np.bincount(given[given != LEFT_OUT], minlength=len(labels.class_names))
    return tuple((name, int(n)) for name, n in zip(labels.class_names, counts, strict=True))
