"""Features of windows: differential entropy per channel and band."""

from escgan.features.config import FeatureConfig
from escgan.features.differential_entropy import Features, extract_features

__all__ = ["FeatureConfig", "Features", "extract_features"]
