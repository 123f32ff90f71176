"""From continuous segments to trials: check, run the steps on each segment, cut.

Filters run before the cut, because a filter's edge artefact at each trial's start would sit inside the
signal; only what a corpus distributes already cut is filtered trial by trial.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escgan.errors import ConfigError
from escgan.preprocessing.checks import check_recording, trial_fingerprint, trial_samples
from escgan.preprocessing.electrodes import recording_info
from escgan.preprocessing.quality import (
    Stretches,
    channel_quality,
    mean_spectrum,
    segment_spectrum,
    spectrum_hz,
    usable_parts,
)
from escgan.preprocessing.step import Plan, Signal, SignalFacts, Step
from escgan.recording import RawRecording, Recording, Trial, TrialSpan

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

    signal = _signal(raw, facts) if steps else None
    for step, plan in zip(steps, plans, strict=True):
        assert signal is not None
        findings = step.treat(signal)
        log.append(step.log_entry(plan, findings))
        signal.facts = facts = plan.facts

    sfreq = raw.segments[0].sfreq
    kept = [raw.channels.index(channel) for channel in facts.channels]
    frequencies = spectrum_hz(sfreq, facts.sfreq)
    before, after = [], []
    trials: dict[int, Trial] = {}
    for index, segment in enumerate(raw.segments):
        eeg, rejected = (segment.eeg, []) if signal is None else _take(signal, index)
        before.append(segment_spectrum((segment.eeg[i] for i in kept), sfreq, len(frequencies)))
        after.append(segment_spectrum(eeg, facts.sfreq, len(frequencies), rejected))
        for number, span in enumerate(facts.spans):
            if span.segment == index:
                fingerprint = trial_fingerprint(trial_samples(segment.eeg, sfreq, span))
                cut = _cut(eeg, facts.sfreq, span)
                trials[number] = replace(cut, rejected=_inside(rejected, span), fingerprint=fingerprint)
    in_order = tuple(trials[number] for number in range(len(facts.spans)))
    distributed = [trial_samples(raw.segments[span.segment].eeg, sfreq, span) for span in facts.spans]
    return Recording(
        subject=raw.subject,
        session=raw.session,
        channels=facts.channels,
        sfreq=facts.sfreq,
        trials=in_order,
        passband_hz=facts.passband_hz,
        reference=facts.reference,
        log=tuple(log),
        quality=channel_quality(
            facts.channels,
            [[trial[i] for i in kept] for trial in distributed],
            [part for trial in in_order for part in usable_parts(trial.eeg, facts.sfreq, trial.rejected)],
        ),
        spectra={"frequency_hz": frequencies, "before": mean_spectrum(before), "after": mean_spectrum(after)},
    )


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
        n_eeg = len(raw.channels)
        volts = np.empty((n_eeg + len(raw.auxiliary), segment.eeg.shape[1]))
        np.divide(segment.eeg, _VOLT_IN_UV, out=volts[:n_eeg])
        if segment.auxiliary is not None:
            np.divide(segment.auxiliary, _VOLT_IN_UV, out=volts[n_eeg:])
        segments.append(mne.io.RawArray(volts, info.copy(), verbose="error"))
    return Signal(segments, facts)


def _take(signal: Signal, index: int) -> tuple[NDArray[np.float64], list[tuple[float, float]]]:
    """Return a treated segment in microvolts and what steps found unusable of it, and let the signal forget it."""
    segment = signal.segments[index]
    eeg = segment.get_data(picks=list(signal.facts.channels))
    eeg *= _VOLT_IN_UV
    bad = [note for note in segment.annotations if note["description"].upper().startswith("BAD_")]
    # The samples of the segments that are done would fill the memory until the last one is.
    segment.crop(tmax=0.0)
    return eeg, [(note["onset"], note["onset"] + note["duration"]) for note in bad]


def _inside(stretches: Stretches, span: TrialSpan) -> tuple[tuple[float, float], ...]:
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
