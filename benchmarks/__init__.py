"""Measured ratios against the bars that the project holds itself to: ``python -m benchmarks``."""
