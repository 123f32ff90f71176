"""Augmenters: one file each, one line each here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from escgan.augmenters.adasyn import AdasynAugmenter
from escgan.augmenters.auto import AutoAugmenter
from escgan.augmenters.base import Augmenter, Balance, Edited, FoldToFit, GeneratingAugmenter
from escgan.augmenters.borderline_smote import BorderlineSmoteAugmenter
from escgan.augmenters.class_weight import ClassWeightAugmenter
from escgan.augmenters.cvae import CvaeAugmenter
from escgan.augmenters.cwgan_gp import CwganGpAugmenter
from escgan.augmenters.ddpm import DdpmAugmenter
from escgan.augmenters.escgan import EscganAugmenter
from escgan.augmenters.ganser import GanserAugmenter
from escgan.augmenters.mean_shift import MeanShiftAugmenter
from escgan.augmenters.mixup import MixupAugmenter
from escgan.augmenters.noise import NoiseAugmenter
from escgan.augmenters.none import NoAugmenter
from escgan.augmenters.oversample import OversampleAugmenter
from escgan.augmenters.smote import SmoteAugmenter
from escgan.augmenters.subject_shift import SubjectShiftAugmenter
from escgan.augmenters.threshold import ThresholdAugmenter
from escgan.settings import any_of

AUGMENTERS: dict[str, type[Augmenter]] = {
    "none": NoAugmenter,
    "class_weight": ClassWeightAugmenter,
    "threshold": ThresholdAugmenter,
    "oversample": OversampleAugmenter,
    "noise": NoiseAugmenter,
    "mixup": MixupAugmenter,
    "smote": SmoteAugmenter,
    "borderline_smote": BorderlineSmoteAugmenter,
    "adasyn": AdasynAugmenter,
    "mean_shift": MeanShiftAugmenter,
    "subject_shift": SubjectShiftAugmenter,
    "cwgan_gp": CwganGpAugmenter,
    "cvae": CvaeAugmenter,
    "ddpm": DdpmAugmenter,
    "ganser": GanserAugmenter,
    "escgan": EscganAugmenter,
    "auto": AutoAugmenter,
}

if TYPE_CHECKING:
    AugmenterConfig = Augmenter
else:
    AugmenterConfig = any_of(AUGMENTERS)

__all__ = ["AUGMENTERS", "Augmenter", "AugmenterConfig", "Balance", "Edited", "FoldToFit", "GeneratingAugmenter"]
