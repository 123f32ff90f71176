"""Resampling to a lower rate, with the anti-aliasing filter that this needs."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from escgan.errors import RecordingError
from escgan.preprocessing.step import Plan, SegmentStep, SignalFacts

if TYPE_CHECKING:
    import mne

# Samples that are mirrored at each end, so that the Fourier transform's periodicity does not join end to start.
_LEAST_PADDING = 100


class Resample(SegmentStep):
    """Bring every segment to a lower sampling rate.

    MNE's Fourier method: a brick-wall filter at the new Nyquist frequency, so the band below is kept whole.
    """

    kind: Literal["resample"] = "resample"
    sfreq_hz: Annotated[float, Field(gt=0)] = 128.0
    """New sampling rate in Hz."""

    def plan(self, facts: SignalFacts) -> Plan:
        """Refuse a rate above the recording's own: interpolation adds samples, not information."""
        if self.sfreq_hz > facts.sfreq:
            raise RecordingError(
                f"{facts.name} was sampled at {facts.sfreq:g} Hz and cannot be resampled to "
                f"{self.sfreq_hz:g} Hz: choose at most {facts.sfreq:g} Hz."
            )
        if self.sfreq_hz == facts.sfreq:
            return Plan(
                facts,
                "nothing to do",
                f"the signal already has {facts.sfreq:g} Hz: this step changes nothing",
            )
        nyquist = self.sfreq_hz / 2
        after = facts.narrowed(None, nyquist, f"Resampling to {self.sfreq_hz:g} Hz")
        decision = f"from {facts.sfreq:g} to {self.sfreq_hz:g} Hz, anti-aliased below {nyquist:g} Hz"
        return Plan(replace(after, sfreq=self.sfreq_hz), decision)

    def apply(self, raw: mne.io.BaseRaw) -> mne.io.BaseRaw:
        """Resample one segment."""
        if raw.info["sfreq"] == self.sfreq_hz:
            return raw
        # MNE cuts its padding off in whole samples of the new rate: padding that is not whole there would shift
        # the signal by up to half a sample, differently for each length.
        step = Fraction(self.sfreq_hz / raw.info["sfreq"]).limit_denominator(10_000).denominator
        n_padding = math.ceil(_LEAST_PADDING / step) * step
        return raw.resample(self.sfreq_hz, npad=n_padding, method="fft", n_jobs=1, verbose="error")
