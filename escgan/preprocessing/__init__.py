"""Preprocessing: named steps on the continuous signal, then the cut into trials."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from escgan.preprocessing.bandpass import Bandpass
from escgan.preprocessing.chain import preprocess
from escgan.preprocessing.notch import Notch
from escgan.preprocessing.reference import Reference
from escgan.preprocessing.resample import Resample
from escgan.preprocessing.step import Step

__all__ = [
    "PREPROCESSORS",
    "Bandpass",
    "Notch",
    "PreprocessingStep",
    "Reference",
    "Resample",
    "Step",
    "preprocess",
]

PREPROCESSORS: dict[str, type[Step]] = {
    "bandpass": Bandpass,
    "notch": Notch,
    "reference": Reference,
    "resample": Resample,
}

PreprocessingStep = Annotated[Bandpass | Notch | Reference | Resample, Field(discriminator="kind")]
