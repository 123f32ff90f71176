"""Preprocessing: named steps on the continuous signal, then the cut into trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from escgan.preprocessing.asr import Asr
from escgan.preprocessing.autoreject import Autoreject
from escgan.preprocessing.bad_channels import BadChannels
from escgan.preprocessing.bandpass import Bandpass
from escgan.preprocessing.chain import preprocess
from escgan.preprocessing.crop import Crop
from escgan.preprocessing.eog_regression import EogRegression
from escgan.preprocessing.ica import Ica
from escgan.preprocessing.interpolate import Interpolate
from escgan.preprocessing.notch import Notch
from escgan.preprocessing.reference import Reference
from escgan.preprocessing.resample import Resample
from escgan.preprocessing.step import Step
from escgan.settings import any_of

__all__ = [
    "PREPROCESSORS",
    "Asr",
    "Autoreject",
    "BadChannels",
    "Bandpass",
    "Crop",
    "EogRegression",
    "Ica",
    "Interpolate",
    "Notch",
    "PreprocessingStep",
    "Reference",
    "Resample",
    "Step",
    "preprocess",
]

PREPROCESSORS: dict[str, type[Step]] = {
    "asr": Asr,
    "autoreject": Autoreject,
    "bad_channels": BadChannels,
    "bandpass": Bandpass,
    "crop": Crop,
    "eog_regression": EogRegression,
    "ica": Ica,
    "interpolate": Interpolate,
    "notch": Notch,
    "reference": Reference,
    "resample": Resample,
}

if TYPE_CHECKING:
    PreprocessingStep = Step
else:
    PreprocessingStep = any_of(PREPROCESSORS)
