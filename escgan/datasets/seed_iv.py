"""SEED-IV, as EEG at 200 Hz: one folder a session, one MATLAB file a subject, one array a film."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from escgan.datasets.corpus import SignalCorpus, existing_folder, nothing_found
from escgan.datasets.seed_family import (
    ELECTRODES,
    SEED_IV_CONDITIONS,
    SEED_IV_LABELS,
    SESSIONS,
    SUBJECTS,
    dated_files,
    named_folders,
    renamed_by_user,
)
from escgan.datasets.seed_matlab import read_signals
from escgan.errors import RecordingError
from escgan.preprocessing.bandpass import Bandpass
from escgan.preprocessing.step import Step
from escgan.recording import RawRecording, RecordingSource

SEED_IV_LICENCE = "SEED-IV licence agreement: academic research only, no redistribution"
SEED_IV_CITATION = (
    "Zheng W-L, Liu W, Lu Y, Lu B-L, Cichocki A. EmotionMeter: A Multimodal Framework for Recognizing Human Emotions. "
    "IEEE Transactions on Cybernetics 2019;49(3):1110-1122."
)
SEED_IV_NOTE = (
    "The classes are what 72 film clips were chosen to evoke, not what the subject reported. Every subject saw the "
    "same clips, 24 a session and each session its own: within a session, a clip that is in training and, of another "
    "subject, in test can be recognised as a clip."
)
SEED_IV_ACCESS = "on request, https://bcmi.sjtu.edu.cn/home/seed/seed-iv.html"


class SeedIvConfig(SignalCorpus):
    """Film clips meant to evoke happiness, sadness, fear or none, 15 subjects, 62 channels at 200 Hz."""

    title: ClassVar[str] = "SEED-IV, EEG"
    licence: ClassVar[str] = SEED_IV_LICENCE
    citation: ClassVar[str] = SEED_IV_CITATION
    note: ClassVar[str] = SEED_IV_NOTE
    access: ClassVar[str] = SEED_IV_ACCESS
    expects: ClassVar[str] = "eeg_raw_data, in its folders 1, 2 and 3 {subject}_{yyyymmdd}.mat for every subject"
    published_subjects: ClassVar[tuple[str, ...]] = SUBJECTS
    published_sessions: ClassVar[tuple[str, ...]] = SESSIONS
    default_bands: ClassVar[str] = "seed-iv"
    default_window_s: ClassVar[float] = 4.0
    default_baseline: ClassVar[Literal["none", "subtract"]] = "none"

    kind: Literal["seed_iv"] = "seed_iv"

    def discover(self, data: Path) -> tuple[RecordingSource, ...]:
        """List the recordings in ``eeg_raw_data``, the folder itself or below; its folders are the sessions."""
        folder = existing_folder(data, type(self))
        homes = list(named_folders(folder, "eeg_raw_data"))
        if renamed_by_user(folder):
            homes.append(folder)
        for home in homes:
            if sources := sessions_by_folder(home):
                return sources
        raise nothing_found(folder, type(self))

    def read(self, source: RecordingSource) -> RawRecording:
        """Read one subject's session: every film a segment of its own.

        Returns
        -------
        raw
            62 channels in microvolts at 200 Hz.
        """
        path = only_file(source)
        segments, spans, log = read_signals(path, source, conditions(source.session), stimuli(source.session))
        return RawRecording(
            subject=source.subject,
            session=source.session,
            channels=ELECTRODES,
            segments=segments,
            spans=spans,
            # The owners band-passed from 1 to 75 Hz; whether before or after writing these files they do not say.
            passband_hz=(1.0, 75.0),
            reference="as recorded",
            log=log,
        )

    def default_preprocessing(self) -> tuple[Step, ...]:
        """Return a band-pass around the usual bands, which also holds where the files were not high-passed yet."""
        return (Bandpass(low_hz=1.0, high_hz=50.0),)

    def default_labels(self) -> dict[str, Any]:
        """Return the four intended emotions as classes."""
        return seed_iv_labels()


def seed_iv_labels() -> dict[str, Any]:
    """Return SEED-IV's four classes, in the order of their numbers."""
    return {"kind": "classes", "classes": list(SEED_IV_CONDITIONS.values())}


def sessions_by_folder(folder: Path) -> tuple[RecordingSource, ...]:
    """List the recordings in the folders ``1``, ``2`` and ``3``, subjects in numerical order, then sessions.

    Two files of one subject in one session are listed as one recording, for :func:`only_file` to refuse.
    """
    found: dict[tuple[str, str], list[Path]] = {}
    for session in SESSIONS:
        for file in dated_files(folder / session):
            found.setdefault((file.subject, session), []).append(file.path)
    ordered = sorted(found, key=lambda key: (int(key[0]), *key))
    return tuple(RecordingSource(subject, session, tuple(found[subject, session])) for subject, session in ordered)


def only_file(source: RecordingSource) -> Path:
    """Return a recording's one file; raises RecordingError where there are two."""
    if len(source.files) > 1:
        names = " and ".join(path.name for path in source.files)
        raise RecordingError(
            f"Subject {source.subject} has {len(source.files)} files in session {source.session} ({names}): "
            "remove all but the right one."
        )
    return source.files[0]


def conditions(session: str) -> tuple[str, ...]:
    """Return the class of each of a session's films."""
    return tuple(SEED_IV_CONDITIONS[label] for label in SEED_IV_LABELS[session])


def stimuli(session: str) -> tuple[str, ...]:
    """Name a session's films by session and place in it: each session has its own.

    >>> stimuli("2")[:2]
    ('2-1', '2-2')
    """
    return tuple(f"{session}-{film}" for film in range(1, len(SEED_IV_LABELS[session]) + 1))
