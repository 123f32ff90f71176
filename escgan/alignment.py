"""Second moments of features, and the powers of covariances that map one set of windows onto those of another.

CORAL (Sun, Feng and Saenko 2016, "Return of Frustratingly Easy Domain Adaptation", arXiv:1511.05547) whitens features
with their own covariance and colours them with the target's. Windows are often fewer than features, so covariances are
shrunk towards a multiple of the identity, by as much as the windows themselves tell (Ledoit and Wolf 2004,
doi:10.1016/S0047-259X(03)00096-4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Variances below this share of the mean one are taken to be that share: whitening would only magnify rounding.
_SMALLEST_SHARE = 1e-6


@dataclass(frozen=True)
class SecondMoments:
    """What a shrunk covariance needs to know of centred windows; those of several sets add up.

    Attributes
    ----------
    n
        Windows.
    products
        ``(n_features, n_features)``, the sum of the windows' outer products.
    fourth
        The sum of the windows' squared squared lengths.
    """

    n: int
    products: NDArray[np.float64]
    fourth: float

    @classmethod
    def of(cls, x: NDArray[np.float64]) -> SecondMoments:
        """Measure centred windows ``(n, n_features)``."""
        return cls(len(x), x.T @ x, float((np.einsum("ij,ij->i", x, x) ** 2).sum()))

    def __add__(self, other: SecondMoments) -> SecondMoments:
        return SecondMoments(self.n + other.n, self.products + other.products, self.fourth + other.fourth)

    def shrunk(self) -> NDArray[np.float64]:
        """Return Ledoit and Wolf's covariance, ``(n_features, n_features)``.

        It is ``(1 - s) S + s m I`` with the windows' covariance ``S``, its mean variance ``m``, and s the share of S's
        distance from ``m I`` that is expected of chance.
        """
        n_features = len(self.products)
        covariance = self.products / self.n
        mean = np.trace(covariance) / n_features
        centred = covariance - mean * np.eye(n_features)
        distance = float((centred**2).sum())
        by_chance = (self.fourth / self.n - float((covariance**2).sum())) / self.n
        share = min(max(by_chance / distance, 0.0), 1.0) if distance > 0 else 0.0
        return mean * np.eye(n_features) + (1 - share) * centred


def covariance_power(covariance: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """Return a symmetric power of a covariance, ``(n_features, n_features)``.

    CORAL multiplies windows from the right by ``own^(-1/2)`` and then ``target^(1/2)``.
    """
    values, vectors = np.linalg.eigh(covariance)
    floor = _SMALLEST_SHARE * values.mean()
    if floor <= 0:
        # Nothing varies, as with a single window: there is nothing to align.
        return np.eye(len(covariance))
    return (vectors * np.maximum(values, floor) ** exponent) @ vectors.T
