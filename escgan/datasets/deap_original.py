"""DEAP as it was recorded: one BioSemi file a subject, with the ratings of all subjects in one table.

From public loaders and DEAP's own description: the two orders of channels, the trigger codes, the trigger
channel without a name and its high bits, the columns of the table, the places of EXG1 to EXG4, and what the
preprocessed files were made by (128 Hz, removal of eye artefacts, 4-45 Hz, average reference). From memory: that
familiarity goes from 1 to 5. No original file was at hand.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from escgan.datasets.bdf import BdfFile, onsets, open_bdf
from escgan.datasets.corpus import SignalCorpus, existing_folder, nothing_found
from escgan.datasets.deap import BASELINE_S, ELECTRODES, HIGHEST_RATING, LOWEST_RATING, RATINGS, TRIAL_S
from escgan.errors import RecordingError
from escgan.preprocessing.bandpass import Bandpass
from escgan.preprocessing.reference import Reference
from escgan.preprocessing.resample import Resample
from escgan.preprocessing.step import Step
from escgan.recording import RawRecording, RecordingSource, Segment, TrialSpan

SFREQ_HZ = 512.0
# BioSemi's amplifiers are coupled to direct current and reach to a fifth of their rate (-3 dB).
PASSBAND_HZ = (0.0, SFREQ_HZ / 5)
VIDEO_CODE = 4
_N_VIDEOS = 40
# Kept before the first and after the last trial, so that filters start and end outside of them.
MARGIN_S = 10.0
FAMILIARITY = "familiarity"
# Left and right of the eyes, above and below the right one.
_EYES = {"hEOG": ("EXG1", "EXG2"), "vEOG": ("EXG3", "EXG4")}
_FILE_NAME = re.compile(r"s(\d{2,})\.bdf")
_SUBFOLDER = "data_original"
_TABLE = "participant_ratings.csv"
_TABLE_FOLDER = "metadata_csv"
_NOT_ASKED = ("", "nan", "na")
_SUBJECT, _PRESENTED, _VIDEO = "Participant_id", "Trial", "Experiment_id"


class DeapOriginalConfig(SignalCorpus):
    """Music videos rated for valence and arousal, 32 subjects, 32 channels at 512 Hz."""

    title: ClassVar[str] = "DEAP, original recordings"
    licence: ClassVar[str] = "DEAP end user licence agreement: academic research only, no redistribution"
    citation: ClassVar[str] = (
        "Koelstra S, Mühl C, Soleymani M, et al. DEAP: A Database for Emotion Analysis Using Physiological "
        "Signals. IEEE Transactions on Affective Computing 2012;3(1):18-31."
    )
    note: ClassVar[str] = (
        "The classes are the subject's own ratings of one-minute music videos, cut at a threshold that "
        "differs between publications. Nothing was removed from the recordings. The usual preprocessing repeats "
        "what is published of DEAP's own, 128 Hz, 4-45 Hz and average reference, except its removal of eye "
        "artefacts. Subjects 01 to 22 and 23 to 32 were recorded at two sites."
    )
    access: ClassVar[str] = "on request, https://www.eecs.qmul.ac.uk/mmv/datasets/deap/"
    expects: ClassVar[str] = (
        "s01.bdf to s32.bdf, directly or in data_original, and participant_ratings.csv beside them, in metadata_csv "
        "or in the folder above"
    )
    published_subjects: ClassVar[tuple[str, ...]] = tuple(f"{number:02d}" for number in range(1, 33))
    default_bands: ClassVar[str] = "esc-gan-4hz"
    default_window_s: ClassVar[float] = 1.0
    default_baseline: ClassVar[Literal["none", "subtract"]] = "subtract"

    kind: Literal["deap_original"] = "deap_original"

    def discover(self, data: Path) -> tuple[RecordingSource, ...]:
        """List the subjects, in the folder itself or in its ``data_original``, each with the table of ratings."""
        folder = existing_folder(data, type(self))
        for recordings in (folder, folder / _SUBFOLDER):
            files = recordings.iterdir() if recordings.is_dir() else ()
            matches = [match for path in files if (match := _FILE_NAME.fullmatch(path.name))]
            if matches:
                table = _table_near(recordings)
                matches.sort(key=lambda match: (int(match[1]), match[1]))
                return tuple(RecordingSource(match[1], "1", (recordings / match[0], table)) for match in matches)
        raise nothing_found(folder, type(self))

    def read(self, source: RecordingSource) -> RawRecording:
        """Read one subject: one continuous segment from shortly before the first trial to shortly after the last.

        Returns
        -------
        raw
            32 channels in the preprocessed files' order, two bipolar channels of the eyes, up to five ratings a
            trial. Trials are numbered and sorted by video, as in the preprocessed files: trial n is Experiment_id n.

        Raises
        ------
        RecordingError
            A file is missing or damaged, or the videos that the triggers mark are not those that the table rates.
        """
        bdf_path, table_path = source.files
        presented = _presented_trials(table_path, source.subject)
        file = open_bdf(bdf_path, source.subject, SFREQ_HZ)
        starts = _video_starts(file, len(presented), table_path.name)
        first = max(0, int(starts[0]) - round((BASELINE_S + MARGIN_S) * SFREQ_HZ))
        stop = min(file.n_times, int(starts[-1]) + round((TRIAL_S + MARGIN_S) * SFREQ_HZ))
        names = [*ELECTRODES, *(name for pair in _EYES.values() for name in pair)]
        samples = file.microvolts(names, first, stop)
        eyes = samples[len(ELECTRODES) :]
        spans = [
            TrialSpan(
                segment=0,
                trial=trial.video,
                stimulus=str(trial.video),
                start_s=float(start - first) / SFREQ_HZ,
                duration_s=TRIAL_S,
                baseline_s=BASELINE_S,
                ratings=trial.ratings,
            )
            # The table's order is that of presentation, and so is the recording's.
            for trial, start in zip(presented, starts, strict=True)
        ]
        dropped = [label for label in file.header.labels if label and label not in names]
        return RawRecording(
            subject=source.subject,
            session=source.session,
            channels=ELECTRODES,
            segments=(Segment(samples[: len(ELECTRODES)], SFREQ_HZ, auxiliary=eyes[0::2] - eyes[1::2]),),
            spans=tuple(sorted(spans, key=lambda span: span.trial)),
            passband_hz=PASSBAND_HZ,
            reference="CMS electrode",
            log=(
                f"channels {', '.join(dropped)} dropped: peripheral or triggers, not scalp EEG",
                "EXG1 - EXG2 kept as hEOG and EXG3 - EXG4 as vEOG",
                "channels brought into the order of the preprocessed files",
                "trials brought from the order of presentation into that of the videos (Experiment_id)",
            ),
            auxiliary=dict.fromkeys(_EYES, "eog"),
        )

    def default_preprocessing(self) -> tuple[Step, ...]:
        """Return what is published of the preprocessed files' making, but for the removal of eye artefacts."""
        return (Resample(sfreq_hz=128.0), Bandpass(low_hz=4.0, high_hz=45.0), Reference(to="average"))

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
class _Presented:
    """One trial in the order of presentation."""

    video: int
    ratings: Mapping[str, float]


