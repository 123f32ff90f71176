"""FACED, as its authors preprocessed it: one pickled array a subject, the last 30 s of every clip."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from escgan.datasets.amplitude import HIGHEST_UV, LOWEST_UV, typical_deviation
from escgan.datasets.corpus import SignalCorpus, existing_folder, nothing_found
from escgan.datasets.unpickling import load_array
from escgan.errors import RecordingError
from escgan.preprocessing.step import Step
from escgan.recording import RawRecording, RecordingSource, Segment, TrialSpan

# fmt: off
ELECTRODES = (
    "Fp1", "Fp2", "Fz", "F3", "F4", "F7", "F8", "FC1", "FC2", "FC5", "FC6", "Cz", "C3", "C4", "T7", "T8",
    "CP1", "CP2", "CP5", "CP6", "Pz", "P3", "P4", "P7", "P8", "PO3", "PO4", "Oz", "O1", "O2",
)
# fmt: on
MASTOIDS = ("A2", "A1")
N_CHANNELS = len(ELECTRODES) + len(MASTOIDS)
EMOTIONS = ("anger", "disgust", "fear", "sadness", "neutral", "amusement", "inspiration", "joy", "tenderness")
# Clips come in the order of their index, whatever order they were shown in: three an emotion, four neutral ones.
CLIP_EMOTIONS = tuple(name for name in EMOTIONS for _ in range(4 if name == "neutral" else 3))
SFREQ_HZ = 250.0
CLIP_S = 30
PUBLISHED_SUBJECTS = tuple(f"{number:03d}" for number in range(123))
_VOLT_IN_UV = 1e6
FILE_NAME = re.compile(r"sub(\d{3,})\.pkl")
_SUBFOLDERS = ("Processed_data", "Processed_Data")
# Where the corpus keeps its features, whose files may have the signals' names.
FEATURE_FOLDERS = ("DE", "PSD")

LICENCE = "the owners' terms on the corpus' Synapse page; registration needed"
CITATION = (
    "Chen J, Wang X, Huang C, Hu X, Shen X, Zhang D. A Large Finer-grained Affective Computing EEG Dataset. "
    "Scientific Data 2023;10:740."
)
NOTE = (
    "The class is the emotion that a clip was chosen for, not what the subject felt. Everybody saw the same 28 "
    "clips, three an emotion: a classifier can win by recognising clips that other subjects saw as well, so a "
    "result on unseen subjects says nothing about unseen clips."
)
ACCESS = "after registration, https://www.synapse.org/#!Synapse:syn50614194"


class FacedConfig(SignalCorpus):
    """Film clips of nine emotions, 123 subjects, 30 channels at 250 Hz."""

    title: ClassVar[str] = "FACED, preprocessed"
    licence: ClassVar[str] = LICENCE
    citation: ClassVar[str] = CITATION
    note: ClassVar[str] = NOTE
    access: ClassVar[str] = ACCESS
    expects: ClassVar[str] = "sub000.pkl to sub122.pkl, directly or in Processed_data"
    published_subjects: ClassVar[tuple[str, ...]] = PUBLISHED_SUBJECTS
    default_bands: ClassVar[str] = "faced"
    default_window_s: ClassVar[float] = 1.0
    default_baseline: ClassVar[Literal["none", "subtract"]] = "none"

    kind: Literal["faced"] = "faced"

    def discover(self, data: Path) -> tuple[RecordingSource, ...]:
        """List the subjects, in the folder itself or in its ``Processed_data``."""
        folder = existing_folder(data, type(self))
        for place in (folder, *(folder / name for name in _SUBFOLDERS)):
            sources = () if place.name in FEATURE_FOLDERS else subject_files(place, FILE_NAME)
            if sources:
                return sources
        raise nothing_found(folder, type(self))

    def read(self, source: RecordingSource) -> RawRecording:
        """Read one subject: every clip its own segment of 30 s.

        Returns
        -------
        raw
            30 channels and the two mastoids, 0.05-47 Hz, referenced to the average of all 32, cleaned of eye
            movements by independent components. Trial i is clip i of the stimulus list.

        Raises
        ------
        RecordingError
            The file cannot be read without running code, or does not hold what FACED's files hold.
        """
        (path,) = source.files
        where = f"The file {path.name} of subject {source.subject}"
        shape = (len(CLIP_EMOTIONS), N_CHANNELS, round(CLIP_S * SFREQ_HZ))
        clips = finite_array(load_array(path, source.subject), shape, where)
        clips, in_volts = _microvolts(clips, where)
        log = (
            "channels A2, A1 set aside: mastoids, not scalp EEG",
            *(["samples multiplied by 1e6: the file holds volts"] if in_volts else []),
        )
        n_scalp = len(ELECTRODES)
        return RawRecording(
            subject=source.subject,
            session=source.session,
            channels=ELECTRODES,
            segments=tuple(Segment(clip[:n_scalp], SFREQ_HZ, clip[n_scalp:]) for clip in clips),
            spans=tuple(
                TrialSpan(
                    segment=clip,
                    trial=clip + 1,
                    stimulus=str(clip + 1),
                    start_s=0.0,
                    duration_s=float(CLIP_S),
                    condition=emotion,
                )
                for clip, emotion in enumerate(CLIP_EMOTIONS)
            ),
            passband_hz=(0.05, 47.0),
            # The owners averaged over the mastoids as well.
            reference="average of the scalp and the mastoids",
            log=log,
            auxiliary={name: "mastoid" for name in MASTOIDS},
            # Their publication names an interpolation of bad channels, but the code published with it finds none.
            cleaned=frozenset({"ocular"}),
        )

    def default_preprocessing(self) -> tuple[Step, ...]:
        """Return no step: the files are resampled, filtered, cleaned and average-referenced already."""
        return ()

    def default_labels(self) -> dict[str, Any]:
        """Return the nine emotions as classes."""
        return emotion_labels()


def emotion_labels() -> dict[str, Any]:
    """Return the nine emotions as classes, in the owners' order."""
    return {"kind": "classes", "classes": list(EMOTIONS)}


