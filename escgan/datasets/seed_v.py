"""SEED-V, as it was recorded: one continuous Neuroscan file a subject and session."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from escgan.datasets.corpus import SignalCorpus, existing_folder, nothing_found
from escgan.datasets.seed_continuous import Film, listed_times, read_films, timed_films, times_text, wrong_times
from escgan.datasets.seed_family import SESSIONS
from escgan.errors import RecordingError
from escgan.preprocessing.bandpass import Bandpass
from escgan.preprocessing.notch import Notch
from escgan.preprocessing.resample import Resample
from escgan.preprocessing.step import Step
from escgan.recording import RawRecording, RecordingSource

SEED_V_LICENCE = "SEED-V licence agreement: academic research only, no redistribution"
SEED_V_CITATION = (
    "Liu W, Qiu J-L, Zheng W-L, Lu B-L. Comparing Recognition Performance and Robustness of Multimodal Deep Learning "
    "Models for Multimodal Emotion Recognition. IEEE Transactions on Cognitive and Developmental Systems "
    "2022;14(2):715-729."
)
SEED_V_NOTE = (
    "The classes are what 45 film clips were chosen to evoke, not what the subject reported. Every subject saw the "
    "same clips, 15 a session and each session its own; sessions are numbered by their clips, not by date: within a "
    "session, a clip that is in training and, of another subject, in test can be recognised as a clip."
)
SEED_V_ACCESS = "on request, https://bcmi.sjtu.edu.cn/home/seed/seed-v.html"
SUBJECTS = tuple(str(number) for number in range(1, 17))

# Classes, their order and the times are those of the owners' emotion_label_and_stimuli_order.xlsx and
# trial_start_end_timestamp.txt, in which TorchEEG's SEEDVDataset and other public loaders agree.
EMOTIONS = ("disgust", "fear", "sad", "neutral", "happy")
_LATER_SESSIONS = (2, 1, 3, 0, 4, 4, 0, 3, 2, 1, 3, 4, 1, 2, 0)
LABELS: Mapping[str, tuple[int, ...]] = {"1": (4, 1, 3, 2, 0) * 3, "2": _LATER_SESSIONS, "3": _LATER_SESSIONS}
STARTS_S: Mapping[str, tuple[int, ...]] = {
    "1": (30, 132, 287, 555, 773, 982, 1271, 1628, 1730, 2025, 2227, 2435, 2667, 2932, 3204),
    "2": (30, 299, 548, 646, 836, 1000, 1091, 1392, 1657, 1809, 1966, 2186, 2333, 2490, 2741),
    "3": (30, 353, 478, 674, 825, 908, 1200, 1346, 1451, 1711, 2055, 2307, 2457, 2726, 2888),
}
STOPS_S: Mapping[str, tuple[int, ...]] = {
    "1": (102, 228, 524, 742, 920, 1240, 1568, 1697, 1994, 2166, 2401, 2607, 2901, 3172, 3359),
    "2": (267, 488, 614, 773, 967, 1059, 1331, 1622, 1777, 1908, 2153, 2302, 2428, 2709, 2817),
    "3": (321, 418, 643, 764, 877, 1147, 1284, 1418, 1679, 1996, 2275, 2425, 2664, 2857, 3066),
}
# The owners' release has a repaired copy beside the one recording whose header is broken.
_FILE_NAME = re.compile(r"(\d+)_([123])_\d{8}(_repaired)?\.cnt")
_FOLDER = "EEG_raw"
_TIMES_FILE = "trial_start_end_timestamp.txt"


class SeedVConfig(SignalCorpus):
    """Film clips meant to evoke happiness, sadness, fear, disgust or none, 16 subjects, 62 channels at 1000 Hz."""

    title: ClassVar[str] = "SEED-V, raw EEG"
    licence: ClassVar[str] = SEED_V_LICENCE
    citation: ClassVar[str] = SEED_V_CITATION
    note: ClassVar[str] = SEED_V_NOTE
    access: ClassVar[str] = SEED_V_ACCESS
    expects: ClassVar[str] = "EEG_raw, in it {subject}_{session}_{yyyymmdd}.cnt for every subject and session"
    published_subjects: ClassVar[tuple[str, ...]] = SUBJECTS
    published_sessions: ClassVar[tuple[str, ...]] = SESSIONS
    default_bands: ClassVar[str] = "seed-iv"
    default_window_s: ClassVar[float] = 4.0
    default_baseline: ClassVar[Literal["none", "subtract"]] = "none"

    kind: Literal["seed_v"] = "seed_v"

    def discover(self, data: Path) -> tuple[RecordingSource, ...]:
        """List the recordings in the folder itself or in its ``EEG_raw``; a repaired file replaces the broken one.

        Where the owners' ``trial_start_end_timestamp.txt`` lies in the folder or beside the recordings, it says
        when the films begin and end.
        """
        folder = existing_folder(data, type(self))
        for home in (folder, folder / _FOLDER):
            sources = _recordings(home, folder)
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
            There are two files, or the file cannot be read or is not what it should be.
        """
        paths = [path for path in source.files if path.name != _TIMES_FILE]
        if len(paths) > 1:
            raise RecordingError(
                f"Subject {source.subject} has {len(paths)} files in session {source.session} "
                f"({' and '.join(path.name for path in paths)}): remove all but the right one."
            )
        times = next((path for path in source.files if path.name == _TIMES_FILE), None)
        log = ["the owners' repaired file was read"] if "_repaired" in paths[0].name else []
        return read_films(source, paths[0], _films(times, source), log)

    def default_preprocessing(self) -> tuple[Step, ...]:
        """Return 200 Hz and 1 to 75 Hz, as the owners preprocess, and a notch at the 50 Hz of the mains."""
        return (Resample(sfreq_hz=200.0), Notch(freqs_hz=(50.0,)), Bandpass(low_hz=1.0, high_hz=75.0))

    def default_labels(self) -> dict[str, Any]:
        """Return the five intended emotions as classes."""
        return seed_v_labels()


