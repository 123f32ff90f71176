"""The words of the pipeline's first half: sources on disk, raw recordings, preprocessed recordings, trials.

A *recording* is one subject in one session. A reader turns a :class:`RecordingSource` into a
:class:`RawRecording`: continuous segments as the corpus distributes them, and where the trials lie in them.
Preprocessing filters the segments while they are still continuous and cuts them into a :class:`Recording`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import mne

AuxiliaryKind = Literal["eog", "ecg", "mastoid"]
"""What a channel that is no scalp EEG measures; such channels serve steps of the preprocessing and then go."""

Cleaned = Literal["ocular", "cardiac", "mains", "channels", "segments"]
"""What a treatment of the signal is aimed at: artefacts of eyes, heart or mains, bad channels, bad segments."""


@dataclass(frozen=True)
class RecordingSource:
    """Where one recording lies on disk, before anything is read.

    ``files`` are all the files whose content decides the recording. Their paths never enter a cache key.
    """

    subject: str
    session: str
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Segment:
    """A stretch of continuous signal.

    ``eeg`` is ``(n_channels, n_times)`` float64 or float32 in microvolts; ``auxiliary`` likewise, a row a
    channel of :attr:`RawRecording.auxiliary`, at the same rate; None where there are none.
    """

    eeg: NDArray[np.floating]
    sfreq: float
    auxiliary: NDArray[np.floating] | None = None


@dataclass(frozen=True)
class TrialSpan:
    """Where a trial lies inside a segment, in seconds from the segment's start.

    The baseline, where there is one, ends where the trial starts: ``baseline_s`` is its length, 0 for none.
    ``ratings`` are the subject's numbers (valence, arousal, ...); ``condition`` names the class where the
    corpus gives one by design.
    """

    segment: int
    trial: int
    stimulus: str
    start_s: float
    duration_s: float
    baseline_s: float = 0.0
    ratings: Mapping[str, float] = field(default_factory=dict)
    condition: str | None = None


@dataclass(frozen=True)
class RawRecording:
    """What a reader returns: EEG channels only, canonical 10-10 names, microvolts, still continuous.

    ``passband_hz`` is the band that the distributed files still contain: outside it there is nothing to
    measure. ``log`` says in words what the reader dropped or renamed. ``auxiliary`` names the channels beside
    the scalp EEG (eyes, heart, mastoids) and what they measure; ``cleaned`` says what the corpus' owners
    have removed already.
    """

    subject: str
    session: str
    channels: tuple[str, ...]
    segments: tuple[Segment, ...]
    spans: tuple[TrialSpan, ...]
    passband_hz: tuple[float, float]
    reference: str
    log: tuple[str, ...] = ()
    auxiliary: Mapping[str, AuxiliaryKind] = field(default_factory=dict)
    cleaned: frozenset[Cleaned] = frozenset()


@dataclass(frozen=True)
class Trial:
    """One trial of a preprocessed recording.

    ``eeg`` is ``(n_channels, n_times)`` float32 in microvolts; ``baseline`` likewise and immediately before
    it, or None. ``start_s`` counts from the start of the segment that the trial was cut from. ``rejected``
    are stretches that a step found unusable, as (start, stop) in seconds from the trial's start; in the
    baseline they are negative. ``fingerprint`` is a digest of the samples as they were distributed: equal
    for two trials exactly when their raw signals are.
    """

    trial: int
    stimulus: str
    start_s: float
    eeg: NDArray[np.float32]
    baseline: NDArray[np.float32] | None = None
    ratings: Mapping[str, float] = field(default_factory=dict)
    condition: str | None = None
    rejected: tuple[tuple[float, float], ...] = ()
    fingerprint: str = ""


@dataclass(frozen=True)
class Recording:
    """A preprocessed recording, cut into trials.

    ``log`` holds one entry a preprocessing step: its kind, its settings, what it decided and the details of
    that (channels, components, segments). ``quality``
    holds one row a channel: standard deviation and peak-to-peak in microvolts, flat and clipped shares.
    ``spectra`` maps ``"frequency_hz"``, ``"before"`` and ``"after"`` to the mean power spectral density over
    channels in uV^2/Hz, before and after preprocessing.
    """

    subject: str
    session: str
    channels: tuple[str, ...]
    sfreq: float
    trials: tuple[Trial, ...]
    passband_hz: tuple[float, float]
    reference: str
    log: tuple[Mapping[str, Any], ...] = ()
    quality: tuple[Mapping[str, float | str], ...] = ()
    spectra: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Subject and session as shown to people: ``sub-03`` or ``sub-03_ses-2``."""
        return recording_name(self.subject, self.session)

    def to_mne(self) -> mne.io.RawArray:
        """Return one Raw in volts, trials one after the other; see :func:`escgan.exchange.mne_signals.raw_of`."""
        from escgan.exchange.mne_signals import raw_of

        return raw_of(self)

    def to_mne_epochs(self, duration_s: float | None = None) -> mne.EpochsArray:
        """Return the trials as Epochs with metadata; see :func:`escgan.exchange.mne_signals.epochs_of`."""
        from escgan.exchange.mne_signals import epochs_of

        return epochs_of(self, duration_s)


def recording_name(subject: str, session: str) -> str:
    """Name a recording; the session is left out where a corpus has only one, called ``"1"``.

    >>> recording_name("03", "1"), recording_name("03", "2")
    ('sub-03', 'sub-03_ses-2')
    """
    return f"sub-{subject}" if session == "1" else f"sub-{subject}_ses-{session}"


def subject_and_session(name: str) -> tuple[str, str]:
    """Undo :func:`recording_name`.

    >>> subject_and_session("sub-03"), subject_and_session("sub-03_ses-2")
    (('03', '1'), ('03', '2'))
    """
    subject, _, session = name.removeprefix("sub-").partition("_ses-")
    return subject, session or "1"
