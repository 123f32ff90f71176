"""DREAMER: all subjects in one MATLAB file, the neutral film and the emotional film of a trial in separate cells."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from escgan.datasets.amigos import ELECTRODES
from escgan.datasets.amplitude import refuse_implausible
from escgan.datasets.corpus import SignalCorpus, existing_folder, nothing_found
from escgan.datasets.matlab import cell_contents, channel_columns, load_mat, struct_fields
from escgan.datasets.matlab_head import leading_cells
from escgan.errors import RecordingError
from escgan.preprocessing.bandpass import Bandpass
from escgan.preprocessing.reference import Reference
from escgan.preprocessing.step import Step
from escgan.recording import RawRecording, RecordingSource, Segment, TrialSpan

SFREQ_HZ = 128.0
# The emotion that each film was chosen for, in the order of the cells (the data descriptor's table of clips).
TARGET_EMOTIONS = (
    "calmness", "surprise", "amusement", "fear", "excitement", "disgust", "happiness", "anger", "sadness",
    "disgust", "calmness", "amusement", "happiness", "anger", "fear", "excitement", "sadness", "surprise",
)  # fmt: skip
_RATINGS = {"valence": "ScoreValence", "arousal": "ScoreArousal", "dominance": "ScoreDominance"}
_LOWEST_RATING, _HIGHEST_RATING = 1, 5
_FILE = "DREAMER.mat"
_VARIABLE, _SUBJECTS_FIELD = "DREAMER", "Data"
# The headset's own band: 0.2-45 Hz, with digital notches at 50 and 60 Hz (Emotiv EPOC, technical specifications).
_PASSBAND_HZ = (0.2, 45.0)
# Over so much of both sides the neutral film is brought to the level at which the emotional film begins.
_MEETING_S = 1.0


class DreamerConfig(SignalCorpus):
    """Film clips rated for valence and arousal, 23 subjects, 14 channels at 128 Hz."""

    title: ClassVar[str] = "DREAMER"
    licence: ClassVar[str] = "restricted: the owners grant access on request, for research"
    citation: ClassVar[str] = (
        "Katsigiannis S, Ramzan N. DREAMER: A Database for Emotion Recognition Through EEG and ECG Signals From "
        "Wireless Low-cost Off-the-Shelf Devices. IEEE Journal of Biomedical and Health Informatics "
        "2018;22(1):98-107."
    )
    note: ClassVar[str] = (
        "The classes are the subject's own ratings (1 to 5) of 18 film clips, cut so that above 3 is high; the "
        "condition is the emotion that the clip was chosen for. Recorded with a consumer headset while people "
        "watched films and reacted to them: expect many artefacts of eyes and muscles, none of which is removed."
    )
    access: ClassVar[str] = "on request, https://zenodo.org/records/546113"
    expects: ClassVar[str] = f"{_FILE}, which holds all 23 subjects"
    published_subjects: ClassVar[tuple[str, ...]] = tuple(f"{number:02d}" for number in range(1, 24))
    default_bands: ClassVar[str] = "esc-gan"
    default_window_s: ClassVar[float] = 1.0
    default_baseline: ClassVar[Literal["none", "subtract"]] = "none"

    kind: Literal["dreamer"] = "dreamer"
    baseline: Literal["none", "neutral_film"] = "none"
    """``neutral_film`` puts the neutral film's recording before its trial, to be subtracted from the features.

    The two were cut apart: between them lies an unknown time, and a filter mixes about a second of each
    into the other where they meet.
    """

    def discover(self, data: Path) -> tuple[RecordingSource, ...]:
        """List the subjects of the one file, all with that file."""
        folder = existing_folder(data, type(self))
        path = folder / _FILE
        if not path.is_file():
            raise nothing_found(folder, type(self))
        # Of a file that begins otherwise, reading says what is wrong; there are 23 subjects to say it of.
        count = leading_cells(path, _SUBJECTS_FIELD) or len(self.published_subjects)
        return tuple(RecordingSource(subject, "1", (path,)) for subject in self.published_subjects[:count])

    def read(self, source: RecordingSource) -> RawRecording:
        """Read one subject: every film clip its own segment.

        Returns
        -------
        raw
            14 channels as the headset delivers them, with a constant of some 4200 uV in each and its own notch
            filters for the mains, and three ratings a trial. Trial i is clip i.

        Raises
        ------
        RecordingError
            The file cannot be read or does not have DREAMER's layout, or this subject is not in it.
        """
        (path,) = source.files
        trials = _library.take(path, source.subject)
        segments, spans = [], []
        for index, trial in enumerate(trials):
            eeg, baseline_s = trial.eeg, 0.0
            if self.baseline == "neutral_film":
                eeg, baseline_s = _joined(trial), trial.neutral.shape[1] / SFREQ_HZ
            segments.append(Segment(eeg, SFREQ_HZ))
            spans.append(
                TrialSpan(
                    segment=index,
                    trial=index + 1,
                    stimulus=str(index + 1),
                    start_s=baseline_s,
                    duration_s=trial.eeg.shape[1] / SFREQ_HZ,
                    baseline_s=baseline_s,
                    ratings=trial.ratings,
                    condition=TARGET_EMOTIONS[index],
                )
            )
        log = ["electrocardiogram dropped: sampled at 256 Hz, the EEG at 128 Hz"]
        if self.baseline == "neutral_film":
            log.append(
                "baseline is the neutral film before each clip: recorded apart from it, joined to it, and shifted by a "
                "constant in each channel so that the two meet"
            )
        return RawRecording(
            subject=source.subject,
            session=source.session,
            channels=ELECTRODES,
            segments=tuple(segments),
            spans=tuple(spans),
            passband_hz=_PASSBAND_HZ,
            reference="the headset's own (CMS)",
            log=tuple(log),
            cleaned=frozenset({"mains"}),
        )

    def default_preprocessing(self) -> tuple[Step, ...]:
        """Return a band-pass, which also takes the constant away, and average reference."""
        return (Bandpass(low_hz=1.0, high_hz=45.0), Reference(to="average"))

    def default_labels(self) -> dict[str, Any]:
        """Return low against high valence; only ratings above the middle of the scale are high."""
        return {
            "kind": "threshold",
            "rating": "valence",
            "threshold": 3.0,
            "direction": ">",
            "names": ["low valence", "high valence"],
        }


@dataclass(frozen=True)
class _Trial:
    """``eeg`` and ``neutral`` are ``(14, n_times)`` float32 microvolts."""

    eeg: NDArray[np.float32]
    neutral: NDArray[np.float32]
    ratings: Mapping[str, float]


class _Library:
    """The file, read once for all its subjects.

    MATLAB's format has no way to reach one subject: reading any means reading all, half a minute and two
    gigabytes for the real file. So all are read at the first request, a thread that comes meanwhile waits,
    and each subject is handed out once and let go of: what is held shrinks as a run proceeds.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._identity: tuple[str, int, int] | None = None
        self._held: dict[str, tuple[_Trial, ...] | RecordingError] = {}

    def take(self, path: Path, subject: str) -> tuple[_Trial, ...]:
        """Return a subject's trials; raises RecordingError where the file or this subject's part is wrong."""
        with self._lock:
            identity = _identity(path, subject)
            if identity != self._identity or subject not in self._held:
                self._held.clear()
                self._identity = identity
                self._held = _read(path, subject)
            found = self._held.pop(subject)
        if isinstance(found, RecordingError):
            raise found
        return found


