"""SEED, as it was recorded: one continuous Neuroscan file a subject and session."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar, Literal

from escgan.datasets.corpus import SignalCorpus, existing_folder, nothing_found
from escgan.datasets.seed import (
    CONDITIONS,
    SEED_ACCESS,
    SEED_CITATION,
    SEED_LICENCE,
    SEED_NOTE,
    SEED_PARENTS,
    STIMULI,
    seed_labels,
)
from escgan.datasets.seed_continuous import (
    SFREQ_HZ,
    Film,
    listed_times,
    read_films,
    timed_films,
    times_text,
    wrong_times,
)
from escgan.datasets.seed_family import SEED_FILM_S, SESSIONS, SUBJECTS
from escgan.preprocessing.bandpass import Bandpass
from escgan.preprocessing.notch import Notch
from escgan.preprocessing.resample import Resample
from escgan.preprocessing.step import Step
from escgan.recording import RawRecording, RecordingSource

# The owners' time.txt, in samples at 1000 Hz, is the source of both; each film ends its own length after its start.
STARTS_S = (27, 290, 551, 784, 1050, 1262, 1484, 1748, 1993, 2287, 2551, 2812, 3072, 3335, 3599)
STOPS_S = tuple(start + length for start, length in zip(STARTS_S, SEED_FILM_S, strict=True))
_FILE_NAME = re.compile(r"(\d+)_([123])\.cnt")
_FOLDER = "SEED_RAW_EEG"
_TIMES_FILE = "time.txt"


class SeedRawConfig(SignalCorpus):
    """Film clips meant to evoke positive, neutral or negative emotion, 15 subjects, 62 channels at 1000 Hz."""

    title: ClassVar[str] = "SEED, raw EEG"
    licence: ClassVar[str] = SEED_LICENCE
    citation: ClassVar[str] = SEED_CITATION
    note: ClassVar[str] = SEED_NOTE
    access: ClassVar[str] = SEED_ACCESS
    expects: ClassVar[str] = "SEED_RAW_EEG, in it {subject}_{session}.cnt for every subject and session"
    published_subjects: ClassVar[tuple[str, ...]] = SUBJECTS
    published_sessions: ClassVar[tuple[str, ...]] = SESSIONS
    default_bands: ClassVar[str] = "seed"
    default_window_s: ClassVar[float] = 1.0
    default_baseline: ClassVar[Literal["none", "subtract"]] = "none"

    kind: Literal["seed_raw"] = "seed_raw"

    def discover(self, data: Path) -> tuple[RecordingSource, ...]:
        """List the recordings in the folder itself, in ``SEED_RAW_EEG`` or in ``SEED_EEG/SEED_RAW_EEG``.

        Where the owners' ``time.txt`` lies beside them, it says when the films begin and end.
        """
        folder = existing_folder(data, type(self))
        for home in (folder, folder / _FOLDER, *(folder / parent / _FOLDER for parent in SEED_PARENTS)):
            sources = _recordings(home)
            if sources:
                return sources
        raise nothing_found(folder, type(self))

    def read(self, source: RecordingSource) -> RawRecording:
        """Read one subject's session: a segment a film, with up to 10 s before and after it.

        Returns
        -------
        raw
            62 channels in microvolts at 1000 Hz, unfiltered; mastoids and eyes beside them.

        Raises
        ------
        RecordingError
            The file cannot be read or is not what it should be.
        """
        path, *times = source.files
        return read_films(source, path, _films(times[0] if times else None, source.subject))

    def default_preprocessing(self) -> tuple[Step, ...]:
        """Return 200 Hz and 75 Hz, as the owners preprocess, without what they left in: drifts and 50 Hz mains."""
        return (Resample(sfreq_hz=200.0), Notch(freqs_hz=(50.0,)), Bandpass(low_hz=0.5, high_hz=75.0))

    def default_labels(self) -> dict[str, Any]:
        """Return the three intended emotions as classes."""
        return seed_labels()


def _recordings(folder: Path) -> tuple[RecordingSource, ...]:
    """List a folder's recordings, subjects in numerical order; none where there is no such folder."""
    if not folder.is_dir():
        return ()
    times = folder / _TIMES_FILE
    beside = (times,) if times.is_file() else ()
    matches = [match for path in folder.iterdir() if (match := _FILE_NAME.fullmatch(path.name))]
    matches.sort(key=lambda match: (int(match[1]), match[1], match[2]))
    return tuple(RecordingSource(match[1], match[2], (folder / match[0], *beside)) for match in matches)


def _films(times: Path | None, subject: str) -> tuple[Film, ...]:
    if times is None:
        return timed_films(CONDITIONS, STIMULI, STARTS_S, STOPS_S)
    text = times_text(times, subject)
    try:
        starts, stops = (
            [samples / SFREQ_HZ for samples in listed_times(text, name)]
            for name in ("start_point_list", "end_point_list")
        )
        return timed_films(CONDITIONS, STIMULI, starts, stops)
    except ValueError as error:
        raise wrong_times(times, subject, error) from error
