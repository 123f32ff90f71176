"""What a preprocessing step is: one plan for a recording, then one treatment of its continuous segments."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from escgan.errors import RecordingError
from escgan.recording import AuxiliaryKind, Cleaned, TrialSpan
from escgan.settings import Settings

if TYPE_CHECKING:
    import mne


@dataclass(frozen=True)
class SignalFacts:
    """What is known about a recording's signal at one point of the chain.

    ``name`` is the recording's name for messages. ``passband_hz`` is the band in which there still is
    something to measure; ``shortest_s`` is the length of the shortest continuous segment. ``spans`` are the
    trials. ``auxiliary`` names the channels beside the scalp EEG and what they measure. ``cleaned`` says what
    was removed already, by the corpus' owners or an earlier step. ``bads_marked`` is whether a step has marked
    channels as bad that no later one has replaced yet.
    """

    name: str
    channels: tuple[str, ...]
    sfreq: float
    passband_hz: tuple[float, float]
    reference: str
    shortest_s: float
    spans: tuple[TrialSpan, ...] = ()
    auxiliary: Mapping[str, AuxiliaryKind] = field(default_factory=dict)
    cleaned: frozenset[Cleaned] = frozenset()
    bads_marked: bool = False

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


@dataclass(frozen=True)
class Findings:
    """What a step decided from the samples: in words, and as plain JSON values for the recording's log.

    ``details`` uses the keys ``channels`` (names), ``components`` (one mapping a component) and ``segments``
    (``[segment, start_s, stop_s]``) where they apply.
    """

    decision: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Signal:
    """A recording on its way through the chain.

    ``segments`` are in volts and hold the scalp channels (type ``eeg``, in the order of ``facts.channels``)
    and then the auxiliary ones (``eog``, ``ecg``; mastoids as ``misc``). Channels found bad stand in
    ``info["bads"]`` of every segment; stretches found unusable are annotations that begin with ``BAD_``. Both
    are MNE's own conventions, so its functions leave them out by themselves. ``facts`` are those before the
    step that is handed the signal.
    """

    segments: list[mne.io.BaseRaw]
    facts: SignalFacts


class Step(Settings, ABC):
    """One preprocessing step.

    :meth:`plan` sees no samples: everything that can be refused from the facts alone is refused there, before
    any work. :meth:`treat` then works on the recording as a whole.
    """

    cleans: ClassVar[Cleaned | None] = None
    """What the step removes; asking for it again is warned of."""

    kind: str

    @abstractmethod
    def plan(self, facts: SignalFacts) -> Plan:
        """Check the step against the facts and say what it does; raises RecordingError where it cannot."""

    @abstractmethod
    def treat(self, signal: Signal) -> Findings | None:
        """Treat all segments, in place or by replacing them in ``signal.segments``.

        Returns
        -------
        findings
            What the samples decided; None where the plan has said it all. Equal input gives equal bytes.
        """

    def log_entry(self, plan: Plan, findings: Findings | None = None) -> Mapping[str, Any]:
        """Return the recording's log entry: step, settings, decision, and any details and warning."""
        settings = self.model_dump(mode="json", exclude={"kind"})
        entry: dict[str, Any] = {"step": self.kind, "settings": settings, "decision": plan.decision}
        if findings is not None:
            entry["decision"] = f"{plan.decision}: {findings.decision}"
            entry["details"] = dict(findings.details)
        if plan.warning is not None:
            entry["warning"] = plan.warning
        return entry


class SegmentStep(Step):
    """A step that treats each continuous segment on its own and decides nothing from the samples."""

    @abstractmethod
    def apply(self, raw: mne.io.BaseRaw) -> mne.io.BaseRaw:
        """Treat one continuous segment, in volts; ``raw`` may be changed in place."""

    def treat(self, signal: Signal) -> None:
        """Treat the segments one after the other."""
        signal.segments = [self.apply(raw) for raw in signal.segments]
