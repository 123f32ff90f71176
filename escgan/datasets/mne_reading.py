"""Any format that MNE reads: labels, types, rate, markers, and the samples of chosen channels in microvolts.

MNE interpolates the channels of an EDF with uneven rates to the rate of the fastest, which rings at the file's ends
and claims a band that was never recorded: channels are taken at their own rate here.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from escgan.datasets.edf import MNE_FAILURES, Header
from escgan.datasets.neuroscan import CntFile, open_cnt
from escgan.datasets.raw_files import checked_header, unreadable
from escgan.errors import RecordingError
from escgan.listing import first_of

if TYPE_CHECKING:
    import mne

_VOLT_IN_UV = 1e6
_ANNOTATIONS = ("EDF Annotations", "BDF Annotations")
# BioSemi's Status holds the trigger in its lower 16 bits, above which are the amplifier's own flags. Most
# laboratories wire the lower 8 only; the others then stand still, often high.
_TRIGGER_BITS, _UPPER_BYTE = 0xFFFF, 0xFF00


@dataclass(frozen=True)
class Marker:
    """An annotation, or a code on a trigger channel; seconds from the file's first sample."""

    name: str
    onset_s: float
    duration_s: float = 0.0


@dataclass(frozen=True)
class RecordedFile:
    """One opened file, its samples still on disk.

    ``labels`` and ``types`` (MNE's words: eeg, eog, stim, ...) are a channel's each, in the file's order; a label
    that the file holds twice is numbered, ``-0`` and ``-1``. ``sfreq`` is the fastest channel's rate in Hz and
    ``n_times`` its samples. ``passband_hz`` is the band between the filters that the file states. ``bads`` are
    the labels of channels marked as bad. ``own_hz`` holds the rate of each channel that was recorded more slowly;
    ``in_file`` the labels inside the file where a table beside it has renamed channels. ``read`` and ``mark`` fetch
    microvolts and markers from the disk.
    """

    path: Path
    subject: str
    labels: tuple[str, ...]
    types: tuple[str, ...]
    sfreq: float
    n_times: int
    passband_hz: tuple[float, float]
    read: Callable[[Sequence[str]], NDArray[np.floating]]
    mark: Callable[[], list[Marker]]
    bads: tuple[str, ...] = ()
    own_hz: Mapping[str, float] = field(default_factory=dict)
    in_file: Mapping[str, str] = field(default_factory=dict)
    log: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        """Length of the file in seconds."""
        return self.n_times / self.sfreq

    @property
    def where(self) -> str:
        """The file and its subject, to begin a message with."""
        return f"The file {self.path.name} of subject {self.subject}"

    def rate_of(self, labels: Sequence[str]) -> float:
        """Return the rate that channels were recorded at, in Hz; raises RecordingError where they differ."""
        rates: dict[float, str] = {}
        for label in labels:
            rates.setdefault(self.own_hz.get(label, self.sfreq), label)
        if len(rates) > 1:
            listed = ", ".join(f"'{label}' at {rate:g} Hz" for rate, label in sorted(rates.items()))
            raise RecordingError(
                f"{self.where} recorded its EEG at different rates ({listed}): leave the channels of one rate out with "
                "the dataset's option 'drop'."
            )
        return next(iter(rates))

    def microvolts(self, labels: Sequence[str]) -> NDArray[np.floating]:
        """Return the samples of channels, ``(n_labels, n_times)`` in microvolts, at :meth:`rate_of` them."""
        if self.rate_of(labels) < self.sfreq:
            # Alone in the reading, they are not interpolated to the rate of anything faster.
            inside = [self.in_file.get(label, label) for label in labels]
            return _reader(_open(self.path, self.subject, include=inside), self.path, self.subject)(inside)
        return self.read(labels)

    def markers(self) -> tuple[Marker, ...]:
        """Return annotations and trigger codes in order of time."""
        return tuple(sorted(self.mark(), key=lambda marker: (marker.onset_s, marker.name)))


def open_recording(path: Path, subject: str) -> RecordedFile:
    """Open a file of any format that MNE reads, and Neuroscan's more reliably than MNE does.

    Raises
    ------
    RecordingError
        The file or one that belongs to it is missing, damaged, truncated or of no known format; the message
        names file and subject.
    """
    header = checked_header(path, subject)
    if _is_neuroscan(path):
        return _neuroscan(open_cnt(path, subject), subject)
    return described(_open(path, subject), path, subject, header)


def described(raw: mne.io.BaseRaw, path: Path, subject: str, header: Header | None = None) -> RecordedFile:
    """Join what MNE has opened with what an EDF's header says of each channel's own rate.

    Raises
    ------
    RecordingError
        MNE took numbers from the file that mean nothing, such as a channel's type or a rate of 0.
    """
    try:
        types, sfreq = tuple(raw.get_channel_types()), float(raw.info["sfreq"])
        passband_hz = _between(raw.info["highpass"], raw.info["lowpass"], sfreq / 2)
        if not (math.isfinite(sfreq) and sfreq > 0):
            raise ValueError(f"its rate is {sfreq:g} Hz")
    except MNE_FAILURES as error:
        raise unreadable(path, subject, error) from error
    return RecordedFile(
        path=path,
        subject=subject,
        labels=tuple(raw.ch_names),
        types=types,
        sfreq=sfreq,
        n_times=int(raw.n_times),
        passband_hz=passband_hz,
        read=_reader(raw, path, subject),
        mark=lambda: _annotations(raw) + _triggers(raw, path, subject),
        bads=tuple(raw.info["bads"]),
        own_hz={} if header is None else _own_rates(raw, header),
    )


