"""Crop: only a part of each trial is kept, such as its last half minute."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field, model_validator

from escgan.errors import RecordingError
from escgan.preprocessing.step import Plan, Signal, SignalFacts, Step
from escgan.recording import TrialSpan


class Crop(Step):
    """Keep a part of each trial, counted from its start (``from_s``, ``to_s``) or from its end (``last_s``).

    No sample is changed: the steps before and after this one still see the whole continuous signal, and the cut
    into trials follows the shortened spans. A baseline is by definition what comes directly before a trial, so
    trials that lose their beginning lose their baseline as well.
    """

    kind: Literal["crop"] = "crop"
    from_s: Annotated[float, Field(ge=0)] | None = None
    """What comes before this time of the trial is left out; none keeps the beginning."""
    to_s: Annotated[float, Field(gt=0)] | None = None
    """What comes after this time of the trial is left out; none keeps the end."""
    last_s: Annotated[float, Field(gt=0)] | None = None
    """Keep this much at the end of the trial, instead of naming times from its start."""

    @model_validator(mode="after")
    def _one_part_is_named(self) -> Crop:
        from_start = self.from_s is not None or self.to_s is not None
        if from_start == (self.last_s is not None):
            raise ValueError("A crop keeps from_s to to_s or the last_s of each trial: give one of the two.")
        if self.from_s is not None and self.to_s is not None and self.from_s >= self.to_s:
            raise ValueError(f"A crop from {self.from_s:g} to {self.to_s:g} s keeps nothing: give a to_s after from_s.")
        return self

    def plan(self, facts: SignalFacts) -> Plan:
        """Shorten the spans; refuse a trial that does not reach as far."""
        spans = tuple(self._cropped(span, facts) for span in facts.spans)
        warning = None
        lost = [new.trial for old, new in zip(facts.spans, spans, strict=True) if new.baseline_s < old.baseline_s]
        if lost:
            warning = (
                f"{len(lost)} of {len(spans)} trials lose their baseline, which would no longer end where they start"
            )
        elif all(_same_length(old, new, facts.sfreq) for old, new in zip(facts.spans, spans, strict=True)):
            warning = "every trial is kept whole: this step changes nothing"
        return Plan(replace(facts, spans=spans), f"kept {self._words()} of each trial", warning)

    def treat(self, signal: Signal) -> None:
        """Leave the samples alone: the spans have said it all."""

    def _cropped(self, span: TrialSpan, facts: SignalFacts) -> TrialSpan:
        # Counted in samples from the trial's own first one, so that what is kept is a slice of the whole trial.
        first, n_times = round(span.start_s * facts.sfreq), round(span.duration_s * facts.sfreq)
        begin, end = 0, n_times
        if self.last_s is not None:
            begin = n_times - round(self.last_s * facts.sfreq)
        if self.from_s is not None:
            begin = round(self.from_s * facts.sfreq)
        if self.to_s is not None:
            end = round(self.to_s * facts.sfreq)
        if begin < 0 or end > n_times or begin >= end:
            raise RecordingError(
                f"Trial {span.trial} of {facts.name} lasts {span.duration_s:g} s, of which {self._words()} cannot "
                "be kept: crop to a part that every trial has or leave the recording out."
            )
        if begin == 0 and end == n_times:
            return span
        return replace(
            span,
            start_s=(first + begin) / facts.sfreq if begin else span.start_s,
            duration_s=(end - begin) / facts.sfreq,
            baseline_s=0.0 if begin else span.baseline_s,
        )

    def _words(self) -> str:
        if self.last_s is not None:
            return f"the last {self.last_s:g} s"
        if self.to_s is None:
            return f"what follows the first {self.from_s:g} s"
        return f"{self.from_s or 0:g} to {self.to_s:g} s"


def _same_length(old: TrialSpan, new: TrialSpan, sfreq: float) -> bool:
    return round(old.duration_s * sfreq) == round(new.duration_s * sfreq)
