"""SMOTE (Chawla et al. 2002, doi:10.1613/jair.953): interpolate between neighbours of one class."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from escgan.augmenters.base import Balance, Edited, GeneratingAugmenter, edited_from_channels
from escgan.errors import ConfigError
from escgan.montage import scalp_grid
from escgan.seeds import derive_seed
from escgan.windows import WindowSet


class SmoteAugmenter(GeneratingAugmenter):
    """imbalanced-learn's SMOTE on the channels' DE."""

    title: ClassVar[str] = "real windows and SMOTE interpolations"
    kind: Literal["smote"] = "smote"
    neighbours: int = Field(default=5, ge=1)
    """Neighbours of its own class that a window is interpolated with; fewer where a class is smaller."""

    def generate(self, state: Any, train: WindowSet, balance: Balance, seed: int, *, device: str = "cpu") -> Edited:
        """Interpolate until every class has what the balance asks for.

        Raises
        ------
        ConfigError
            If a class to fill up has fewer than two windows.
        """
        from imblearn.over_sampling import SMOTE

        counts = train.counts
        wanted = balance.wanted(counts)
        lacking = np.flatnonzero(wanted)
        flat = train.flat()
        if len(lacking):
            smallest = int(counts[lacking].min())
            if smallest < 2:
                name = train.classes[int(lacking[counts[lacking].argmin()])]
                raise ConfigError(
                    f"SMOTE needs two windows of a class to interpolate between, '{name}' has {smallest} in this "
                    "training set: leave smote out or gather more data."
                )
            goal = {int(c): int(counts[c] + wanted[c]) for c in lacking}
            # SMOTE must see the same neighbourhood size for all classes: the smallest class decides.
            sampler = SMOTE(
                sampling_strategy=goal,
                k_neighbors=min(self.neighbours, smallest - 1),
                random_state=derive_seed(seed, "smote") % 2**32,
            )
            both, labels = sampler.fit_resample(flat, train.labels)
            made, made_labels = both[len(flat) :], labels[len(flat) :]
        else:
            made, made_labels = flat[:0], train.labels[:0]
        de = np.ascontiguousarray(made, dtype=np.float32).reshape(-1, *train.de.shape[1:])
        made_labels = np.asarray(made_labels, dtype=np.int64)
        return edited_from_channels(de, made_labels, scalp_grid(train.channels), wanted, made_labels)
