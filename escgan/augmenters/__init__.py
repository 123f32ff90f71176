"""Augmenters: one file each, one line each here."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from escgan.augmenters.base import Augmenter, Balance, Edited, FoldToFit, GeneratingAugmenter
from escgan.augmenters.class_weight import ClassWeightAugmenter
from escgan.augmenters.escgan import EscganAugmenter
from escgan.augmenters.none import NoAugmenter
from escgan.augmenters.smote import SmoteAugmenter

AUGMENTERS: dict[str, type[Augmenter]] = {
    "none": NoAugmenter,
    "class_weight": ClassWeightAugmenter,
    "smote": SmoteAugmenter,
    "escgan": EscganAugmenter,
}

AugmenterConfig = Annotated[
    NoAugmenter | ClassWeightAugmenter | SmoteAugmenter | EscganAugmenter, Field(discriminator="kind")
]

__all__ = ["AUGMENTERS", "Augmenter", "AugmenterConfig", "Balance", "Edited", "FoldToFit", "GeneratingAugmenter"]
