"""Dealing the training side into parts that validate one after the other.

Whatever is chosen, a threshold, an augmenter, a setting, is chosen here: on people of the training side whom what is
judged was not fitted on. Test windows have no way in.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from escgan.seeds import generator
from escgan.windows import WindowSet


def deal_validation(train: WindowSet, parts: int, seed: int) -> NDArray[np.int64]:
    """Deal training windows into parts, ``(n_windows,)``: by subjects, so that those who validate are unseen people.

    Where that leaves one class to fit on, as with a single training subject, by trials, and at last by stretches of
    each trial.

    Parameters
    ----------
    train
        A fold's training windows.
    parts
        How many parts there are at most; fewer where there are fewer subjects (or trials).
    seed
        Seed of the deal.
    """
    trial = train.table[["subject", "session", "trial"]].astype(str).agg("/".join, axis=1)
    within = train.table.groupby(trial, sort=False)["window"]
    stretch = ((within.rank(method="first") - 1) * parts // within.transform("size")).to_numpy(dtype=np.int64)
    for owner in (train.subjects.astype(str), trial.to_numpy(dtype=str)):
        names, place = np.unique(owner, return_inverse=True)
        n_parts = min(parts, len(names))
        dealt = np.empty(len(names), np.int64)
        dealt[generator(seed, "validation").permutation(len(names))] = np.arange(len(names)) % n_parts
        part = dealt[place]
        if n_parts > 1 and any(len(np.unique(train.labels[part != number])) > 1 for number in range(n_parts)):
            return part
    return stretch
