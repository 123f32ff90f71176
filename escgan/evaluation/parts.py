"""Parts of recordings: which trials, or windows of trials, a fold tests where its subjects stand on both sides."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escgan.errors import LeakageError
from escgan.seeds import generator
from escgan.settings import Settings

_TRIAL = ["subject", "session", "trial"]
_KEYS = {"trial": _TRIAL, "window": [*_TRIAL, "window"]}


class Part(Settings):
    """One of k parts into which every recording's trials, or every trial's windows, are dealt."""

    of: Literal["trial", "window"]
    """What is dealt."""
    k: int
    """Into how many parts."""
    number: int
    """Which of them is tested."""
    seed: int = 0
    """Seed of the deal."""

    def tested(self, table: pd.DataFrame) -> NDArray[np.bool_]:
        """Return which windows of a table with subject, session, trial and window this part tests, ``(n_windows,)``.

        A deal depends on nothing but the names within its recording (or trial).
        """
        group = np.full(len(table), -1)
        names, within = (["subject", "session"], "trial") if self.of == "trial" else (_TRIAL, "window")
        rows = table.reset_index(drop=True)
        for owner, own in rows.groupby(names, sort=False):
            values, place = np.unique(own[within].to_numpy(), return_inverse=True)
            draw = generator(self.seed, self.of, *map(str, owner))
            dealt = (draw.permutation(len(values)) + draw.integers(self.k)) % self.k
            group[own.index.to_numpy()] = dealt[place]
        return group == self.number


def check_apart(train: pd.DataFrame, test: pd.DataFrame, part: Part) -> None:
    """Refuse sides that share what the part deals.

    Raises
    ------
    LeakageError
        If a trial (or window) stands on both sides.
    """
    keys = _KEYS[part.of]
    shared = train[keys].drop_duplicates().merge(test[keys].drop_duplicates(), on=keys)
    if len(shared):
        first = shared.iloc[0]
        raise LeakageError(
            f"A fold trains on what it tests: {part.of} {first[keys[-1]]} of sub-{first['subject']} stands on both "
            "sides."
        )