def subject_files(folder: Path, file_name: re.Pattern[str]) -> tuple[RecordingSource, ...]:
    """List a folder's files of one name pattern in numerical order; none where there is no such folder."""
    if not folder.is_dir():
        return ()
    matches = [match for path in folder.iterdir() if (match := file_name.fullmatch(path.name))]
    matches.sort(key=lambda match: (int(match[1]), match[1]))
    return tuple(RecordingSource(match[1], "1", (folder / match[0],)) for match in matches)


def finite_array(array: NDArray[Any], shape: tuple[int, ...], where: str) -> NDArray[np.floating]:
    """Return an array of clips and channels after checking its type, shape and values.

    Raises
    ------
    RecordingError
        One of them is wrong; ``where`` begins the message, which names the first clip and channel of the fault.
    """
    if array.dtype.kind != "f" or array.shape != shape:
        raise RecordingError(
            f"{where} holds an array of type {array.dtype} and shape {array.shape} instead of real numbers of shape "
            f"{shape}: get the file again from the corpus."
        )
    finite = np.isfinite(array)
    if not finite.all():
        clip, channel = (int(i) for i in np.argwhere(~finite)[0, :2])
        raise RecordingError(
            f"{where} holds NaN or infinite values in channel '{(*ELECTRODES, *MASTOIDS)[channel]}' of clip "
            f"{clip + 1}: get the file again or leave the subject out."
        )
    return array


def _microvolts(clips: NDArray[np.floating], where: str) -> tuple[NDArray[np.float32], bool]:
    """Return the clips as float32 microvolts, and whether they were volts.

    The raw files are in microvolts for some subjects and in volts for others, which the owners' code levels to
    microvolts by the size of the numbers. It can only be told so here as well: six decades lie between the two.
    """
    deviation = typical_deviation(clips)
    for factor in (1.0, _VOLT_IN_UV):
        if LOWEST_UV <= deviation * factor <= HIGHEST_UV:
            return (clips if factor == 1.0 else clips * factor).astype(np.float32), factor != 1.0
    raise RecordingError(
        f"{where} holds samples with a typical standard deviation of {deviation:.3g}, so they are no EEG in microvolts "
        "or volts: get the file again from the corpus."
    )
