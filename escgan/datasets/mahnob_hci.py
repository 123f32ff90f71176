"""MAHNOB-HCI, emotion elicitation: one BioSemi file and one XML file a film.

From public loaders and papers: the folders and file names, the attributes of ``session.xml`` and the numbers of
the felt emotions, 256 Hz, the channels and the places of EXG1 to EXG3, that the trigger channel holds two pulses
and nothing else, at the beginning and the end of the film, that 30 s precede and follow the film, that parts where
the amplifier stood still are filled with a constant, and which subjects and trials have no recording (12, 15, 26;
3 of subject 3, 6 of subject 9, 4 of subject 16). From memory: that the recordings have no reference of their own
(CMS). No original file was at hand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from escgan.datasets.bdf import BdfFile, onsets, open_bdf
from escgan.datasets.corpus import SignalCorpus, existing_folder, nothing_found
from escgan.datasets.deap import ELECTRODES
from escgan.errors import RecordingError
from escgan.preprocessing.bandpass import Bandpass
from escgan.preprocessing.reference import Reference
from escgan.preprocessing.resample import Resample
from escgan.preprocessing.step import Step
from escgan.recording import RawRecording, RecordingSource, Segment, TrialSpan

SFREQ_HZ = 256.0
PASSBAND_HZ = (0.0, SFREQ_HZ / 2)
N_TRIALS = 20
# Recorded before each film.
LEAD_S = 30.0
LOWEST_RATING, HIGHEST_RATING = 1, 9
RATINGS = {"valence": "feltVlnc", "arousal": "feltArsl", "dominance": "feltCtrl", "predictability": "feltPred"}
EMOTIONS = {
    "0": "neutral",
    "1": "anger",
    "2": "disgust",
    "3": "fear",
    "4": "joy",
    "5": "sadness",
    "6": "surprise",
    "7": "scream",
    "8": "bored",
    "9": "sleepy",
    "10": "unknown",
    "11": "amusement",
    "12": "anxiety",
}
# On the left of the abdomen and under the right collarbone: the heart lies between them.
_HEART = ("EXG3", "EXG1")
# N instead of S names the neutral clips between the films, which nobody rated.
_FILE_NAME = re.compile(r"Part_(\d+)_S_Trial(\d+)_emotion\.bdf")
_SUBFOLDER = "Sessions"
_XML = "session.xml"


class MahnobHciConfig(SignalCorpus):
    """Film excerpts rated for felt emotion, 27 subjects, 32 channels at 256 Hz."""

    title: ClassVar[str] = "MAHNOB-HCI, emotion elicitation"
    licence: ClassVar[str] = "MAHNOB-HCI end user licence agreement: academic research only, no redistribution"
    citation: ClassVar[str] = (
        "Soleymani M, Lichtenauer J, Pun T, Pantic M. A Multimodal Database for Affect Recognition and Implicit "
        "Tagging. IEEE Transactions on Affective Computing 2012;3(1):42-55."
    )
    note: ClassVar[str] = (
        "The classes are the subject's own ratings of film excerpts of 35 to 117 s on whole numbers from 1 to 9, cut "
        "at a threshold; 'dominance' is what the corpus calls control. The condition is the emotion word that the "
        "subject chose, not what the film was chosen for. Nothing was removed from the recordings: blinks fill the "
        "lowest band unless a step removes them."
    )
    access: ClassVar[str] = "on request, https://mahnob-db.eu/hci-tagging/"
    expects: ClassVar[str] = (
        "numbered folders, directly or in Sessions, each with Part_N_S_TrialN_emotion.bdf and session.xml"
    )
    published_subjects: ClassVar[tuple[str, ...]] = tuple(
        str(number) for number in range(1, 31) if number not in (12, 15, 26)
    )
    default_bands: ClassVar[str] = "esc-gan"
    default_window_s: ClassVar[float] = 1.0
    default_baseline: ClassVar[Literal["none", "subtract"]] = "none"

    kind: Literal["mahnob_hci"] = "mahnob_hci"

    def discover(self, data: Path) -> tuple[RecordingSource, ...]:
        """List the subjects, each with the recordings and XML files of all films, in order of presentation."""
        folder = existing_folder(data, type(self))
        found = _recordings(folder) or _recordings(folder / _SUBFOLDER)
        if not found:
            raise nothing_found(folder, type(self))
        return tuple(
            RecordingSource(
                str(subject), "1", tuple(path for _, bdf in sorted(found[subject]) for path in (bdf, bdf.parent / _XML))
            )
            for subject in sorted(found)
        )

    def read(self, source: RecordingSource) -> RawRecording:
        """Read one subject: every film its own segment, with what was recorded before and after it.

        Trials are numbered by the order of presentation. A film that the subject did not rate is left out.

        Returns
        -------
        raw
            32 channels, one bipolar channel of the heart, four ratings a trial and the felt emotion as condition;
            the baseline is what was recorded before the film, 30 s at most.

        Raises
        ------
        RecordingError
            A file is missing or damaged, belongs to another subject, or does not mark one film.
        """
        trials = [_trial_number(path) for path in source.files[::2]]
        twice = next((trial for trial in trials if trials.count(trial) > 1), None)
        if twice is not None:
            raise RecordingError(
                f"Trial {twice} of subject {source.subject} lies in two folders: remove the one that is a copy."
            )
        segments: list[Segment] = []
        spans: list[TrialSpan] = []
        log: list[str] = []
        for trial, bdf_path, xml_path in zip(trials, source.files[::2], source.files[1::2], strict=True):
            report = _self_report(xml_path, source.subject)
            if report is None:
                log.append(f"trial {trial} left out: the subject rated nothing")
                continue
            file = open_bdf(bdf_path, source.subject, SFREQ_HZ)
            segment, start, stop, trimmed = _film(file)
            if trimmed:
                log.append(f"trial {trial}: {trimmed / SFREQ_HZ:g} s cut off, where the amplifier stood still")
            spans.append(
                TrialSpan(
                    segment=len(segments),
                    trial=trial,
                    stimulus=report.film,
                    start_s=start / SFREQ_HZ,
                    duration_s=(stop - start) / SFREQ_HZ,
                    baseline_s=min(LEAD_S, start / SFREQ_HZ),
                    ratings=report.ratings,
                    condition=report.emotion,
                )
            )
            segments.append(segment)
        if not spans:
            raise RecordingError(f"Subject {source.subject} rated none of the films in this folder: leave it out.")
        absent = sorted(set(range(1, N_TRIALS + 1)) - set(trials))
        if absent:
            log.append(f"trials {', '.join(map(str, absent))} have no recording in this folder")
        return RawRecording(
            subject=source.subject,
            session=source.session,
            channels=ELECTRODES,
            segments=tuple(segments),
            spans=tuple(spans),
            passband_hz=PASSBAND_HZ,
            reference="CMS electrode",
            log=(
                f"{_HEART[0]} - {_HEART[1]} kept as ECG; all other channels beside the EEG dropped: peripheral or "
                "triggers, not scalp EEG",
                *log,
            ),
            auxiliary={"ECG": "ecg"},
        )

    def default_preprocessing(self) -> tuple[Step, ...]:
        """Return 1-45 Hz, average reference and 128 Hz: the recordings are raw."""
        return (Resample(sfreq_hz=128.0), Bandpass(low_hz=1.0, high_hz=45.0), Reference(to="average"))

    def default_labels(self) -> dict[str, Any]:
        """Return low against high valence, cut at the middle of the scale."""
        return {
            "kind": "threshold",
            "rating": "valence",
            "threshold": 5.0,
            "direction": ">=",
            "names": ["low valence", "high valence"],
        }


@dataclass(frozen=True)
class _Report:
    """What a subject said about a film."""

    film: str
    ratings: Mapping[str, float]
    emotion: str | None


def _recordings(folder: Path) -> dict[int, list[tuple[int, Path]]]:
    """Find the films' recordings in the folder's subfolders: trial number and file, by subject."""
    found: dict[int, list[tuple[int, Path]]] = {}
    if folder.is_dir():
        for path in folder.glob("*/*_emotion.bdf"):
            match = _FILE_NAME.fullmatch(path.name)
            if match:
                found.setdefault(int(match[1]), []).append((int(match[2]), path))
    return found


def _trial_number(path: Path) -> int:
    match = _FILE_NAME.fullmatch(path.name)
    if match is None:
        raise RecordingError(f"The file {path.name} is not named as the corpus names a film's recording: rename it.")
    return int(match[2])


def _self_report(path: Path, subject: str) -> _Report | None:
    """Read a film's XML file; None where the subject rated nothing."""
    where = f"The file {path.parent.name}/{path.name} of subject {subject}"
    try:
        root = ElementTree.parse(path).getroot()
    except FileNotFoundError:
        raise RecordingError(f"{where} is missing: download it again.") from None
    except (OSError, ElementTree.ParseError, ValueError, LookupError) as error:
        raise RecordingError(f"{where} is damaged ({error}): download it again.") from error
    owner = root.find("subject")
    owner_id = "" if owner is None else owner.get("id", "").strip()
    # Not by their values: a number can have more digits than Python converts.
    if not owner_id.isdecimal() or owner_id.lstrip("0") != subject.lstrip("0"):
        raise RecordingError(
            f"{where} names subject {owner_id or 'nobody'}, not the subject of the recording beside it: download the "
            "folder again."
        )
    said = {name: root.get(attribute, "").strip() for name, attribute in RATINGS.items()}
    if not any(said.values()):
        return None
    ratings = {}
    for name, text in said.items():
        if text and text not in map(str, range(LOWEST_RATING, HIGHEST_RATING + 1)):
            raise RecordingError(
                f"{where} rates {name} as {text!r}, which is no whole number from {LOWEST_RATING} to "
                f"{HIGHEST_RATING}: download it again or leave the subject out."
            )
        ratings[name] = float(text) if text else float("nan")
    emotion = root.get("feltEmo", "").strip()
    if emotion and emotion not in EMOTIONS:
        raise RecordingError(
            f"{where} has the felt emotion {emotion!r}, which is none of {', '.join(EMOTIONS)}: download it again or "
            "leave the subject out."
        )
    film = root.get("mediaFile", "").strip().lower()
    if not film:
        raise RecordingError(f"{where} does not name the film (mediaFile): download it again.")
    return _Report(film, ratings, EMOTIONS.get(emotion))


