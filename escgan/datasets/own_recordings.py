"""Anybody's own recordings: what the user must be able to say of them, and how files become one recording."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from escgan.datasets.amplitude import HIGHEST_UV, LOWEST_UV, typical_deviation
from escgan.datasets.channel_roles import Roles, assign_roles
from escgan.datasets.corpus import SignalCorpus
from escgan.datasets.mne_reading import RecordedFile
from escgan.errors import RecordingError
from escgan.preprocessing.bandpass import Bandpass
from escgan.preprocessing.reference import Reference
from escgan.preprocessing.resample import Resample
from escgan.preprocessing.step import Step
from escgan.recording import AuxiliaryKind, Cleaned, RawRecording, RecordingSource, Segment, TrialSpan

UNKNOWN_REFERENCE = "unknown"
# Amplitudes are judged on the middle of a segment: over minutes an amplifier without a high-pass drifts.
_JUDGED_S = 10.0
# Trials may share so little: onsets and durations are rounded, each by itself.
_SHARED_S = 0.01


@dataclass(frozen=True)
class Part:
    """One file of a recording, with its trials (their ``segment`` is set when parts are joined).

    What is known of it beyond the file's own header replaces or completes that.
    """

    file: RecordedFile
    spans: tuple[TrialSpan, ...]
    passband_hz: tuple[float, float]
    reference: str = UNKNOWN_REFERENCE
    cleaned: frozenset[Cleaned] = frozenset()
    log: tuple[str, ...] = ()


class OwnRecordings(SignalCorpus):
    """Recordings of no fixed corpus: montage, filters and reference are what files and user say."""

    default_bands: ClassVar[str] = "esc-gan"
    default_window_s: ClassVar[float] = 2.0
    default_baseline: ClassVar[Literal["none", "subtract"]] = "none"

    rename: dict[str, str] = Field(default_factory=dict)
    """Channel labels as in the files, and the 10-10 names (or M1, M2, HEOG, VEOG, ECG) that they stand for."""
    drop: tuple[str, ...] = ()
    """Channel labels, as in the files, to leave out."""
    conditions: tuple[str, ...] = ()
    """The conditions that count, which are also the usual classes; trials of others are left out. All when empty."""
    passband_hz: tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(gt=0)]] | None = None
    """The band that the files still contain, where they state it wrongly or not at all."""
    reference: str | None = None
    """What the files are referenced to, where they do not say it."""
    cleaned: tuple[Cleaned, ...] = ()
    """What was removed from the files already: asking for it again in the preprocessing then warns."""
    scale: Annotated[float, Field(gt=0)] = 1.0
    """Factor on all samples, for files in a wrong unit: 1e-6 where microvolts were stored as if they were volts."""

    @field_validator("drop", "conditions", "cleaned")
    @classmethod
    def _once_each(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) != len(names):
            raise ValueError(f"a name stands twice in {list(names)}: give each once.")
        return names

    @model_validator(mode="after")
    def _channels_have_one_fate(self) -> OwnRecordings:
        both = sorted(set(self.rename) & set(self.drop))
        if both:
            raise ValueError(f"channel '{both[0]}' is to be renamed and dropped: choose one.")
        names = list(self.rename.values())
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two channels are to be renamed to '{twice}': give each its own name.")
        return self

    @model_validator(mode="after")
    def _band_is_one(self) -> OwnRecordings:
        if self.passband_hz is not None and self.passband_hz[0] >= self.passband_hz[1]:
            raise ValueError(f"passband_hz {list(self.passband_hz)} is empty: give a lower and a higher edge.")
        return self

    def default_preprocessing(self) -> tuple[Step, ...]:
        """Return 0.5-45 Hz, average reference and 128 Hz: what unprocessed recordings need at least."""
        return (Bandpass(low_hz=0.5, high_hz=45.0), Reference(to="average"), Resample(sfreq_hz=128.0))

    def default_labels(self) -> dict[str, Any]:
        """Return the conditions as classes where they are given, and otherwise valence cut at 5."""
        if len(self.conditions) > 1:
            return {"kind": "classes", "classes": list(self.conditions)}
        return {
            "kind": "threshold",
            "rating": "valence",
            "threshold": 5.0,
            "direction": ">=",
            "names": ["low valence", "high valence"],
        }

    def _wanted(self, condition: str | None) -> bool:
        return not self.conditions or condition in self.conditions

    def _joined(self, source: RecordingSource, parts: Sequence[Part]) -> RawRecording:
        """Read the files of a recording and make them its segments.

        Raises
        ------
        RecordingError
            No file holds a trial, files differ in their channels, or the samples cannot be microvolts.
        """
        unused = [line for part in parts if not part.spans for line in part.log]
        parts = [part for part in parts if part.spans]
        for part in parts:
            _refuse_overlap(part)
        roles = [self._roles(part.file) for part in parts]
        channels = tuple(roles[0].scalp)
        for part, its in zip(parts, roles, strict=True):
            _refuse_other_channels(parts[0].file, channels, part.file, tuple(its.scalp))
        auxiliary, log = _shared_auxiliary(parts, roles)
        segments = []
        for part, its in zip(parts, roles, strict=True):
            labels = [its.scalp[channel] for channel in channels] + [its.auxiliary[name][1] for name in auxiliary]
            samples = (part.file.microvolts(labels) * self.scale).astype(np.float32)
            sfreq = part.file.rate_of(labels)
            eeg, aux = samples[: len(channels)], samples[len(channels) :]
            _refuse_no_microvolts(eeg, sfreq, part.file)
            segments.append(Segment(eeg, sfreq, aux if auxiliary else None))
        log += [line for its in roles for line in its.log]
        log += [line for part in parts for line in (*part.file.log, *part.log)] + unused
        for part, its in zip(parts, roles, strict=True):
            bads = ", ".join(name for name, label in its.scalp.items() if label in part.file.bads)
            if bads:
                log.append(f"channels marked as bad, but kept, since every recording needs the same ones: {bads}")
        low, high = self.passband_hz or _common_band(parts)
        spans = [replace(span, segment=index) for index, part in enumerate(parts) for span in part.spans]
        return RawRecording(
            subject=source.subject,
            session=source.session,
            channels=channels,
            segments=tuple(segments),
            spans=tuple(spans),
            # A file's fastest channel need not be its EEG.
            passband_hz=(low, min(high, *(segment.sfreq / 2 for segment in segments))),
            reference=self.reference or " or ".join(sorted({part.reference for part in parts})),
            log=tuple(dict.fromkeys(log)),
            auxiliary=auxiliary,
            cleaned=frozenset(self.cleaned) | frozenset.intersection(*(part.cleaned for part in parts)),
        )

    def _roles(self, file: RecordedFile) -> Roles:
        return assign_roles(file.labels, file.types, self.rename, self.drop, file.where)


def natural_key(text: str) -> tuple[tuple[int, str], ...]:
    """Return a sorting key by which numbers inside texts count as numbers.

    >>> sorted(["run-10", "run-2", "run-1b"], key=natural_key)
    ['run-1b', 'run-2', 'run-10']
    """
    return tuple(_key(part) for part in re.split(r"(\d+)", text))


def _key(part: str) -> tuple[int, str]:
    if not part.isdecimal():
        return -1, part
    # Of two numbers the longer is the larger: their values would have limits for thousands of digits.
    digits = part.lstrip("0")
    return len(digits), digits


def _refuse_other_channels(
    first: RecordedFile, channels: tuple[str, ...], file: RecordedFile, its: tuple[str, ...]
) -> None:
    differing = sorted(set(channels) ^ set(its))
    if differing:
        raise RecordingError(
            f"The files {first.path.name} and {file.path.name} of subject {file.subject} differ in channels "
            f"({', '.join(differing)}): leave those out with the dataset's option 'drop'."
        )


def _shared_auxiliary(parts: Sequence[Part], roles: Sequence[Roles]) -> tuple[dict[str, AuxiliaryKind], list[str]]:
    """Return the auxiliary channels that every file has at the rate of its EEG, and what is said of the others."""
    shared: dict[str, AuxiliaryKind] = {}
    lost: list[str] = []
    for name, (kind, _) in roles[0].auxiliary.items():
        everywhere = all(
            name in its.auxiliary
            and part.file.rate_of([its.auxiliary[name][1]]) == part.file.rate_of(list(its.scalp.values()))
            for part, its in zip(parts, roles, strict=True)
        )
        if everywhere:
            shared[name] = kind
        else:
            lost.append(name)
    if not lost:
        return shared, []
    return shared, [f"channels dropped, not in every file at the rate of its EEG: {', '.join(lost)}"]


def _refuse_overlap(part: Part) -> None:
    """Refuse trials that share samples: they would count twice, and could be trained on and tested with."""
    latest: TrialSpan | None = None
    for span in sorted(part.spans, key=lambda span: span.start_s):
        end_s = span.start_s + span.duration_s
        if latest is None:
            latest = span
            continue
        latest_end_s = latest.start_s + latest.duration_s
        shared_s = min(latest_end_s, end_s) - span.start_s
        if shared_s > _SHARED_S:
            raise RecordingError(
                f"{part.file.where} has trials {latest.trial} and {span.trial}, which share {shared_s:.3g} s (one "
                f"lasts from {latest.start_s:g} to {latest_end_s:g} s, the other begins at {span.start_s:g}): correct "
                "their onsets and durations, or choose those that are trials with the dataset's option 'conditions'."
            )
        if end_s > latest_end_s:
            latest = span


def _refuse_no_microvolts(eeg: NDArray[np.float32], sfreq: float, file: RecordedFile) -> None:
    middle, half = eeg.shape[1] // 2, round(_JUDGED_S * sfreq / 2)
    deviation = typical_deviation([eeg[:, max(0, middle - half) : middle + half]])
    # Not a number compares false here: which sample it is, the preprocessing says.
    if deviation < LOWEST_UV or deviation > HIGHEST_UV:
        raise RecordingError(
            f"{file.where} holds samples with a typical standard deviation of {deviation:.3g}, so they are no EEG in "
            "microvolts: give the factor that makes them so as the dataset's option 'scale', or leave the subject out."
        )


def _common_band(parts: Sequence[Part]) -> tuple[float, float]:
    low = max(part.passband_hz[0] for part in parts)
    high = min(part.passband_hz[1] for part in parts)
    if low >= high:
        names = ", ".join(part.file.path.name for part in parts)
        raise RecordingError(
            f"The files {names} of subject {parts[0].file.subject} have no band in common: state it with the dataset's "
            "option 'passband_hz'."
        )
    return low, high
