"""AMIGOS, as its authors preprocessed it: one MATLAB file a subject, a cell a video."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from escgan.datasets.amplitude import refuse_implausible
from escgan.datasets.corpus import SignalCorpus, existing_folder, nothing_found
from escgan.datasets.matlab import cell_contents, channel_columns, load_mat
from escgan.errors import RecordingError
from escgan.preprocessing.step import Step
from escgan.recording import AuxiliaryKind, RawRecording, RecordingSource, Segment, TrialSpan

# The order of the Emotiv EPOC headset; DREAMER was recorded with the same one.
# fmt: off
ELECTRODES = (
    "AF3", "F7", "F3", "FC5", "T7", "P7", "O1", "O2", "P8", "T8", "FC6", "F4", "F8", "AF4",
)
SHORT_VIDEOS = ("4", "5", "9", "10", "13", "18", "19", "20", "23", "30", "31", "34", "36", "58", "80", "138")
LONG_VIDEOS = ("N1", "P1", "B1", "U1")
# fmt: on
_VIDEOS = SHORT_VIDEOS + LONG_VIDEOS
_ECG = ("ECG_R", "ECG_L")
_COLUMNS = (*ELECTRODES, *_ECG, "GSR")
# Arousal comes before valence here, and valence before arousal in the external annotation.
_SCALES = ("arousal", "valence", "dominance", "liking", "familiarity")
_EMOTIONS = ("neutral", "disgust", "happiness", "surprise", "anger", "fear", "sadness")
_ANNOTATION = ("segment", "external_valence", "external_arousal")
_LOWEST_RATING, _HIGHEST_RATING = 1.0, 9.0
SFREQ_HZ = 128.0
_BASELINE_S = 5.0
_FILE_NAME = re.compile(r"Data_Preprocessed_P(\d{2,})(\.mat)?")
_SUBFOLDER = "Data_Preprocessed"
_CELLS = ("joined_data", "labels_selfassessment", "labels_ext_annotation", "VideoIDs")


class AmigosConfig(SignalCorpus):
    """Film extracts rated for valence and arousal, 40 subjects, 14 channels at 128 Hz."""

    title: ClassVar[str] = "AMIGOS, preprocessed"
    licence: ClassVar[str] = "AMIGOS end user licence agreement: academic research only, no redistribution"
    citation: ClassVar[str] = (
        "Miranda-Correa JA, Abadi MK, Sebe N, Patras I. AMIGOS: A Dataset for Affect, Personality and Mood "
        "Research on Individuals and Groups. IEEE Transactions on Affective Computing 2021;12(2):479-493."
    )
    note: ClassVar[str] = (
        "The classes are the subject's own ratings of film extracts, cut at a threshold. Some trials are absent "
        "or hold NaN and are left out; public loaders leave out subjects 09, 12, 21, 22, 23, 24 and 33 altogether, "
        "so results on all subjects do not compare with theirs. Of the long videos, some were watched alone and "
        "some in a group. The files hold 4-45 Hz only: there is no delta band to measure."
    )
    access: ClassVar[str] = "on request, https://www.eecs.qmul.ac.uk/mmv/datasets/amigos/"
    expects: ClassVar[str] = "Data_Preprocessed_P01.mat to P40.mat, directly or each in a folder of its name"
    published_subjects: ClassVar[tuple[str, ...]] = tuple(f"{number:02d}" for number in range(1, 41))
    default_bands: ClassVar[str] = "esc-gan-4hz"
    default_window_s: ClassVar[float] = 1.0
    default_baseline: ClassVar[Literal["none", "subtract"]] = "subtract"

    kind: Literal["amigos"] = "amigos"
    videos: Literal["short", "long", "all"] = "short"
    """The 16 short videos (one to three minutes), the 4 long ones (14 to 24 minutes), or all."""

    def discover(self, data: Path) -> tuple[RecordingSource, ...]:
        """List the subjects, in the folder itself or in its ``Data_Preprocessed``."""
        folder = existing_folder(data, type(self))
        sources = _subject_files(folder) or _subject_files(folder / _SUBFOLDER)
        if not sources:
            raise nothing_found(folder, type(self))
        return sources

    def read(self, source: RecordingSource) -> RawRecording:
        """Read one subject: every video its own segment, of which the first 5 s are the baseline.

        Returns
        -------
        raw
            14 channels, average reference, 4-45 Hz, and the electrocardiogram. Trials count in the corpus' own
            order of videos, the short ones first, whatever order the file has. Ratings are the five scales
            (1 to 9), the seven emotions (0 or 1), and the external annotators' valence and arousal (-1 to 1),
            which are given for segments of 20 s: their mean over the trial's segments, NaN where nobody annotated.

        Raises
        ------
        RecordingError
            The file cannot be read, does not have AMIGOS' layout, or holds none of the chosen videos.
        """
        (path,) = source.files
        where = f"The file {path.name} of subject {source.subject}"
        cells = _cells_by_video(load_mat(path, source.subject, _CELLS), where)
        wanted = {"short": SHORT_VIDEOS, "long": LONG_VIDEOS, "all": _VIDEOS}[self.videos]
        segments: list[NDArray[np.floating]] = []
        spans: list[TrialSpan] = []
        left_out: dict[str, list[str]] = {}
        for video in wanted:
            data, assessment, annotation = cells[video]
            here = f"{where}, video {video},"
            if np.size(data) == 0:
                left_out.setdefault("not recorded", []).append(video)
                continue
            signal = channel_columns(data, len(_COLUMNS), here)
            unusable = [_COLUMNS[i] for i in range(len(ELECTRODES)) if not np.isfinite(signal[i]).all()]
            ratings = _ratings(assessment, annotation, here)
            if unusable:
                left_out.setdefault(f"NaN in {', '.join(unusable)}", []).append(video)
            elif ratings is None:
                left_out.setdefault("not rated", []).append(video)
            else:
                spans.append(_span(len(segments), video, signal.shape[1], ratings, here))
                segments.append(signal)
        if not spans:
            raise RecordingError(
                f"{where} holds no usable recording of the {self.videos} videos: choose others ('videos') or leave the "
                "subject out."
            )
        refuse_implausible([signal[: len(ELECTRODES)] for signal in segments], where)
        return _recording(source, segments, spans, left_out)

    def default_preprocessing(self) -> tuple[Step, ...]:
        """Return no step: the files are filtered, average-referenced and at 128 Hz already."""
        return ()

    def default_labels(self) -> dict[str, Any]:
        """Return low against high valence, cut at the middle of the scale."""
        return {
            "kind": "threshold",
            "rating": "valence",
            "threshold": 5.0,
            "direction": ">=",
            "names": ["low valence", "high valence"],
        }


def _subject_files(folder: Path) -> tuple[RecordingSource, ...]:
    """List the subjects' files in a folder, lying there or each in a folder of its own name as the archives unpack."""
    if not folder.is_dir():
        return ()
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        match = _FILE_NAME.fullmatch(path.name)
        if match and match[2]:
            found[match[1]] = path
        elif match and path.is_dir():
            found.setdefault(match[1], path / f"{path.name}.mat")
    order = sorted(found, key=lambda subject: (int(subject), subject))
    return tuple(RecordingSource(subject, "1", (found[subject],)) for subject in order)