def seed_v_labels() -> dict[str, Any]:
    """Return SEED-V's five classes, in the order of their numbers."""
    return {"kind": "classes", "classes": list(EMOTIONS)}


def conditions(session: str) -> tuple[str, ...]:
    """Return the class of each of a session's films."""
    return tuple(EMOTIONS[label] for label in LABELS[session])


def stimuli(session: str) -> tuple[str, ...]:
    """Name a session's films by session and place in it: each session has its own.

    >>> stimuli("2")[:2]
    ('2-1', '2-2')
    """
    return tuple(f"{session}-{film}" for film in range(1, len(LABELS[session]) + 1))


def _recordings(home: Path, folder: Path) -> tuple[RecordingSource, ...]:
    """List the recordings in ``home``, subjects in numerical order, then sessions; none where it is not there."""
    if not home.is_dir():
        return ()
    times = tuple(path for path in dict.fromkeys((home / _TIMES_FILE, folder / _TIMES_FILE)) if path.is_file())[:1]
    found: dict[tuple[str, str], list[tuple[bool, Path]]] = {}
    for path in sorted(home.iterdir()):
        match = _FILE_NAME.fullmatch(path.name)
        if match:
            found.setdefault((match[1], match[2]), []).append((match[3] is not None, path))
    sources = []
    for subject, session in sorted(found, key=lambda key: (int(key[0]), *key)):
        files = found[subject, session]
        repaired = [path for is_repaired, path in files if is_repaired]
        sources.append(RecordingSource(subject, session, (*(repaired or [path for _, path in files]), *times)))
    return tuple(sources)


def _films(times: Path | None, source: RecordingSource) -> tuple[Film, ...]:
    session = source.session
    of_films = conditions(session), stimuli(session)
    if times is None:
        return timed_films(*of_films, STARTS_S[session], STOPS_S[session])
    text = times_text(times, source.subject)
    try:
        # "Session 1:", then "start_second: [...]" and "end_second: [...]", and so on.
        part = re.search(rf"Session\s+{session}\s*:(.*?)(Session\s+\d|\Z)", text, re.S)
        if part is None:
            raise ValueError(f"it has no 'Session {session}:'")
        return timed_films(*of_films, listed_times(part[1], "start_second"), listed_times(part[1], "end_second"))
    except ValueError as error:
        raise wrong_times(times, source.subject, error) from error