def marker_words(markers: Sequence[Marker], most: int = 8) -> str:
    """Say which markers there are and how often.

    >>> marker_words([Marker("4", 1.0), Marker("7", 2.0), Marker("4", 3.0)])
    "'4' x2, '7' x1"
    """
    words = [f"'{name}' x{n}" for name, n in sorted(Counter(marker.name for marker in markers).items())]
    return first_of(words, most) or "none"


def _open(path: Path, subject: str, include: Sequence[str] | None = None) -> mne.io.BaseRaw:
    import mne

    options: dict[str, Any] = {}
    if include is not None:
        options = {"include": list(include), "exclude_after_unique": True}
    try:
        raw = mne.io.read_raw(path, preload=False, verbose="error", **options)
    except Exception as error:
        # Some thirty readers of foreign bytes raise whatever they stumble over.
        raise unreadable(path, subject, error) from error
    # Several formats name the file of their samples; none has been read yet.
    homes = {os.path.normpath(home.absolute()) for home in (path.parent, path.resolve().parent)}
    for name in filter(None, raw.filenames):
        file = os.path.normpath(os.path.abspath(name))
        if not any(file.startswith(home + os.sep) for home in homes):
            raise unreadable(path, subject, f"its samples are to lie in '{name}', outside of its folder")
    return raw


def _reader(raw: mne.io.BaseRaw, path: Path, subject: str) -> Callable[[Sequence[str]], NDArray[np.floating]]:
    def read(labels: Sequence[str]) -> NDArray[np.floating]:
        try:
            return np.asarray(raw.get_data(picks=list(labels), verbose="error") * _VOLT_IN_UV)
        except Exception as error:
            raise unreadable(path, subject, error) from error

    return read


def _between(highpass: float | None, lowpass: float | None, nyquist: float) -> tuple[float, float]:
    low, high = float(highpass or 0.0), min(float(lowpass or nyquist), nyquist)
    # Some headers hold the two the wrong way round, or time constants.
    return (low, high) if low < high else (0.0, nyquist)


def _own_rates(raw: mne.io.BaseRaw, header: Header) -> dict[str, float]:
    rates = [
        (label, n_samples / header.record_s)
        for label, n_samples in zip(header.labels, header.record_lengths, strict=True)
        if label not in _ANNOTATIONS
    ]
    # By their order, since MNE numbers labels that occur twice.
    names = raw.ch_names if len(rates) == len(raw.ch_names) else [label for label, _ in rates]
    fastest = float(raw.info["sfreq"]) * (1 - 1e-9)
    return {name: rate for name, (_, rate) in zip(names, rates, strict=True) if rate < fastest}


def _annotations(raw: mne.io.BaseRaw) -> list[Marker]:
    notes = raw.annotations
    # Onsets count from the measurement's date where there is one, and a cropped file begins later.
    shift_s = raw.first_time if notes.orig_time is not None else 0.0
    return [
        Marker(str(name), float(onset - shift_s), float(duration))
        for name, onset, duration in zip(notes.description, notes.onset, notes.duration, strict=True)
    ]


def _triggers(raw: mne.io.BaseRaw, path: Path, subject: str) -> list[Marker]:
    names = [name for name, kind in zip(raw.ch_names, raw.get_channel_types(), strict=True) if kind == "stim"]
    markers = []
    for name in names:
        # A trigger channel has no unit: what counts as volts here is the code.
        codes = np.abs(np.rint(_reader(raw, path, subject)([name])[0] / _VOLT_IN_UV)).astype(np.int64)
        if path.suffix.lower() == ".bdf":
            codes &= _TRIGGER_BITS
            if np.ptp(codes & _UPPER_BYTE) == 0:
                codes &= ~_UPPER_BYTE
        starts = np.flatnonzero((np.diff(codes, prepend=0) != 0) & (codes != 0))
        prefix = f"{name}/" if len(names) > 1 else ""
        markers += [Marker(f"{prefix}{codes[start]}", float(start / raw.info["sfreq"])) for start in starts]
    return markers


def _is_neuroscan(path: Path) -> bool:
    """Tell Neuroscan's .cnt from ANT's, which is a RIFF file."""
    if path.suffix.lower() != ".cnt":
        return False
    with path.open("rb") as file:
        return file.read(4) != b"RIFF"


def _neuroscan(cnt: CntFile, subject: str) -> RecordedFile:
    labels = _numbered(cnt.names)

    def mark() -> list[Marker]:
        import mne

        try:
            # MNE needs to be told the width of the samples, or its events lie elsewhere; and it divides by the
            # distances of electrodes, which are zero in a header without positions.
            with np.errstate(divide="ignore", invalid="ignore"):
                raw = mne.io.read_raw_cnt(cnt.path, data_format=f"int{cnt.bits}", verbose="error")
        except Exception as error:
            raise unreadable(cnt.path, subject, error) from error
        return _annotations(raw)

    return RecordedFile(
        path=cnt.path,
        subject=subject,
        labels=labels,
        types=("eeg",) * len(labels),
        sfreq=cnt.sfreq,
        n_times=cnt.n_times,
        passband_hz=(0.0, cnt.sfreq / 2),
        read=lambda wanted: cnt.read([labels.index(label) for label in wanted], 0, cnt.n_times),
        mark=mark,
        log=cnt.log,
    )


def _numbered(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the labels, those that occur twice numbered as MNE numbers them."""
    return tuple(
        f"{label}-{labels[:i].count(label)}" if labels.count(label) > 1 else label for i, label in enumerate(labels)
    )
