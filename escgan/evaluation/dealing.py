"""Dealing a fold's training windows into parts, each of which validates what was fitted on the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from escgan.seeds import generator
from escgan.windows import WindowSet


def deal(train: WindowSet, n_parts: int, seed: int) -> NDArray[np.int64]:
    """Deal training windows into parts: by subjects, so that those who validate are unseen people.

    Where that leaves one class to fit on, as with a single training subject, by trials, and at last by stretches of
    each trial.

    Returns
    -------
    ``(n_windows,)``, each window's part, below ``n_parts``; there are fewer parts than asked for where there are fewer
    subjects or trials.
    """
    trial = train.table[["subject", "session", "trial"]].astype(str).agg("/".join, axis=1)
    within = train.table.groupby(trial, sort=False)["window"]
    stretch = ((within.rank(method="first") - 1) * n_parts // within.transform("size")).to_numpy(dtype=np.int64)
    for owner in (train.subjects.astype(str), trial.to_numpy(dtype=str)):
        names, place = np.unique(owner, return_inverse=True)
        n_held = min(n_parts, len(names))
        dealt = np.empty(len(names), np.int64)
        dealt[generator(seed, "validation").permutation(len(names))] = np.arange(len(names)) % n_held
        part = dealt[place]
        if n_held > 1 and any(len(np.unique(train.labels[part != number])) > 1 for number in range(n_held)):
            return part
    return stretch
