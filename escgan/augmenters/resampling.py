"""What the augmenters of imbalanced-learn share: windows between neighbours of the channels' DE."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from escgan.augmenters.base import Balance, Edited, GeneratingAugmenter, edited_from_channels, grid_where_possible
from escgan.errors import ConfigError
from escgan.windows import WindowSet

Made = tuple[NDArray[np.floating], NDArray[np.int64]]


class NeighbourAugmenter(GeneratingAugmenter, ABC):
    """An augmenter that makes windows between a window and its neighbours."""

    method: ClassVar[str]
    """What the method is called in its literature."""
    neighbours: int = Field(default=5, ge=1)
    """Neighbours of its own class that a window is interpolated with; fewer where a class is smaller."""

    def generate(self, state: Any, train: WindowSet, balance: Balance, seed: int, *, device: str = "cpu") -> Edited:
        """Interpolate until every class that has any window has what the balance asks for.

        Raises
        ------
        ConfigError
            If a class to fill up has one window.
        """
        counts = train.counts
        wanted = balance.wanted(counts)
        # Nothing is made up for a class without one real window.
        lacking = np.flatnonzero((wanted > 0) & (counts > 0))
        flat = train.flat()
        made, labels = flat[:0], train.labels[:0]
        if len(lacking):
            smallest = int(counts[lacking].min())
            if smallest < 2:
                name = train.classes[int(lacking[counts[lacking].argmin()])]
                raise ConfigError(
                    f"{self.method} needs two windows of a class to interpolate between, '{name}' has one in this "
                    f"training set: leave {self.kind} out or gather more data."
                )
            goal = {int(c): int(counts[c] + wanted[c]) for c in lacking}
            # The same neighbourhood size for all classes: the smallest class decides.
            made, labels = self.make(flat, train.labels, goal, min(self.neighbours, smallest - 1), seed)
        de = np.ascontiguousarray(made, dtype=np.float32).reshape(-1, *train.de.shape[1:])
        labels = np.asarray(labels, dtype=np.int64)
        return edited_from_channels(de, labels, grid_where_possible(train.channels), wanted, labels)

    @abstractmethod
    def make(
        self, flat: NDArray[np.float32], labels: NDArray[np.int64], goal: dict[int, int], neighbours: int, seed: int
    ) -> Made:
        """Return new rows and their classes, for each class of ``goal`` as many as it lacks of its number there."""


def added(sampler: Any, flat: NDArray[np.float32], labels: NDArray[np.int64]) -> Made:
    """Return what one of imbalanced-learn's samplers adds to windows."""
    both, classes = sampler.fit_resample(flat, labels)
    return both[len(flat) :], classes[len(flat) :]
