"""From continuous segments to trials: check, run the steps on each segment, cut.

Filters run before the cut, because a filter's edge artefact at each trial's start would sit inside the
signal; only what a corpus distributes already cut is filtered trial by trial.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from escgan.errors import ConfigError, RecordingError
from escgan.preprocessing.electrodes import recording_info
from escgan.preprocessing.quality import channel_quality, mean_spectra
from escgan.preprocessing.step import Plan, Signal, SignalFacts, Step
from escgan.recording import RawRecording, Recording, Trial, TrialSpan, recording_name

if TYPE_CHECKING:
    import mne

_VOLT_IN_UV = 1e6


def preprocess(raw: RawRecording, steps: Sequence[Step]) -> Recording:
    """Run the steps in order on every continuous segment and cut the result into trials.

    Parameters
    ----------
    raw
        Continuous segments ``(n_channels, n_times)`` in microvolts, and where the trials lie in them.
    steps
        Configured steps of :data:`escgan.preprocessing.PREPROCESSORS`; none leaves the signal as distributed.

    Returns
    -------
    recording
        Trials and baselines as float32 microvolts; equal input gives equal bytes.

    Raises
    ------
    RecordingError
        A sample is NaN or infinite, a channel is constant, a trial lies outside its segment, or a step cannot
        be done on this recording.
    """
    facts = _checked(raw, flat_allowed=any(step.cleans == "channels" for step in steps))
    plans = _planned(facts, steps)
    log: list[Mapping[str, Any]] = [{"step": "read", "settings": {}, "decision": line} for line in raw.log]

    before = [np.asarray(segment.eeg) for segment in raw.segments]
    after: Sequence[NDArray[np.floating]] = before
    rejected: list[_Stretches] = [()] * len(before)
    if steps:
        signal = _signal(raw, facts)
        for step, plan in zip(steps, plans, strict=True):
            findings = step.treat(signal)
            log.append(step.log_entry(plan, findings))
            signal.facts = facts = plan.facts
        after = [segment.get_data(picks=list(facts.channels)) * _VOLT_IN_UV for segment in signal.segments]
        rejected = [_bad_stretches(segment) for segment in signal.segments]
    sfreq = raw.segments[0].sfreq
    kept = [raw.channels.index(channel) for channel in facts.channels]
    raw_trials = [_part(before[span.segment], sfreq, span) for span in facts.spans]
    trials = tuple(
        replace(
            _cut(after[span.segment], facts.sfreq, span),
            rejected=_inside(rejected[span.segment], span),
            fingerprint=_fingerprint(distributed),
        )
        for span, distributed in zip(facts.spans, raw_trials, strict=True)
    )
    return Recording(
        subject=raw.subject,
        session=raw.session,
        channels=facts.channels,
        sfreq=facts.sfreq,
        trials=trials,
        passband_hz=facts.passband_hz,
        reference=facts.reference,
        log=tuple(log),
        quality=channel_quality(
            facts.channels, [distributed[kept] for distributed in raw_trials], [trial.eeg for trial in trials]
        ),
        spectra=mean_spectra([eeg[kept] for eeg in before], sfreq, after, facts.sfreq),
    )


_Stretches = Sequence[tuple[float, float]]


def _planned(facts: SignalFacts, steps: Sequence[Step]) -> list[Plan]:
    """Plan every step before any is done, so that what cannot work is said before hours of computing."""
    plans = []
    for step in steps:
        plan = step.plan(facts)
        if step.cleans is not None:
            if step.cleans in facts.cleaned and plan.warning is None:
                plan = replace(plan, warning=f"{_CLEANED_WORDS[step.cleans]} already: this step treats what is left")
            plan = replace(plan, facts=replace(plan.facts, cleaned=plan.facts.cleaned | {step.cleans}))
        plans.append(plan)
        facts = plan.facts
    if facts.bads_marked:
        raise ConfigError(
            "The preprocessing marks bad channels and leaves them in: add the step 'interpolate' after it, so that "
            "every recording keeps the same channels."
        )
    return plans


_CLEANED_WORDS = {
    "ocular": "artefacts of the eyes were removed",
    "cardiac": "artefacts of the heart were removed",
    "mains": "the mains frequency was removed",
    "channels": "bad channels were dealt with",
    "segments": "bad stretches were dealt with",
}


def _signal(raw: RawRecording, facts: SignalFacts) -> Signal:
    """Hand the recording to MNE: volts, typed channels with positions."""
    import mne

    info = recording_info(raw.channels, raw.auxiliary, facts.sfreq, facts.name)
    segments = []
    for segment in raw.segments:
        parts = [segment.eeg] if segment.auxiliary is None else [segment.eeg, segment.auxiliary]
        volts = np.concatenate(parts).astype(np.float64) / _VOLT_IN_UV
        segments.append(mne.io.RawArray(volts, info.copy(), verbose="error"))
    return Signal(segments, facts)


def _bad_stretches(segment: mne.io.BaseRaw) -> _Stretches:
    """List what steps have annotated as unusable, as (start, stop) in seconds of the segment."""
    bad = [note for note in segment.annotations if note["description"].upper().startswith("BAD_")]
    return [(note["onset"], note["onset"] + note["duration"]) for note in bad]


def _inside(stretches: _Stretches, span: TrialSpan) -> tuple[tuple[float, float], ...]:
    """Clip the stretches to a trial and its baseline; seconds from the trial's start."""
    clipped = [
        (max(start - span.start_s, -span.baseline_s), min(stop - span.start_s, span.duration_s))
        for start, stop in stretches
    ]
    return tuple(sorted((round(start, 6), round(stop, 6)) for start, stop in clipped if stop > start))


