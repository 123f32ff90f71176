"""Features of windows: differential entropy per channel and band."""

from escgan.features.config import FeatureConfig
from escgan.features.differential_entropy import extract_features
from escgan.features.measured import Features

__all__ = ["FeatureConfig", "Features", "extract_features"]