def _cells_by_video(variables: dict[str, Any], where: str) -> dict[str, tuple[Any, Any, Any]]:
    """Map each video to its data, self-assessment and annotation; the cells' order differs between files."""
    missing = [name for name in _CELLS if name not in variables]
    if missing:
        raise RecordingError(
            f"{where} has no variable {', '.join(map(repr, missing))}: use the preprocessed MATLAB files."
        )
    columns = [cell_contents(variables[name], len(_VIDEOS), f"{where}, {name},") for name in _CELLS]
    videos = [str(np.ravel(cell)[0]).strip() if np.size(cell) == 1 else "" for cell in columns[-1]]
    if sorted(videos) != sorted(_VIDEOS):
        raise RecordingError(
            f"{where} names the videos {', '.join(videos)} instead of {', '.join(_VIDEOS)}, each once: get the file "
            "again from the corpus."
        )
    return dict(zip(videos, zip(*columns[:-1], strict=True), strict=True))


def _ratings(assessment: Any, annotation: Any, where: str) -> dict[str, float] | None:
    """Return the ratings of one trial; None where the subject gave none."""
    names = (*_SCALES, *_EMOTIONS)
    own = np.asarray(assessment)
    if own.size == 0:
        return None
    if own.shape != (1, len(names)) or own.dtype.kind not in "fiu":
        raise RecordingError(
            f"{where} has a self-assessment of shape {own.shape} instead of (1, {len(names)}): get the file again."
        )
    if not np.isfinite(own).all():
        return None
    ratings = dict(zip(names, map(float, own[0]), strict=True))
    for name, rating in ratings.items():
        scale = name in _SCALES
        if not _LOWEST_RATING <= rating <= _HIGHEST_RATING if scale else rating not in (0.0, 1.0):
            expected = f"on the scale of {_LOWEST_RATING:g} to {_HIGHEST_RATING:g}" if scale else "0 or 1"
            raise RecordingError(
                f"{where} rates {name} as {rating:g}, which is not {expected}: get the file again or leave the subject "
                "out."
            )
    return ratings | _external(annotation, where)