def _film(file: BdfFile) -> tuple[Segment, int, int, int]:
    """Read one film's recording: the segment, the film's first sample and the one after its last, samples cut off."""
    marks = onsets(file.trigger_codes() > 0)
    if len(marks) != 2:
        raise RecordingError(
            f"{file.where} has {len(marks)} marks instead of one at the beginning and one at the end of the film: get "
            "the file again or leave the subject out."
        )
    samples = file.microvolts([*ELECTRODES, *_HEART])
    first, last = _moving(samples[: len(ELECTRODES)])
    start, stop = int(marks[0]), int(marks[1])
    if start < first or stop > last:
        raise RecordingError(
            f"{file.where} holds no signal during a part of the film: the amplifier stood still, so leave the subject "
            "out."
        )
    kept = samples[:, first:last]
    heart = kept[len(ELECTRODES)] - kept[len(ELECTRODES) + 1]
    segment = Segment(kept[: len(ELECTRODES)], SFREQ_HZ, auxiliary=heart[np.newaxis])
    return segment, start - first, stop - first, samples.shape[1] - (last - first)


def _moving(eeg: NDArray[np.float32]) -> tuple[int, int]:
    """Return the first sample and the one after the last of what is not filled with a constant at either end.

    A constant before or after the recording proper would put a step into it, at which filters ring.
    """
    changes = np.flatnonzero((np.diff(eeg, axis=1) != 0).any(axis=0))
    first, last = int(changes[0]), int(changes[-1]) + 1
    return (first + 1 if first > 0 else 0), (last if last < eeg.shape[1] - 1 else eeg.shape[1])
