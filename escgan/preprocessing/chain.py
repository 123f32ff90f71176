"""From continuous segments to trials: check, run the steps on each segment, cut.

Filters run before the cut, because a filter's edge artefact at each trial's start would sit inside the
signal; only what a corpus distributes already cut is filtered trial by trial.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from escgan.errors import ConfigError
from escgan.preprocessing.checks import check_recording, trial_fingerprint, trial_samples
from escgan.preprocessing.electrodes import recording_info
from escgan.preprocessing.quality import channel_quality, mean_spectra
from escgan.preprocessing.step import Plan, Signal, SignalFacts, Step
from escgan.recording import RawRecording, Recording, Trial, TrialSpan

if TYPE_CHECKING:
    import mne

LOG = logging.getLogger("escgan")

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
    facts = check_recording(raw, flat_allowed=any(step.cleans == "channels" for step in steps))
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
    raw_trials = [trial_samples(before[span.segment], sfreq, span) for span in facts.spans]
    trials = tuple(
        replace(
            _cut(after[span.segment], facts.sfreq, span),
            rejected=_inside(rejected[span.segment], span),
            fingerprint=trial_fingerprint(distributed),
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
            if step.cleans in facts.cleaned:
                again = f"{_CLEANED_WORDS[step.cleans]} already: this step treats what is left"
                plan = replace(plan, warning="; ".join(filter(None, (again, plan.warning))))
            plan = replace(plan, facts=replace(plan.facts, cleaned=plan.facts.cleaned | {step.cleans}))
        if plan.warning is not None:
            LOG.warning("Preprocessing step '%s': %s.", step.kind, plan.warning)
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


def _cut(eeg: NDArray[np.floating], sfreq: float, span: TrialSpan) -> Trial:
    start = round(span.start_s * sfreq)
    n_baseline = round(span.baseline_s * sfreq)
    # A copy: a view would keep the whole segment alive for as long as its trial.
    baseline = np.array(eeg[:, start - n_baseline : start], np.float32, order="C") if n_baseline else None
    return Trial(
        trial=span.trial,
        stimulus=span.stimulus,
        start_s=span.start_s,
        eeg=np.array(trial_samples(eeg, sfreq, span), np.float32, order="C"),
        baseline=baseline,
        ratings=dict(span.ratings),
        condition=span.condition,
    )
