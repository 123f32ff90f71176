"""ADASYN (He et al. 2008, doi:10.1109/IJCNN.2008.4633969): interpolate most where other classes are near."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from escgan.augmenters.resampling import Made, NeighbourAugmenter, added
from escgan.seeds import derive_seed


class AdasynAugmenter(NeighbourAugmenter):
    """imbalanced-learn's ADASYN on the channels' DE.

    A class none of whose windows has a neighbour of another class is not filled up: there is nothing to adapt to.
    """

    title: ClassVar[str] = "real windows and ADASYN interpolations"
    method: ClassVar[str] = "ADASYN"
    kind: Literal["adasyn"] = "adasyn"

    def make(
        self, flat: NDArray[np.float32], labels: NDArray[np.int64], goal: dict[int, int], neighbours: int, seed: int
    ) -> Made:
        """Interpolate; see :meth:`NeighbourAugmenter.make`."""
        from imblearn.over_sampling import ADASYN

        rows, classes = [flat[:0]], [labels[:0]]
        for label, number in goal.items():
            random_state = derive_seed(seed, "adasyn", label) % 2**32
            sampler = ADASYN(sampling_strategy={label: number}, n_neighbors=neighbours, random_state=random_state)
            try:
                made, own = added(sampler, flat, labels)
            except (RuntimeError, ValueError) as error:
                # The first where no window has such a neighbour, the second where rounding leaves no window to make.
                if "neigbours" not in str(error) and "No samples" not in str(error):
                    raise
                continue
            # It rounds each window's share by itself, which may add up to a few more than are lacking.
            lacking = number - int((labels == label).sum())
            rows.append(made[:lacking])
            classes.append(own[:lacking])
        return np.concatenate(rows), np.concatenate(classes)
