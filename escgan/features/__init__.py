"""Features of windows: differential entropy or power, per channel and band."""

from escgan.features.config import FeatureConfig
from escgan.features.extraction import extract_features
from escgan.features.measured import Features
from escgan.features.methods import METHODS
from escgan.features.smoothing import SMOOTHING

__all__ = ["METHODS", "SMOOTHING", "FeatureConfig", "Features", "extract_features"]