_library = _Library()


def _subject(index: int) -> str:
    return f"{index + 1:02d}"


def _identity(path: Path, subject: str) -> tuple[str, int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise RecordingError(
            f"The file {path.name} of subject {subject} cannot be read ({error.strerror}): check the file or get it "
            "again."
        ) from error
    return str(path.resolve()), status.st_mtime_ns, status.st_size


def _read(path: Path, asked: str) -> dict[str, tuple[_Trial, ...] | RecordingError]:
    """Read every subject; what is wrong with one of them is kept in its place and costs the others nothing."""
    variables = load_mat(path, asked, [_VARIABLE])
    where = f"The file {path.name}"
    if _VARIABLE not in variables:
        raise RecordingError(f"{where} has no variable '{_VARIABLE}': get the file again from the corpus.")
    (data,) = struct_fields(variables[_VARIABLE], [_SUBJECTS_FIELD], f"{where}, variable {_VARIABLE},")
    cells = cell_contents(data, max(np.size(data), 1), f"{where}, {_VARIABLE}.{_SUBJECTS_FIELD},")
    subjects: dict[str, tuple[_Trial, ...] | RecordingError] = {}
    for index, cell in enumerate(cells):
        subject = _subject(index)
        try:
            subjects[subject] = _trials(cell, f"{where} of subject {subject}")
        except RecordingError as error:
            subjects[subject] = error
    if asked not in subjects:
        raise RecordingError(
            f"{where} holds {len(subjects)} subjects and no subject {asked}: get the file again from the corpus, or "
            "leave the subject out."
        )
    return subjects


def _trials(cell: Any, where: str) -> tuple[_Trial, ...]:
    n_trials = len(TARGET_EMOTIONS)
    eeg, *scores = struct_fields(cell, ["EEG", *_RATINGS.values()], f"{where}, its part of {_SUBJECTS_FIELD},")
    films = struct_fields(eeg, ["stimuli", "baseline"], f"{where}, EEG,")
    stimuli, neutral = (
        cell_contents(film, n_trials, f"{where}, {name} of the EEG,")
        for film, name in zip(films, ("stimuli", "baseline"), strict=True)
    )
    rated = {name: _scores(score, f"{where}, {name},") for name, score in zip(_RATINGS, scores, strict=True)}
    trials = tuple(
        _Trial(
            _signal(stimuli[i], f"{where}, film {i + 1},"),
            _signal(neutral[i], f"{where}, neutral film before film {i + 1},"),
            {name: float(values[i]) for name, values in rated.items()},
        )
        for i in range(n_trials)
    )
    refuse_implausible((trial.eeg for trial in trials), where)
    return trials


def _signal(value: Any, where: str) -> NDArray[np.float32]:
    signal = channel_columns(value, len(ELECTRODES), where).astype(np.float32, order="C")
    if not np.isfinite(signal).all():
        channel = int(np.argwhere(~np.isfinite(signal))[0, 0])
        raise RecordingError(
            f"{where} holds NaN or infinite samples in channel '{ELECTRODES[channel]}': get the file again or leave "
            "the subject out."
        )
    return signal


def _scores(value: Any, where: str) -> NDArray[np.float64]:
    scores = np.asarray(value)
    if scores.shape != (len(TARGET_EMOTIONS), 1) or scores.dtype.kind not in "fiu":
        raise RecordingError(
            f"{where} has scores of shape {scores.shape} instead of ({len(TARGET_EMOTIONS)}, 1): get the file again."
        )
    off = [score for score in scores[:, 0] if score not in range(_LOWEST_RATING, _HIGHEST_RATING + 1)]
    if off:
        raise RecordingError(
            f"{where} scores a film {off[0]:g}, which is no whole number from {_LOWEST_RATING} to {_HIGHEST_RATING}: "
            "get the file again or leave the subject out."
        )
    return scores[:, 0].astype(np.float64)


def _joined(trial: _Trial) -> NDArray[np.float32]:
    """Put the neutral film before the trial, at the level of its beginning: a step there would ring in every filter."""
    n_meeting = round(_MEETING_S * SFREQ_HZ)
    level = trial.eeg[:, :n_meeting].mean(axis=1) - trial.neutral[:, -n_meeting:].mean(axis=1)
    return np.concatenate([trial.neutral + level[:, np.newaxis], trial.eeg], axis=1)
