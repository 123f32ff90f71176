"""Notch filter: removes the mains frequency and its harmonics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from escgan.errors import RecordingError
from escgan.preprocessing.step import Plan, SegmentStep, SignalFacts

if TYPE_CHECKING:
    import mne

# MNE's default transition of 1 Hz is split between the notch's two sides;
# a Hamming-windowed FIR is 3.3 periods of that long.
_TRANSITION_HZ = 1.0
_LENGTH_S = 3.3 / (_TRANSITION_HZ / 2)


class Notch(SegmentStep):
    """Remove narrow lines, such as 50 or 60 Hz mains and their harmonics."""

    kind: Literal["notch"] = "notch"
    freqs_hz: tuple[Annotated[float, Field(gt=0)], ...] = Field(min_length=1)
    """Frequencies to remove, in Hz."""

    def plan(self, facts: SignalFacts) -> Plan:
        """Refuse a line at or above Nyquist and a segment shorter than the filter."""
        for freq in self.freqs_hz:
            if freq + _TRANSITION_HZ >= facts.sfreq / 2:
                raise RecordingError(
                    f"The notch at {freq:g} Hz does not lie below half the sampling rate of {facts.sfreq:g} "
                    f"Hz in {facts.name}: remove it or put it before the resampling."
                )
        if facts.shortest_s < _LENGTH_S:
            raise RecordingError(
                f"A notch needs segments of at least {_LENGTH_S:.1f} s, but one of {facts.name} lasts "
                f"{facts.shortest_s:.1f} s: remove the notch or leave the recording out."
            )
        low, high = facts.passband_hz
        outside = [f"{freq:g}" for freq in self.freqs_hz if not low <= freq <= high]
        warning = None
        if outside:
            warning = f"{', '.join(outside)} Hz lies outside the {low:g}-{high:g} Hz that the signal still contains"
        lines = ", ".join(f"{freq:g}" for freq in self.freqs_hz)
        return Plan(facts, f"zero-phase FIR notch at {lines} Hz on the continuous signal", warning)

    def apply(self, raw: mne.io.BaseRaw) -> mne.io.BaseRaw:
        """Filter one segment."""
        return raw.notch_filter(
            list(self.freqs_hz), picks="all", trans_bandwidth=_TRANSITION_HZ, n_jobs=1, verbose="error"
        )
