"""DEAP, as its authors preprocessed it: one Python-2 pickle a subject."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveInt

from escgan.datasets.amplitude import refuse_implausible
from escgan.datasets.corpus import SignalCorpus, existing_folder, nothing_found
from escgan.datasets.unpickling import load_arrays
from escgan.errors import RecordingError
from escgan.preprocessing.step import Step
from escgan.recording import RawRecording, RecordingSource, Segment, TrialSpan

# Geneva order; the preprocessed files of both recording sites have it.
# fmt: off
ELECTRODES = (
    "Fp1", "AF3", "F3", "F7", "FC5", "FC1", "C3", "T7", "CP5", "CP1", "P3", "P7", "PO3", "O1", "Oz", "Pz",
    "Fp2", "AF4", "Fz", "F4", "F8", "FC6", "FC2", "Cz", "C4", "T8", "CP6", "CP2", "P4", "P8", "PO4", "O2",
)
# fmt: on
PERIPHERALS = ("hEOG", "vEOG", "zEMG", "tEMG", "GSR", "Resp", "Plet", "Temp")
RATINGS = ("valence", "arousal", "dominance", "liking")
LOWEST_RATING, HIGHEST_RATING = 1.0, 9.0
SFREQ_HZ = 128.0
BASELINE_S, TRIAL_S = 3.0, 60.0
N_TIMES = round((BASELINE_S + TRIAL_S) * SFREQ_HZ)
PASSBAND_HZ = (4.0, 45.0)
_FILE_NAME = re.compile(r"s(\d{2,})\.dat")
_SUBFOLDER = "data_preprocessed_python"


class DeapConfig(SignalCorpus):
    """Music videos rated for valence and arousal, 32 subjects, 32 channels at 128 Hz."""

    title: ClassVar[str] = "DEAP, preprocessed in Python"
    licence: ClassVar[str] = "DEAP end user licence agreement: academic research only, no redistribution"
    citation: ClassVar[str] = (
        "Koelstra S, Mühl C, Soleymani M, et al. DEAP: A Database for Emotion Analysis Using Physiological "
        "Signals. IEEE Transactions on Affective Computing 2012;3(1):18-31."
    )
    note: ClassVar[str] = (
        "The classes are the subject's own ratings of one-minute music videos, cut at a threshold that "
        "differs between publications. The files hold 4-45 Hz only: there is no delta band to measure."
    )
    access: ClassVar[str] = "on request, https://www.eecs.qmul.ac.uk/mmv/datasets/deap/"
    expects: ClassVar[str] = "s01.dat to s32.dat, directly or in data_preprocessed_python"
    published_subjects: ClassVar[tuple[str, ...]] = tuple(f"{i:02d}" for i in range(1, 33))
    default_bands: ClassVar[str] = "esc-gan-4hz"
    default_window_s: ClassVar[float] = 1.0
    default_baseline: ClassVar[Literal["none", "subtract"]] = "subtract"

    kind: Literal["deap"] = "deap"
    n_trials: PositiveInt = 40
    """Trials that every file must hold."""

    def discover(self, data: Path) -> tuple[RecordingSource, ...]:
        """List the subjects, in the folder itself or in its ``data_preprocessed_python``."""
        folder = existing_folder(data, type(self))
        sources = subject_files(folder) or subject_files(folder / _SUBFOLDER)
        if not sources:
            raise nothing_found(folder, type(self))
        return sources

    def read(self, source: RecordingSource) -> RawRecording:
        """Read one subject: every trial its own segment of 3 s baseline and 60 s video.

        Returns
        -------
        raw
            32 channels, average reference, 4-45 Hz, with four ratings a trial.
        """
        return read_deap(source, self.n_trials)

    def default_preprocessing(self) -> tuple[Step, ...]:
        """Return no step: the files are filtered, average-referenced and downsampled already."""
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


def subject_files(folder: Path) -> tuple[RecordingSource, ...]:
    """List the ``sNN.dat`` in a folder in numerical order; none where there is no such folder."""
    if not folder.is_dir():
        return ()
    matches = [match for path in folder.iterdir() if (match := _FILE_NAME.fullmatch(path.name))]
    matches.sort(key=lambda match: (int(match[1]), match[1]))
    return tuple(RecordingSource(match[1], "1", (folder / match[0],)) for match in matches)


def read_deap(source: RecordingSource, n_trials: int) -> RawRecording:
    """Read one file in DEAP's layout, which must hold ``n_trials`` trials.

    Raises
    ------
    RecordingError
        The file cannot be read without running code, or its content does not have DEAP's layout.
    """
    (path,) = source.files
    where = f"The file {path.name} of subject {source.subject}"
    arrays = load_arrays(path, source.subject)
    n_channels = len(ELECTRODES) + len(PERIPHERALS)
    data = _numbers(arrays, "data", (n_trials, n_channels, N_TIMES), where)[:, : len(ELECTRODES)]
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused as such
        # Copies, so that the file's float64 block is freed.
        trials = [trial.astype(np.float32) for trial in data]
    labels = _numbers(arrays, "labels", (n_trials, len(RATINGS)), where).astype(np.float64)
    _check_values(trials, labels, where)
    refuse_implausible(trials, where)
    spans = tuple(
        TrialSpan(
            segment=row,
            # Rows are in video order, not in the order of presentation: row i is Experiment_id i + 1.
            trial=row + 1,
            stimulus=str(row + 1),
            start_s=BASELINE_S,
            duration_s=TRIAL_S,
            baseline_s=BASELINE_S,
            ratings=dict(zip(RATINGS, map(float, labels[row]), strict=True)),
        )
        for row in range(n_trials)
    )
    return RawRecording(
        subject=source.subject,
        session=source.session,
        channels=ELECTRODES,
        segments=tuple(Segment(trial, SFREQ_HZ) for trial in trials),
        spans=spans,
        passband_hz=PASSBAND_HZ,
        reference="average",
        # The owners removed eye artefacts by blind source separation.
        cleaned=frozenset(["ocular"]),
        log=(f"channels {', '.join(PERIPHERALS)} dropped: peripheral, not scalp EEG",),
    )


def _numbers(arrays: dict[str, NDArray[Any]], key: str, shape: tuple[int, ...], where: str) -> NDArray[np.floating]:
    if key not in arrays:
        raise RecordingError(
            f"{where} has no array '{key}': use the preprocessed Python files, with 'data' and 'labels'."
        )
    array = arrays[key]
    if array.dtype.kind not in "fiu":
        raise RecordingError(f"{where} has '{key}' of type {array.dtype}, not numeric: get the file again.")
    if array.shape != shape:
        remedy = "get the file again"
        if array.shape[1:] == shape[1:]:
            remedy = f"set n_trials to {array.shape[0]} if that is intended, or get the file again"
        raise RecordingError(f"{where} has '{key}' of shape {array.shape} instead of {shape}: {remedy}.")
    return array


def _check_values(trials: Sequence[NDArray[np.float32]], labels: NDArray[np.floating], where: str) -> None:
    """Refuse samples that are not finite and ratings off the scale; both are seen in badly re-saved files."""
    finite = np.array([np.isfinite(trial).all(axis=1) for trial in trials])
    if not finite.all():
        row, channel = (int(i) for i in np.argwhere(~finite)[0])
        raise RecordingError(
            f"{where} holds NaN or infinite samples in channel '{ELECTRODES[channel]}' of trial {row + 1}: "
            "get the file again or leave the subject out."
        )
    # NaN compares false, so it counts as off the scale.
    off = ~((labels >= LOWEST_RATING) & (labels <= HIGHEST_RATING))
    if off.any():
        row, column = (int(i) for i in np.argwhere(off)[0])
        raise RecordingError(
            f"{where} rates {RATINGS[column]} of trial {row + 1} as {labels[row, column]:g}, off the scale "
            f"of {LOWEST_RATING:g} to {HIGHEST_RATING:g}: get the file again or leave the subject out."
        )
