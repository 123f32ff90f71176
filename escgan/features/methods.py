"""The ways of measuring windows, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from escgan.features.method import Method
from escgan.features.psd import Psd
from escgan.features.stft import Stft
from escgan.features.torcheeg import TorchEEG
from escgan.features.zero_phase import ZeroPhase

METHODS: dict[str, type[Method]] = {
    "zero_phase": ZeroPhase,
    "torcheeg": TorchEEG,
    "stft": Stft,
    "psd": Psd,
}

# YAML, forms and error messages follow from the dictionary; a type checker needs no more than the kind of value.
if TYPE_CHECKING:
    MethodName = str
else:
    MethodName = Literal[tuple(METHODS)]
