"""Re-referencing: every channel against the average, the mastoids, a point at infinity, or chosen channels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pydantic import field_validator

from escgan.errors import RecordingError
from escgan.preprocessing.sphere import rest_forward
from escgan.preprocessing.step import Findings, Plan, Signal, SignalFacts, Step

if TYPE_CHECKING:
    import mne


class Reference(Step):
    """Express every channel against a common reference.

    Channels that an earlier step has marked as bad enter neither the average nor REST. Mastoid channels are
    recorded against the same reference as the scalp, so they change with it: the step may be done twice.

    References
    ----------
    REST: Yao D. A method to standardize a reference of scalp EEG recordings to a point at infinity.
    Physiol Meas 2001;22(4):693-711. doi:10.1088/0967-3334/22/4/305, as MNE computes it, on a spherical head.
    """

    kind: Literal["reference"] = "reference"
    to: Literal["average", "mastoids", "rest"] | tuple[str, ...] = "average"
    """``average`` of the scalp channels; ``mastoids``, their mean; ``rest``, a point at infinity, estimated by a
    spherical head model; or the names of the reference channels."""

    @field_validator("to")
    @classmethod
    def _names_are_distinct(cls, to: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if not isinstance(to, str) and (not to or len(set(to)) != len(to)):
            raise ValueError("Reference channels must be named once each: list at least one, none twice.")
        return to

    def plan(self, facts: SignalFacts) -> Plan:
        """Refuse a reference channel that the recording does not have."""
        names = self._names(facts)
        if not names:
            return self._planned_over_the_scalp(facts)
        known = (*facts.channels, *_mastoids(facts))
        missing = [channel for channel in names if channel not in known]
        if missing:
            raise RecordingError(
                f"{facts.name} has no reference channel {', '.join(map(repr, missing))}: choose among "
                f"{', '.join(known)}, or 'average'."
            )
        # A reference channel is zero by definition (or, of a pair, its half difference): not scalp EEG any
        # more, and the logarithm of its power would be minus infinity.
        kept = tuple(channel for channel in facts.channels if channel not in names)
        if not kept:
            raise RecordingError(
                f"{facts.name} has no channel left beside its reference: name fewer reference channels."
            )
        name = "mean of " + ", ".join(names) if len(names) > 1 else names[0]
        warning = None
        if facts.reference == name:
            warning = f"the signal is already referenced to the {name}: this step changes nothing"
        dropped = "; reference channels dropped" if kept != facts.channels else ""
        after = replace(facts, channels=kept, reference=name)
        return Plan(after, f"{name}, instead of {facts.reference}{dropped}", warning)

    def treat(self, signal: Signal) -> Findings | None:
        """Re-reference each segment and drop the scalp channels that are the reference, if any are named."""
        facts = signal.facts
        names = self._names(facts)
        bads = list(signal.segments[0].info["bads"])
        unfit = [channel for channel in names if channel in bads]
        if unfit:
            raise RecordingError(
                f"The reference channel {', '.join(map(repr, unfit))} of {facts.name} is bad, and every channel would "
                "become so: name another reference or leave the recording out."
            )
        for segment in signal.segments:
            self._rereference(segment, names, facts)
        if names or not bads:
            return None
        return Findings(f"{', '.join(bads)} left out, being marked as bad", {"channels": bads})

    def _names(self, facts: SignalFacts) -> tuple[str, ...]:
        """Name the reference channels; none where all the scalp is the reference."""
        if self.to in ("average", "rest"):
            return ()
        if self.to != "mastoids":
            return tuple(self.to)
        if not _mastoids(facts):
            raise RecordingError(
                f"{facts.name} has no mastoid channels to refer to: choose 'average' or 'rest', or name channels."
            )
        return _mastoids(facts)

    def _planned_over_the_scalp(self, facts: SignalFacts) -> Plan:
        which = "channels that are not marked as bad" if facts.bads_marked else f"{len(facts.channels)} channels"
        name, words, already = {
            "average": ("average", f"average of {which}", "average-referenced"),
            "rest": ("REST", f"REST over {which} on a spherical head", "referenced by REST"),
        }[str(self.to)]
        warning = None
        if facts.reference == name and not facts.bads_marked:
            warning = f"the signal is already {already}: this step changes nothing"
        return Plan(replace(facts, reference=name), f"{words}, instead of {facts.reference}", warning)

    def _rereference(self, raw: mne.io.BaseRaw, names: tuple[str, ...], facts: SignalFacts) -> None:
        probe = next(channel for channel in facts.channels if channel not in raw.info["bads"])
        before = raw.get_data(picks=[probe])[0]
        if self.to == "rest":
            raw.set_eeg_reference("REST", forward=rest_forward(facts.channels), ch_type="eeg", verbose="error")
        else:
            raw.set_eeg_reference(list(names) or "average", projection=False, ch_type="eeg", verbose="error")
        if _mastoids(facts):
            # Every electrode moves by the same signal, so the probe tells how the mastoids move.
            moved = before - raw.get_data(picks=[probe])[0]
            raw.apply_function(lambda volts: volts - moved, picks=list(_mastoids(facts)), verbose="error")
        raw.drop_channels([channel for channel in names if channel in facts.channels])


def _mastoids(facts: SignalFacts) -> tuple[str, ...]:
    return tuple(channel for channel, kind in facts.auxiliary.items() if kind == "mastoid")
