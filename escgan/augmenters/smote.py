"""SMOTE (Chawla et al. 2002, doi:10.1613/jair.953): interpolate between neighbours of one class."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from escgan.augmenters.resampling import Made, NeighbourAugmenter, added
from escgan.seeds import derive_seed


class SmoteAugmenter(NeighbourAugmenter):
    """imbalanced-learn's SMOTE on the channels' DE."""

    title: ClassVar[str] = "real windows and SMOTE interpolations"
    method: ClassVar[str] = "SMOTE"
    kind: Literal["smote"] = "smote"

    def make(
        self, flat: NDArray[np.float32], labels: NDArray[np.int64], goal: dict[int, int], neighbours: int, seed: int
    ) -> Made:
        """Interpolate; see :meth:`NeighbourAugmenter.make`."""
        from imblearn.over_sampling import SMOTE

        random_state = derive_seed(seed, "smote") % 2**32
        return added(SMOTE(sampling_strategy=goal, k_neighbors=neighbours, random_state=random_state), flat, labels)
