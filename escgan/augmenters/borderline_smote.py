"""Borderline-SMOTE (Han, Wang and Mao 2005, doi:10.1007/11538059_91): interpolate where classes meet."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from escgan.augmenters.resampling import Made, NeighbourAugmenter, added
from escgan.seeds import derive_seed


class BorderlineSmoteAugmenter(NeighbourAugmenter):
    """imbalanced-learn's Borderline-SMOTE, first variant, on the channels' DE.

    Only windows most of whose neighbours belong to other classes are interpolated from; a class without such windows
    is not filled up.
    """

    title: ClassVar[str] = "real windows and interpolations at the classes' border"
    method: ClassVar[str] = "Borderline-SMOTE"
    kind: Literal["borderline_smote"] = "borderline_smote"
    border_neighbours: int = Field(default=10, ge=1)
    """Neighbours of any class that decide whether a window lies at the border."""

    def make(
        self, flat: NDArray[np.float32], labels: NDArray[np.int64], goal: dict[int, int], neighbours: int, seed: int
    ) -> Made:
        """Interpolate; see :meth:`NeighbourAugmenter.make`."""
        from imblearn.over_sampling import BorderlineSMOTE

        sampler = BorderlineSMOTE(
            sampling_strategy=goal,
            k_neighbors=neighbours,
            m_neighbors=min(self.border_neighbours, len(flat) - 1),
            random_state=derive_seed(seed, "borderline_smote") % 2**32,
        )
        return added(sampler, flat, labels)
