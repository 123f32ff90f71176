"""Re-referencing: every channel against the average of all, or against chosen channels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pydantic import field_validator

from escgan.errors import RecordingError
from escgan.preprocessing.step import Plan, SegmentStep, SignalFacts

if TYPE_CHECKING:
    import mne


class Reference(SegmentStep):
    """Express every channel against a common reference."""

    kind: Literal["reference"] = "reference"
    to: Literal["average"] | tuple[str, ...] = "average"
    """``average``, or the names of the reference channels (for example the mastoids)."""

    @field_validator("to")
    @classmethod
    def _names_are_distinct(cls, to: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if not isinstance(to, str) and (not to or len(set(to)) != len(to)):
            raise ValueError("Reference channels must be named once each: list at least one, none twice.")
        return to

    def plan(self, facts: SignalFacts) -> Plan:
        """Refuse a reference channel that the recording does not have."""
        if self.to == "average":
            warning = None
            if facts.reference == "average":
                warning = "the signal is already average-referenced: this step changes nothing"
            decision = f"average of {len(facts.channels)} channels, instead of {facts.reference}"
            return Plan(replace(facts, reference="average"), decision, warning)
        missing = [channel for channel in self.to if channel not in facts.channels]
        if missing:
            raise RecordingError(
                f"{facts.name} has no reference channel {', '.join(map(repr, missing))}: choose among "
                f"{', '.join(facts.channels)}, or 'average'."
            )
        # A reference channel is zero by definition (or, of a pair, its half difference): not scalp EEG any
        # more, and the logarithm of its power would be minus infinity.
        kept = tuple(channel for channel in facts.channels if channel not in self.to)
        if not kept:
            raise RecordingError(
                f"{facts.name} has no channel left beside its reference: name fewer reference channels."
            )
        name = "mean of " + ", ".join(self.to) if len(self.to) > 1 else self.to[0]
        after = replace(facts, channels=kept, reference=name)
        return Plan(after, f"{name}, instead of {facts.reference}; reference channels dropped")

    def apply(self, raw: mne.io.BaseRaw) -> mne.io.BaseRaw:
        """Re-reference one segment and drop the reference channels, if any are named."""
        if self.to == "average":
            return raw.set_eeg_reference("average", projection=False, verbose="error")
        raw = raw.set_eeg_reference(list(self.to), projection=False, verbose="error")
        return raw.drop_channels(list(self.to))
