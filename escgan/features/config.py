"""What to measure, in which windows."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from escgan.bands import BAND_SETS, Band
from escgan.settings import Settings


class FeatureConfig(Settings):
    """Differential entropy (DE) in windows of a trial."""

    bands: tuple[Band, ...] = Field(default=BAND_SETS["esc-gan"], min_length=1)
    """A band set by the name of its publication, or a list of bands with name, low_hz and high_hz."""
    window_s: float = Field(default=1.0, gt=0)
    """Window length in seconds."""
    step_s: float | None = Field(default=None, gt=0)
    """From one window's start to the next one's, in seconds; the window length when not given (no overlap)."""
    filter_order: int = Field(default=4, ge=1, le=8)
    """Order of the Butterworth band-pass, run forwards and backwards over the whole trial."""
    baseline: Literal["none", "subtract"] = "none"
    """``subtract`` takes the mean DE of the baseline before each trial away from its windows."""
    allow_outside_passband: bool = False
    """Measure a band although the corpus' files were filtered to exclude part of it."""

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