def _table_near(recordings: Path) -> Path:
    """Return the table of ratings; where there is none, the path beside the recordings, to be named on reading."""
    places = (recordings, recordings / _TABLE_FOLDER, recordings.parent, recordings.parent / _TABLE_FOLDER)
    return next((place / _TABLE for place in places if (place / _TABLE).is_file()), recordings / _TABLE)


def _presented_trials(path: Path, subject: str) -> list[_Presented]:
    """Read a subject's rows of the table, sorted by the order of presentation."""
    where = f"The table {path.name}, needed for subject {subject},"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        raise RecordingError(
            f"{where} is missing: put it beside the recordings, in {_TABLE_FOLDER} or in the folder above."
        ) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(f"{where} cannot be read ({error}): get it again from the corpus.") from error
    needed = {_SUBJECT, _PRESENTED, _VIDEO, *(name.capitalize() for name in RATINGS)}
    missing = sorted(needed - set(rows[0] if rows else ()))
    if missing:
        raise RecordingError(f"{where} lacks the column {', '.join(missing)}: get it again from the corpus.")
    trials: dict[int, _Presented] = {}
    for row in rows:
        if _number(row, _SUBJECT, where) != int(subject):
            continue
        presented, video = _number(row, _PRESENTED, where), _number(row, _VIDEO, where)
        if not 1 <= video <= _N_VIDEOS:
            raise RecordingError(
                f"{where} names video {video}, which is none of the corpus' {_N_VIDEOS}: get it again from the corpus."
            )
        if presented in trials or video in {trial.video for trial in trials.values()}:
            raise RecordingError(
                f"{where} lists trial {presented} or video {video} of the subject twice: get it again from the corpus."
            )
        ratings = {name: _rating(row, name, where) for name in (*RATINGS, FAMILIARITY)}
        trials[presented] = _Presented(video, ratings)
    if sorted(trials) != list(range(1, len(trials) + 1)) or not trials:
        raise RecordingError(
            f"{where} does not list the subject's trials from 1 without a gap: get it again from the corpus."
        )
    return [trials[presented] for presented in sorted(trials)]


def _number(row: Mapping[str, str | None], column: str, where: str) -> int:
    try:
        return int(row[column] or "")
    except ValueError:
        raise RecordingError(
            f"{where} has {row[column]!r} as {column} instead of a number: get it again from the corpus."
        ) from None


def _rating(row: Mapping[str, str | None], name: str, where: str) -> float:
    text = (row.get(name.capitalize()) or "").strip()
    if name == FAMILIARITY and text.lower() in _NOT_ASKED:
        # Subjects 02, 15 and 23 were not asked.
        return float("nan")
    try:
        rating = float(text)
    except ValueError:
        rating = float("nan")
    if not LOWEST_RATING <= rating <= HIGHEST_RATING:
        raise RecordingError(
            f"{where} rates {name} of trial {row[_PRESENTED]} as {text!r}, off the scale of {LOWEST_RATING:g} to "
            f"{HIGHEST_RATING:g}: get it again from the corpus or leave the subject out."
        )
    return rating


def _video_starts(file: BdfFile, n_trials: int, table: str) -> NDArray[np.intp]:
    """Return the sample at which each video begins, after checking that they can be the table's."""
    starts = onsets(file.trigger_codes() == VIDEO_CODE)
    if len(starts) != n_trials:
        raise RecordingError(
            f"{file.where} marks the start of {len(starts)} videos (code {VIDEO_CODE}), but {table} lists "
            f"{n_trials}: which of them belong together cannot be told, so get both again or leave the subject out."
        )
    ends = [*starts[1:], file.n_times]
    for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1):
        if end - start < TRIAL_S * SFREQ_HZ or start < BASELINE_S * SFREQ_HZ:
            raise RecordingError(
                f"{file.where} has no room for video {number} in order of presentation, {TRIAL_S:g} s from "
                f"{start / SFREQ_HZ:.1f} s on, and {BASELINE_S:g} s before it: get the file again or leave the subject "
                "out."
            )
    return starts
