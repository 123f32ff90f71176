"""Band-pass filter: a zero-phase FIR over the whole continuous segment, before any trial is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from escgan.errors import RecordingError
from escgan.preprocessing.step import Plan, SegmentStep, SignalFacts

if TYPE_CHECKING:
    import mne


class Bandpass(SegmentStep):
    """Keep what lies between two frequencies.

    The filter is MNE's default: a Hamming-windowed FIR applied once with its delay compensated, so that no
    frequency is shifted in time.
    """

    kind: Literal["bandpass"] = "bandpass"
    low_hz: Annotated[float, Field(gt=0)] | None = None
    """Lower edge in Hz; none keeps the low frequencies."""
    high_hz: Annotated[float, Field(gt=0)] | None = None
    """Upper edge in Hz; none keeps the high frequencies."""

    @model_validator(mode="after")
    def _edges_are_ordered(self) -> Bandpass:
        if self.low_hz is None and self.high_hz is None:
            raise ValueError("A band-pass step needs low_hz, high_hz or both: give an edge or remove the step.")
        if self.low_hz is not None and self.high_hz is not None and self.low_hz >= self.high_hz:
            raise ValueError(
                f"A band-pass from {self.low_hz:g} to {self.high_hz:g} Hz is empty: give a lower edge below "
                "the upper one."
            )
        return self

    def plan(self, facts: SignalFacts) -> Plan:
        """Refuse an edge at or above Nyquist, an empty intersection and a segment shorter than the filter."""
        words = self._words()
        for edge in (self.low_hz, self.high_hz):
            if edge is not None and edge >= facts.sfreq / 2:
                raise RecordingError(
                    f"The band-pass edge at {edge:g} Hz is not below half the sampling rate of "
                    f"{facts.sfreq:g} Hz in {facts.name}: lower the edge."
                )
        after = facts.narrowed(self.low_hz, self.high_hz, f"The band-pass {words}")
        length_s = self._length_s(facts.sfreq)
        if length_s > facts.shortest_s:
            raise RecordingError(
                f"The band-pass {words} needs segments of at least {length_s:.1f} s, but one of {facts.name} "
                f"lasts {facts.shortest_s:.1f} s: raise the lower edge or leave the recording out."
            )
        warning = None
        if after.passband_hz == facts.passband_hz:
            warning = (
                f"the distributed signal already ends at {facts.passband_hz[0]:g} and "
                f"{facts.passband_hz[1]:g} Hz: this filter removes nothing that is measured"
            )
        return Plan(after, f"zero-phase FIR {words}, {length_s:.1f} s long, on the continuous signal", warning)

    def apply(self, raw: mne.io.BaseRaw) -> mne.io.BaseRaw:
        """Filter one segment."""
        return raw.filter(self.low_hz, self.high_hz, picks="all", n_jobs=1, verbose="error")

    def _length_s(self, sfreq: float) -> float:
        # MNE only warns when the filter is longer than the signal and then returns mostly edge artefact.
        from mne.filter import create_filter

        return float(len(create_filter(None, sfreq, self.low_hz, self.high_hz, verbose="error")) / sfreq)

    def _words(self) -> str:
        if self.low_hz is None:
            return f"below {self.high_hz:g} Hz"
        if self.high_hz is None:
            return f"above {self.low_hz:g} Hz"
        return f"from {self.low_hz:g} to {self.high_hz:g} Hz"
