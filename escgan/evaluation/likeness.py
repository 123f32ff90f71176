"""How like one another two samples of feature vectors are: the measures that generated pictures are judged by.

Each is a closed formula on arrays. Published implementations of the kernel distance and the inception score shuffle
their rows by a global random stream, which folds measured side by side would share; these draw nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float64]


def kernel_distance(one: Features, other: Features) -> float:
    """Return the squared maximum mean discrepancy with the cubic kernel ``(x . y / d + 1) ** 3``.

    The kernel inception distance (Binkowski et al. 2018, arXiv:1801.01401): 0 on average for samples of one
    distribution, whatever their sizes, so that single values may be negative (Gretton et al. 2012, Lemma 6).

    Parameters
    ----------
    one, other
        ``(n, d)`` and ``(m, d)``, at least two rows each.
    """

    def kernel(x: Features, y: Features) -> Features:
        return (x @ y.T / x.shape[1] + 1) ** 3

    def mean_of_pairs(x: Features) -> float:
        within = kernel(x, x)
        return float((within.sum() - np.trace(within)) / (len(x) * (len(x) - 1)))

    return mean_of_pairs(one) + mean_of_pairs(other) - 2 * float(kernel(one, other).mean())


def frechet_distance(one: Features, other: Features) -> float:
    """Return the Fréchet distance of the normal distributions with the samples' means and covariances.

    ``|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))`` (Heusel et al. 2017, arXiv:1706.08500). It shrinks as samples grow:
    compare samples of equal sizes.

    Parameters
    ----------
    one, other
        ``(n, d)`` and ``(m, d)``, at least two rows each.
    """
    difference = one.mean(axis=0) - other.mean(axis=0)
    left, right = _root_of_covariance(one), _root_of_covariance(other)
    # With S1 = L'L and S2 = R'R, the eigenvalues of S1 S2 are the squared singular values of L R': their roots are
    # found without squaring and rooting what covariances of fewer windows than features have of rounding.
    shared = np.linalg.svd(left @ right.T, compute_uv=False).sum()
    return float(difference @ difference + (left**2).sum() + (right**2).sum() - 2 * shared)


def _root_of_covariance(features: Features) -> Features:
    """Return ``L``, ``(at most d, d)``, with ``L.T @ L`` the covariance."""
    centred = (features - features.mean(axis=0)) / np.sqrt(len(features) - 1)
    return np.linalg.qr(centred).R if len(features) > features.shape[1] else centred


def inception_score(probability: NDArray[np.float64], weights: NDArray[np.float64] | None = None) -> float:
    """Return ``exp(E KL(p(class | window) || p(class)))`` (Salimans et al. 2016, arXiv:1606.03498).

    From 1, where every window is judged alike, to the number of classes, where each is judged without doubt and all
    classes are equally frequent.

    Parameters
    ----------
    probability
        ``(n, n_classes)``, rows summing to 1.
    weights
        ``(n,)``, how much each window counts; alike without them.
    """
    share = np.full(len(probability), 1.0) if weights is None else np.asarray(weights, np.float64)
    share = share / share.sum()
    overall = share @ probability
    # 0 log 0 is 0.
    ratio = np.divide(probability, overall, out=np.ones_like(probability), where=probability > 0)
    return float(np.exp(share @ (probability * np.log(ratio)).sum(axis=1)))


@dataclass(frozen=True)
class Overlap:
    """How far two samples cover each other's ground; see :func:`overlap`."""

    precision: float
    recall: float
    density: float
    coverage: float


def overlap(real: Features, made: Features, neighbours: int) -> Overlap:
    """Compare samples by the balls around each vector that reach its k-th nearest neighbour in its own sample.

    Precision is the share of made vectors in any real one's ball, recall the share of real vectors in any made one's
    (Kynkäänniemi et al. 2019, arXiv:1904.06991, Eq. 1-2). Density is in how many real balls a made vector is, over k:
    about 1 for samples of one distribution, more where they crowd where real ones are dense. Coverage is the share of
    real balls with a made vector in them (Naeem et al. 2020, arXiv:2002.09797, Eq. 3-4). All depend on the samples'
    sizes: compare samples of equal sizes.

    Parameters
    ----------
    real, made
        ``(n, d)`` and ``(m, d)``, more than ``neighbours`` rows each.
    """
    from scipy.spatial.distance import cdist

    # Distances by one direct formula: a copy of the neighbour that a ball ends at lies in the ball.
    apart = cdist(real, made)
    reach_real, reach_made = (_reach(cdist(own, own), neighbours) for own in (real, made))
    inside = apart <= reach_real[:, None]
    return Overlap(
        precision=float(inside.any(axis=0).mean()),
        recall=float((apart <= reach_made).any(axis=1).mean()),
        density=float(inside.sum() / (neighbours * len(made))),
        coverage=float(inside.any(axis=1).mean()),
    )


def _reach(apart: Features, neighbours: int) -> Features:
    """Return each vector's distance to its k-th nearest other one, ``(n,)``."""
    np.fill_diagonal(apart, np.inf)
    return np.partition(apart, neighbours - 1, axis=1)[:, neighbours - 1]
