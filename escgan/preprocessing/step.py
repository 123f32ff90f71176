"""What a preprocessing step is: one plan for a recording, then one operation on each of its segments."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from escgan.errors import RecordingError
from escgan.settings import Settings

if TYPE_CHECKING:
    import mne


@dataclass(frozen=True)
class SignalFacts:
    """What is known about a recording's signal at one point of the chain.

    ``name`` is the recording's name for messages. ``passband_hz`` is the band in which there still is
    something to measure; ``shortest_s`` is the length of the shortest continuous segment.
    """

    name: str
    channels: tuple[str, ...]
    sfreq: float
    passband_hz: tuple[float, float]
    reference: str
    shortest_s: float

    def narrowed(self, low_hz: float | None, high_hz: float | None, cause: str) -> SignalFacts:
        """Intersect the pass-band with ``low_hz`` to ``high_hz``; None leaves an edge where it is.

        Raises
        ------
        RecordingError
            Nothing is left between the edges.
        """
        low = max(self.passband_hz[0], low_hz if low_hz is not None else 0.0)
        high = min(self.passband_hz[1], high_hz if high_hz is not None else float("inf"))
        if low >= high:
            raise RecordingError(
                f"{cause} leaves nothing of {self.name}, whose signal reaches from {self.passband_hz[0]:g} "
                f"to {self.passband_hz[1]:g} Hz: choose edges inside that band."
            )
        return replace(self, passband_hz=(low, high))


@dataclass(frozen=True)
class Plan:
    """What a step will do: the facts afterwards, the decision in words, and a warning if one is due."""

    facts: SignalFacts
    decision: str
    warning: str | None = None


class Step(Settings, ABC):
    """One preprocessing step.

    :meth:`plan` sees no samples: everything that can be refused from the facts alone is refused there, before
    any work. :meth:`apply` then treats each continuous segment on its own.
    """

    kind: str

    @abstractmethod
    def plan(self, facts: SignalFacts) -> Plan:
        """Check the step against the facts and say what it does; raises RecordingError where it cannot."""

    @abstractmethod
    def apply(self, raw: mne.io.BaseRaw) -> mne.io.BaseRaw:
        """Treat one continuous segment, in volts; ``raw`` may be changed in place."""

    def log_entry(self, plan: Plan) -> Mapping[str, Any]:
        """Return the recording's log entry: the step, its settings, the decision and any warning."""
        settings = self.model_dump(mode="json", exclude={"kind"})
        entry: dict[str, Any] = {"step": self.kind, "settings": settings, "decision": plan.decision}
        if plan.warning is not None:
            entry["warning"] = plan.warning
        return entry
