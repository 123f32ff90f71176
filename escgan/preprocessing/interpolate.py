"""Interpolation: rebuild the channels that an earlier step has marked as bad, so that all recordings keep the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from escgan.errors import RecordingError
from escgan.preprocessing.sphere import head_sphere
from escgan.preprocessing.step import Findings, Plan, Signal, SignalFacts, Step


class Interpolate(Step):
    """Replace marked channels by spherical splines through the others.

    A rebuilt channel is a weighted sum of its neighbours: it holds no information of its own, and the signal
    loses a rank for each.

    References
    ----------
    Perrin F, Pernier J, Bertrand O, Echallier JF. Spherical splines for scalp potential and current density
    mapping. Electroencephalogr Clin Neurophysiol 1989;72(2):184-187. doi:10.1016/0013-4694(89)90180-6, as MNE
    computes them.
    """

    kind: Literal["interpolate"] = "interpolate"

    def plan(self, facts: SignalFacts) -> Plan:
        """Warn where no step before has marked channels."""
        warning = None
        if not facts.bads_marked:
            warning = "no step before this one marks bad channels: it has nothing to rebuild"
        return Plan(replace(facts, bads_marked=False), "spherical splines for the channels marked as bad", warning)

    def treat(self, signal: Signal) -> Findings:
        """Rebuild the marked channels of every segment and take the marks away."""
        bads = list(signal.segments[0].info["bads"])
        if not bads:
            return Findings("none is marked", {"channels": []})
        n_good = len(signal.facts.channels) - len(bads)
        if n_good < 2:
            raise RecordingError(
                f"Only {n_good} of the {len(signal.facts.channels)} channels of {signal.facts.name} is good, too few "
                "to rebuild the others from: leave the recording out."
            )
        origin, _ = head_sphere()
        for segment in signal.segments:
            segment.interpolate_bads(reset_bads=True, origin=origin, method={"eeg": "spline"}, verbose="error")
        return Findings(f"{', '.join(bads)} rebuilt from {n_good} others", {"channels": bads})