def _fingerprint(eeg: NDArray[np.floating]) -> str:
    """Digest a trial's samples as they were distributed, to find the same trial under two names."""
    return hashlib.blake2b(np.ascontiguousarray(eeg, np.float32).tobytes(), digest_size=16).hexdigest()


def _cut(eeg: NDArray[np.floating], sfreq: float, span: TrialSpan) -> Trial:
    start = round(span.start_s * sfreq)
    n_baseline = round(span.baseline_s * sfreq)
    # A copy: a view would keep the whole segment alive for as long as its trial.
    baseline = np.array(eeg[:, start - n_baseline : start], np.float32, order="C") if n_baseline else None
    return Trial(
        trial=span.trial,
        stimulus=span.stimulus,
        start_s=span.start_s,
        eeg=np.array(_part(eeg, sfreq, span), np.float32, order="C"),
        baseline=baseline,
        ratings=dict(span.ratings),
        condition=span.condition,
    )


def _part(eeg: NDArray[np.floating], sfreq: float, span: TrialSpan) -> NDArray[np.floating]:
    start = round(span.start_s * sfreq)
    return eeg[:, start : start + round(span.duration_s * sfreq)]


def _checked(raw: RawRecording, *, flat_allowed: bool) -> SignalFacts:
    """Refuse what no step could repair, and state what is known before the first step."""
    name = recording_name(raw.subject, raw.session)
    if not raw.segments or not raw.spans:
        raise RecordingError(f"{name} holds no trial: check the file or leave the recording out.")
    rates = sorted({segment.sfreq for segment in raw.segments})
    if len(rates) > 1:
        raise RecordingError(
            f"The segments of {name} differ in sampling rate ({', '.join(f'{rate:g}' for rate in rates)} "
            "Hz): check that its files belong together."
        )
    sfreq = rates[0]
    for span in raw.spans:
        _check_span(raw, span, name)
    for index in range(len(raw.segments)):
        _check_samples(raw, index, name, flat_allowed)
    low, high = raw.passband_hz
    return SignalFacts(
        name=name,
        channels=raw.channels,
        sfreq=sfreq,
        passband_hz=(low, min(high, sfreq / 2)),
        reference=raw.reference,
        shortest_s=min(segment.eeg.shape[1] for segment in raw.segments) / sfreq,
        spans=raw.spans,
        auxiliary=raw.auxiliary,
        cleaned=raw.cleaned,
    )


def _check_span(raw: RawRecording, span: TrialSpan, name: str) -> None:
    if not 0 <= span.segment < len(raw.segments):
        raise RecordingError(
            f"Trial {span.trial} of {name} names segment {span.segment}, but there are {len(raw.segments)}: "
            "check the trial table."
        )
    segment = raw.segments[span.segment]
    length_s = segment.eeg.shape[1] / segment.sfreq
    # Times in tables are rounded: half a sample of excess is no excess.
    slack_s = 0.5 / segment.sfreq
    begin_s, end_s = span.start_s - span.baseline_s, span.start_s + span.duration_s
    if begin_s < -slack_s or end_s > length_s + slack_s or round(span.duration_s * segment.sfreq) < 1:
        raise RecordingError(
            f"Trial {span.trial} of {name} runs from {begin_s:g} to {end_s:g} s, baseline included, in a "
            f"segment of {length_s:g} s: check the trial table or whether the file is complete."
        )


def _check_samples(raw: RawRecording, index: int, name: str, flat_allowed: bool) -> None:
    segment = raw.segments[index]
    eeg = segment.eeg
    if eeg.ndim != 2 or eeg.shape[0] != len(raw.channels):
        raise RecordingError(
            f"Segment {index} of {name} has shape {eeg.shape} for {len(raw.channels)} channels: check the "
            "reader's channel list."
        )
    finite = np.isfinite(eeg)
    if not finite.all():
        channel, sample = (int(i) for i in np.argwhere(~finite)[0])
        place = _place(raw, index, sample / segment.sfreq)
        raise RecordingError(
            f"Channel '{raw.channels[channel]}' in {place} of {name} is NaN or infinite from "
            f"{sample / segment.sfreq:.3f} s on: get the file again or leave the recording out."
        )
    aux = segment.auxiliary
    if (aux is None) != (not raw.auxiliary) or (aux is not None and aux.shape != (len(raw.auxiliary), eeg.shape[1])):
        raise RecordingError(
            f"Segment {index} of {name} does not hold its auxiliary channels ({', '.join(raw.auxiliary) or 'none'}) "
            "at the length of its EEG: check the reader's channel list."
        )
    if aux is not None and not np.isfinite(aux).all():
        lost = list(raw.auxiliary)[int(np.argwhere(~np.isfinite(aux))[0, 0])]
        raise RecordingError(
            f"Auxiliary channel '{lost}' of {name} holds NaN or infinite samples: get the file again or leave "
            "the recording out."
        )
    constant = np.flatnonzero(np.ptp(eeg, axis=1) == 0)
    if constant.size and not flat_allowed:
        names = ", ".join(f"'{raw.channels[i]}'" for i in constant)
        raise RecordingError(
            f"Channel {names} in {_place(raw, index, 0.0)} of {name} is constant, so it was not connected: "
            "leave the recording out, or find and interpolate such channels ('bad_channels', 'interpolate')."
        )


def _place(raw: RawRecording, index: int, time_s: float) -> str:
    """Name the trial that holds a moment, or the only trial of the segment, or else the segment."""
    inside = [span for span in raw.spans if span.segment == index]
    for span in inside:
        if span.start_s - span.baseline_s <= time_s < span.start_s + span.duration_s or len(inside) == 1:
            return f"trial {span.trial}"
    return f"segment {index}"
