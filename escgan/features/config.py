"""What to measure, in which windows."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from escgan.bands import BAND_SETS, Band
from escgan.features.methods import METHODS, MethodName
from escgan.features.smoothing import SMOOTHING, NoSmoothing, SmoothingConfig
from escgan.settings import ByName, Settings


class FeatureConfig(Settings):
    """Differential entropy (DE) or power in windows of a trial."""

    method: MethodName = "zero_phase"
    """``zero_phase``: DE in nats, the whole trial filtered without delay. ``torcheeg``: DE in bits, each window
    filtered on its own, as TorchEEG does. ``stft``: log2(100 E) of the Fourier transform, as re-implementations of
    SEED's features. ``psd``: power spectral density in decibels."""
    bands: tuple[Band, ...] = Field(default=BAND_SETS["esc-gan"], min_length=1)
    """A band set by the name of its publication, or a list of bands with name, low_hz and high_hz."""
    window_s: float = Field(default=1.0, gt=0)
    """Window length in seconds."""
    step_s: float | None = Field(default=None, gt=0)
    """From one window's start to the next one's, in seconds; the window length when not given (no overlap)."""
    filter_order: int | None = Field(default=None, ge=1, le=8)
    """Order of the Butterworth band-pass; when not given, 4 for ``zero_phase``, which runs it forwards and backwards,
    and 5 for ``torcheeg``. The other methods filter nothing and take none."""
    baseline: Literal["none", "subtract"] = "none"
    """``subtract`` takes the mean over the baseline before each trial away from its windows."""
    smoothing: Annotated[SmoothingConfig, ByName(SMOOTHING)] = NoSmoothing()
    """How values are smoothed over the windows of a trial: ``none``, ``moving_average`` or ``lds``."""
    allow_outside_passband: bool = False
    """Measure a band although the corpus' files were filtered to exclude part of it."""

    @model_validator(mode="before")
    @classmethod
    def _usual_order(cls, values: Any) -> Any:
        """Fill in the method's own order, so that the object, and every key, says it."""
        if isinstance(values, dict) and values.get("filter_order") is None:
            method = METHODS.get(str(values.get("method", "zero_phase")))
            return {**values, "filter_order": method.usual_order if method else None}
        return values

    @field_validator("bands", mode="before")
    @classmethod
    def _named_set(cls, value: object) -> object:
        if isinstance(value, str):
            if value not in BAND_SETS:
                raise ValueError(f"there is no band set '{value}': expected one of {', '.join(BAND_SETS)}.")
            return BAND_SETS[value]
        return value

    @model_validator(mode="after")
    def _names_differ(self) -> FeatureConfig:
        names = [band.name for band in self.bands]
        if len(set(names)) != len(names):
            raise ValueError(f"bands are named twice in {names}: give each its own name.")
        return self

    @model_validator(mode="after")
    def _order_has_a_filter(self) -> FeatureConfig:
        if self.filter_order is not None and METHODS[self.method].usual_order is None:
            raise ValueError(f"method '{self.method}' filters nothing, so filter_order does nothing: remove it.")
        return self
