"""ESC-GAN: a generator that edits a window's emotion, a discriminator that judges the edit.

Zhang, Zhong, Liu: "Beyond Mimicking Under-Represented Emotions: Deep Data Augmentation with Emotional Subspace
Constraints for EEG-Based Emotion Recognition", AAAI 2024. This subpackage needs torch and numpy only, so that
training runs on a bare GPU machine; writing a checkpoint additionally needs safetensors.

Names are imported when first used: reading a configuration does not wait four seconds for torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from escgan.gan.config import LossWeights, NetworkConfig, TrainingConfig
    from escgan.gan.editing import Edits, edit_windows
    from escgan.gan.loop import FoldWindows
    from escgan.gan.on_the_fly import EditedWindows, EditTransform
    from escgan.gan.training import Gan, train_gan, train_gans

_HOMES = {
    "LossWeights": "config",
    "NetworkConfig": "config",
    "TrainingConfig": "config",
    "Edits": "editing",
    "edit_windows": "editing",
    "EditTransform": "on_the_fly",
    "EditedWindows": "on_the_fly",
    "Gan": "training",
    "FoldWindows": "loop",
    "train_gan": "training",
    "train_gans": "training",
}

__all__ = [
    "EditTransform",
    "EditedWindows",
    "Edits",
    "FoldWindows",
    "Gan",
    "LossWeights",
    "NetworkConfig",
    "TrainingConfig",
    "edit_windows",
    "train_gan",
    "train_gans",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
