"""The films in a continuous Neuroscan recording of SEED or SEED-V, each cut out with the seconds around it.

The films fill nine tenths of an hour at 1000 Hz, 0.9 GB of float32. As one segment it would be held several times
over while it is filtered; as a segment a film, only one film is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from escgan.datasets.neuroscan import CntFile, open_cnt
from escgan.datasets.seed_family import ELECTRODES
from escgan.errors import RecordingError
from escgan.montage import canonical_name
from escgan.recording import AuxiliaryKind, RawRecording, RecordingSource, Segment, TrialSpan

SFREQ_HZ = 1000.0
# Half the length of the longest usual filter (a high-pass at 0.5 Hz: 3.3 s) three times over. Films are at least
# 26 s apart, so no segment reaches into another film.
MARGIN_S = 10.0
AUXILIARY: dict[str, AuxiliaryKind] = {"M1": "mastoid", "M2": "mastoid", "HEO": "eog", "VEO": "eog"}


class Film(NamedTuple):
    """One film of a session, in seconds from the recording's start."""

    stimulus: str
    condition: str
    start_s: float
    stop_s: float


def read_films(source: RecordingSource, path: Path, films: Sequence[Film], log: Sequence[str] = ()) -> RawRecording:
    """Read a recording's films; trials count them from 1 in the order given.

    Parameters
    ----------
    source, path
        The recording, and its ``.cnt``.
    films
        All films of the session; those that end after the recording are left out.
    log
        What the caller has to say about the files.

    Returns
    -------
    raw
        A segment a film, ``(62, n_times)`` float32 microvolts at 1000 Hz, with up to 10 s before and after it.

    Raises
    ------
    RecordingError
        The file cannot be read, is no recording of the corpus, or ends before its first film does.
    """
    file = open_cnt(path, source.subject)
    if file.sfreq != SFREQ_HZ:
        raise RecordingError(
            f"{file.where} was sampled at {file.sfreq:g} Hz instead of {SFREQ_HZ:g} Hz: use the file as the corpus' "
            "owners distribute it."
        )
    picks, auxiliary, dropped = _picks(file)
    end_s = file.n_times / file.sfreq
    segments: list[Segment] = []
    spans: list[TrialSpan] = []
    late: list[str] = []
    for trial, film in enumerate(films, start=1):
        if film.stop_s > end_s:
            late.append(str(trial))
            continue
        first_s, last_s = max(film.start_s - MARGIN_S, 0.0), min(film.stop_s + MARGIN_S, end_s)
        first = round(first_s * file.sfreq)
        samples = file.read(picks, first, round(last_s * file.sfreq))
        start_s, duration_s = film.start_s - first / file.sfreq, film.stop_s - film.start_s
        spans.append(TrialSpan(len(segments), trial, film.stimulus, start_s, duration_s, condition=film.condition))
        eeg, beside = samples[: len(ELECTRODES)], samples[len(ELECTRODES) :]
        segments.append(Segment(eeg, file.sfreq, beside if auxiliary else None))
    if not segments:
        raise RecordingError(
            f"{file.where} ends after {end_s:g} s, before the first film does: get it again from the corpus."
        )
    lines = [*log, *file.log]
    if late:
        lines.append(f"trials {', '.join(late)} left out: the recording ends after {end_s:g} s, before their films do")
    if dropped:
        lines.append(f"channels {', '.join(dropped)} dropped: not scalp EEG, eyes or mastoids")
    return RawRecording(
        subject=source.subject,
        session=source.session,
        channels=ELECTRODES,
        segments=tuple(segments),
        spans=tuple(spans),
        # Nothing is known to have been filtered away but what sampling itself takes.
        passband_hz=(0.0, SFREQ_HZ / 2),
        reference="as recorded",
        log=tuple(lines),
        auxiliary={name: AUXILIARY[name] for name in auxiliary},
    )


def timed_films(
    conditions: Sequence[str], stimuli: Sequence[str], starts_s: Sequence[float], stops_s: Sequence[float]
) -> tuple[Film, ...]:
    """Join a session's films with their times.

    Raises
    ------
    ValueError
        There is not one start and one end a film, or they do not follow one another.
    """
    if not len(conditions) == len(starts_s) == len(stops_s):
        raise ValueError(f"it lists {len(starts_s)} starts and {len(stops_s)} ends for {len(conditions)} films")
    times = [time for pair in zip(starts_s, stops_s, strict=True) for time in pair]
    for film, (before, after) in enumerate(pairwise(times)):
        # NaN compares false.
        if not 0 <= before < after:
            raise ValueError(f"the times of film {film // 2 + 1} do not follow one another ({before:g} s, {after:g} s)")
    return tuple(Film(*film) for film in zip(stimuli, conditions, starts_s, stops_s, strict=True))


def listed_times(text: str, name: str) -> tuple[float, ...]:
    """Return the numbers in brackets behind a name, such as ``start_second: [30, 132]``.

    >>> listed_times("start_second: [30, 132]", "start_second")
    (30.0, 132.0)

    Raises
    ------
    ValueError
        There is no such list, or something else than numbers in it.
    """
    match = re.search(rf"\b{name}\s*[:=]\s*\[([^\]]*)\]", text)
    if match is None:
        raise ValueError(f"it has no list '{name}'")
    return tuple(float(number) for number in match[1].split(",") if number.strip())


def times_text(path: Path, subject: str) -> str:
    """Read the owners' file of times; raises RecordingError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise RecordingError(
            f"The file {path.name} with the films' times cannot be read for subject {subject} ({error.strerror}): get "
            "it again from the corpus."
        ) from error


def wrong_times(path: Path, subject: str, error: ValueError) -> RecordingError:
    """Return the error for a file of times that cannot be right."""
    return RecordingError(
        f"The file {path.name} does not give the films' times for subject {subject} ({error}): get it again from the "
        "corpus, or remove it to use the published times."
    )


def _picks(file: CntFile) -> tuple[list[int], list[str], list[str]]:
    """Find the electrodes and the auxiliary channels by name; the rest is dropped."""
    places: dict[str, int] = {}
    for place, label in enumerate(file.names):
        name = canonical_name(label)
        if name in places and (name in ELECTRODES or name in AUXILIARY):
            raise RecordingError(
                f"{file.where} has two channels '{label}': use the file as the corpus' owners distribute it."
            )
        places[name] = place
    missing = [name for name in ELECTRODES if name not in places]
    if missing:
        raise RecordingError(
            f"{file.where} lacks {len(missing)} of the {len(ELECTRODES)} electrodes ({', '.join(missing[:5])}"
            f"{', ...' if len(missing) > 5 else ''}): use the file as the corpus' owners distribute it."
        )
    auxiliary = [name for name in AUXILIARY if name in places]
    dropped = [label for label in file.names if canonical_name(label) not in (*ELECTRODES, *auxiliary)]
    return [places[name] for name in (*ELECTRODES, *auxiliary)], auxiliary, dropped