def _external(annotation: Any, where: str) -> dict[str, float]:
    """Average the external annotation over a trial's segments."""
    rows = np.asarray(annotation)
    if rows.size == 0:
        return dict.fromkeys(_ANNOTATION[1:], float("nan"))
    if rows.ndim != 2 or rows.shape[1] != len(_ANNOTATION) or rows.dtype.kind not in "fiu":
        raise RecordingError(
            f"{where} has an external annotation of shape {rows.shape} instead of (segments, {len(_ANNOTATION)}): get "
            "the file again."
        )
    rated = rows[np.isfinite(rows).all(axis=1), 1:]
    means = rated.mean(axis=0) if len(rated) else np.full(2, np.nan)
    return dict(zip(_ANNOTATION[1:], map(float, means), strict=True))


def _span(segment: int, video: str, n_times: int, ratings: dict[str, float], where: str) -> TrialSpan:
    duration_s = n_times / SFREQ_HZ - _BASELINE_S
    if duration_s <= 0:
        raise RecordingError(
            f"{where} lasts {n_times / SFREQ_HZ:g} s, no longer than the baseline of {_BASELINE_S:g} s before it: get "
            "the file again."
        )
    return TrialSpan(
        segment=segment,
        trial=_VIDEOS.index(video) + 1,
        stimulus=video,
        start_s=_BASELINE_S,
        duration_s=duration_s,
        baseline_s=_BASELINE_S,
        ratings=ratings,
    )


def _recording(
    source: RecordingSource,
    signals: Sequence[NDArray[np.floating]],
    spans: list[TrialSpan],
    left_out: dict[str, list[str]],
) -> RawRecording:
    log = ["channel GSR dropped: peripheral, not scalp EEG"]
    first = len(ELECTRODES)
    rows = {name: first + offset for offset, name in enumerate(_ECG)}
    # An electrode of the heart that came off costs no EEG.
    lost = [name for name, row in rows.items() if not all(np.isfinite(signal[row]).all() for signal in signals)]
    if lost:
        log.append(f"channel {', '.join(lost)} dropped: NaN in some trials")
    log += [f"video {', '.join(videos)} left out: {reason}" for reason, videos in left_out.items()]
    kept = [row for name, row in rows.items() if name not in lost]
    auxiliary: dict[str, AuxiliaryKind] = {name: "ecg" for name in rows if name not in lost}
    return RawRecording(
        subject=source.subject,
        session=source.session,
        channels=ELECTRODES,
        # float32 copies, so that the file's float64 block is freed.
        segments=tuple(
            Segment(
                signal[:first].astype(np.float32, order="C"),
                SFREQ_HZ,
                signal[kept].astype(np.float32, order="C") if kept else None,
            )
            for signal in signals
        ),
        spans=tuple(spans),
        passband_hz=(4.0, 45.0),
        reference="average",
        log=tuple(log),
        auxiliary=auxiliary,
    )
