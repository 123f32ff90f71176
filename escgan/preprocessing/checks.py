"""What is checked of every recording before any work, and how a trial is told from every other."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from escgan.errors import RecordingError
from escgan.listing import first_of
from escgan.preprocessing.step import SignalFacts
from escgan.recording import RawRecording, TrialSpan, recording_name

# A kilovolt: no amplifier's range, nor an offset of its electrodes, is within three decades of it.
_LARGEST_UV = 1e9
# More channels than these are counted instead of named.
_MOST_NAMED = 5


def trial_samples(eeg: NDArray[np.floating], sfreq: float, span: TrialSpan) -> NDArray[np.floating]:
    """Return a trial's part of a segment, ``(n_channels, n_times)``, without its baseline."""
    start = round(span.start_s * sfreq)
    return eeg[:, start : start + round(span.duration_s * sfreq)]


def trial_fingerprint(eeg: NDArray[np.floating]) -> str:
    """Digest a trial's samples as they were distributed, to find the same trial under two names."""
    return hashlib.blake2b(np.ascontiguousarray(eeg, np.float32).tobytes(), digest_size=16).hexdigest()


def check_recording(raw: RawRecording, *, flat_allowed: bool = False) -> SignalFacts:
    """Refuse what no step could repair, and state what is known before the first step.

    Parameters
    ----------
    raw
        What a reader returned.
    flat_allowed
        Let constant channels pass, because a step will find and replace them.

    Raises
    ------
    RecordingError
        There is no trial, one lies outside its segment, a sample is NaN, infinite or beyond a kilovolt, or a channel
        is constant.
    """
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
    lowest, highest = eeg.min(axis=1), eeg.max(axis=1)
    largest = np.maximum(np.abs(lowest), np.abs(highest))
    if largest.max() > _LARGEST_UV:
        channel = int(largest.argmax())
        raise RecordingError(
            f"Channel '{raw.channels[channel]}' in {_place(raw, index, 0.0)} of {name} reaches {largest[channel]:.3g} "
            "microvolts, more than any electrode gives: check the file's unit and number type, or leave the recording "
            "out."
        )
    constant = np.flatnonzero(lowest == highest)
    if constant.size == len(raw.channels):
        raise RecordingError(
            f"Every channel in {_place(raw, index, 0.0)} of {name} is constant, so nothing was recorded there: leave "
            "the trial or the recording out."
        )
    if constant.size and not flat_allowed:
        names = first_of([f"'{raw.channels[i]}'" for i in constant], _MOST_NAMED)
        are, it = ("s", "are constant, so they were") if constant.size > 1 else ("", "is constant, so it was")
        raise RecordingError(
            f"Channel{are} {names} in {_place(raw, index, 0.0)} of {name} {it} not connected: "
            "leave the recording out, or find and interpolate such channels ('bad_channels', 'interpolate')."
        )


def _place(raw: RawRecording, index: int, time_s: float) -> str:
    """Name the trial that holds a moment, or the only trial of the segment, or else the segment."""
    inside = [span for span in raw.spans if span.segment == index]
    for span in inside:
        if span.start_s - span.baseline_s <= time_s < span.start_s + span.duration_s or len(inside) == 1:
            return f"trial {span.trial}"
    return f"segment {index}"
