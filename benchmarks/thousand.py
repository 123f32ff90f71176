"""A thousand recordings through ingest and features."""

from __future__ import annotations

from benchmarks import scale
from benchmarks.ratio import Ratio


def ratios() -> list[Ratio]:
    """Measure what :mod:`benchmarks.scale` does, with more recordings."""
    return scale.ratios((50, 200, 1000))
