"""Differential entropy of a Gaussian signal from its variance.

``h = 0.5 log(2 pi e sigma^2)`` (Shi, Jiao, Lu 2013; Duan, Zhu, Lu 2013), in nats with the natural logarithm and
in bits with the binary one. Publications use both, and rarely say which.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def differential_entropy(variance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``0.5 ln(2 pi e variance)`` in nats, for variances in uV^2.

    >>> round(float(differential_entropy(np.array(1.0))), 6)
    1.418939
    """
    return 0.5 * np.log(2 * np.pi * np.e * variance)


def differential_entropy_bits(variance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``0.5 log2(2 pi e variance)`` in bits, for variances in uV^2.

    >>> round(float(differential_entropy_bits(np.array(1.0))), 6)
    2.047096
    """
    return 0.5 * np.log2(2 * np.pi * np.e * variance)
