"""SEED, as its owners preprocessed it: one MATLAB file a subject and day, one array a film."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar, Literal

from escgan.datasets.corpus import SignalCorpus, existing_folder, nothing_found
from escgan.datasets.seed_family import (
    ELECTRODES,
    SEED_CONDITIONS,
    SEED_FILM_S,
    SEED_LABELS,
    SESSIONS,
    SUBJECTS,
    dated_files,
    named_folders,
    renamed_by_user,
)
from escgan.datasets.seed_matlab import read_signals, refuse_labels_that_differ
from escgan.preprocessing.bandpass import Bandpass
from escgan.preprocessing.step import Step
from escgan.recording import RawRecording, RecordingSource, TrialSpan

SEED_LICENCE = "SEED licence agreement: academic research only, no redistribution"
SEED_CITATION = (
    "Zheng W-L, Lu B-L. Investigating Critical Frequency Bands and Channels for EEG-based Emotion Recognition with "
    "Deep Neural Networks. IEEE Transactions on Autonomous Mental Development 2015;7(3):162-175. Duan R-N, Zhu J-Y, "
    "Lu B-L. Differential Entropy Feature for EEG-based Emotion Classification. IEEE/EMBS NER 2013:81-84."
)
SEED_NOTE = (
    "The classes are what 15 Chinese film clips of about four minutes were chosen to evoke, not what the subject "
    "reported. Every subject saw the same clips in the same order three times, so a clip that is in training and in "
    "test, of another subject or session, can be recognised as a clip."
)
SEED_ACCESS = "on request, https://bcmi.sjtu.edu.cn/home/seed/"
# The zip files of the owners' later release unpack into this folder.
SEED_PARENTS = ("SEED_EEG",)
CONDITIONS = tuple(SEED_CONDITIONS[label] for label in SEED_LABELS)
STIMULI = tuple(str(film) for film in range(1, len(SEED_LABELS) + 1))
_LABEL_FILE = "label.mat"
# Of a whole film the files hold its seconds at 200 Hz and one sample more.
_TOLERATED_S = 3.0


class SeedConfig(SignalCorpus):
    """Film clips meant to evoke positive, neutral or negative emotion, 15 subjects, 62 channels at 200 Hz."""

    title: ClassVar[str] = "SEED, preprocessed EEG"
    licence: ClassVar[str] = SEED_LICENCE
    citation: ClassVar[str] = SEED_CITATION
    note: ClassVar[str] = SEED_NOTE
    access: ClassVar[str] = SEED_ACCESS
    expects: ClassVar[str] = "Preprocessed_EEG, in it {subject}_{yyyymmdd}.mat for every subject and day, and label.mat"
    published_subjects: ClassVar[tuple[str, ...]] = SUBJECTS
    published_sessions: ClassVar[tuple[str, ...]] = SESSIONS
    default_bands: ClassVar[str] = "seed"
    default_window_s: ClassVar[float] = 1.0
    default_baseline: ClassVar[Literal["none", "subtract"]] = "none"

    kind: Literal["seed"] = "seed"

    def discover(self, data: Path) -> tuple[RecordingSource, ...]:
        """List the recordings in ``Preprocessed_EEG``: the folder itself, or below.

        A subject's sessions are numbered in the order of their dates. Under a name of the user's own, the folder
        must also hold ``label.mat``.
        """
        folder = existing_folder(data, type(self))
        homes = list(named_folders(folder, "Preprocessed_EEG", SEED_PARENTS))
        if renamed_by_user(folder) and (folder / _LABEL_FILE).is_file():
            homes.append(folder)
        for home in homes:
            if sources := sessions_by_date(home):
                return sources
        raise nothing_found(folder, type(self))

    def read(self, source: RecordingSource) -> RawRecording:
        """Read one subject's day: every film a segment of its own.

        Returns
        -------
        raw
            62 channels in microvolts at 200 Hz, low-passed at 75 Hz by the owners.
        """
        path, labels = source.files
        refuse_labels_that_differ(labels, source, SEED_LABELS)
        segments, spans, log = read_signals(path, source, CONDITIONS, STIMULI)
        return RawRecording(
            subject=source.subject,
            session=source.session,
            channels=ELECTRODES,
            segments=segments,
            spans=spans,
            # The owners state a band-pass of 0 to 75 Hz: nothing was taken away below.
            passband_hz=(0.0, 75.0),
            reference="as recorded",
            log=(*log, *_lengths(spans)),
        )

    def default_preprocessing(self) -> tuple[Step, ...]:
        """Return a band-pass around the usual bands: drifts and what lies above gamma are still in the files."""
        return (Bandpass(low_hz=0.5, high_hz=50.0),)

    def default_labels(self) -> dict[str, Any]:
        """Return the three intended emotions as classes."""
        return seed_labels()


def seed_labels() -> dict[str, Any]:
    """Return SEED's three classes, from negative to positive."""
    return {"kind": "classes", "classes": list(SEED_CONDITIONS.values())}


def sessions_by_date(folder: Path) -> tuple[RecordingSource, ...]:
    """List a folder's recordings, each with the folder's ``label.mat``; session n is a subject's n-th day."""
    return tuple(
        RecordingSource(subject, str(session), (file.path, folder / _LABEL_FILE))
        for subject, days in groupby(dated_files(folder), key=lambda file: file.subject)
        for session, file in enumerate(days, start=1)
    )


def _lengths(spans: tuple[TrialSpan, ...]) -> tuple[str, ...]:
    """Say which trials are not as long as their films."""
    odd = [
        f"{span.trial} ({span.duration_s:.1f} s of {SEED_FILM_S[span.trial - 1]} s)"
        for span in spans
        if abs(span.duration_s - SEED_FILM_S[span.trial - 1]) > _TOLERATED_S
    ]
    return (f"trials not as long as their films: {', '.join(odd)}",) if odd else ()
