"""EEG during mental arithmetic (PhysioNet): one EDF at rest, one during serial subtraction."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from escgan.datasets.corpus import SignalCorpus, existing_folder, nothing_found
from escgan.datasets.edf import read_edf
from escgan.errors import RecordingError
from escgan.montage import RENAMED
from escgan.preprocessing.reference import Reference
from escgan.preprocessing.resample import Resample
from escgan.preprocessing.step import Step
from escgan.recording import RawRecording, RecordingSource, Segment, TrialSpan

# There are no triggers: the class is the file's suffix.
_CONDITIONS = {"1": "rest", "2": "arithmetic"}
_FILE_NAME = re.compile(r"Subject(\d+)_([12])\.edf")
_PREFIX = "EEG "
# The files' own order and old 10-20 names, four of which the 10-10 system replaced.
# fmt: off
_ELECTRODES = (
    "Fp1", "Fp2", "F3", "F4", "F7", "F8", "T3", "T4", "C3", "C4", "T5", "T6",
    "P3", "P4", "O1", "O2", "Fz", "Cz", "Pz",
)
# fmt: on
# The reference derivation and the electrocardiogram lie in the same file and are no scalp EEG.
_REFERENCE, _HEART = "EEG A2-A1", "ECG ECG"
_NO_SCALP = (_REFERENCE, _HEART)


def _partner(files: dict[str, Path], folder: Path, subject: str, suffix: str) -> Path:
    return files.get(suffix, folder / f"Subject{subject}_{suffix}.edf")


class EegmatConfig(SignalCorpus):
    """Rest against mental arithmetic, 36 subjects, 19 channels at 500 Hz."""

    title: ClassVar[str] = "EEG During Mental Arithmetic Tasks (PhysioNet, v1.0.0)"
    licence: ClassVar[str] = "Open Data Commons Attribution License v1.0 (ODC-By 1.0)"
    citation: ClassVar[str] = (
        "Zyma I, Tukaev S, Seleznov I, et al. Electroencephalograms during Mental Arithmetic Task "
        "Performance. Data 2019;4(1):14. Goldberger AL, et al. PhysioBank, PhysioToolkit, and PhysioNet. "
        "Circulation 2000;101(23):e215-e220."
    )
    note: ClassVar[str] = (
        "The classes are cognitive state, rest against mental arithmetic, and not emotion. Rest always "
        "precedes the task, so time is confounded with the class. The two files of a person were cleaned "
        "differently: above 60 Hz one of them holds less power than the other, up to a hundredfold, so only "
        "features at or below 45 Hz are used."
    )
    access: ClassVar[str] = "open, https://physionet.org/content/eegmat/1.0.0/"
    expects: ClassVar[str] = "SubjectNN_1.edf (rest) and SubjectNN_2.edf (arithmetic) for every subject"
    published_subjects: ClassVar[tuple[str, ...]] = tuple(f"{i:02d}" for i in range(36))
    default_bands: ClassVar[str] = "esc-gan"
    default_window_s: ClassVar[float] = 2.0
    default_baseline: ClassVar[Literal["none", "subtract"]] = "none"

    beside: ClassVar[tuple[str, ...]] = ("subject-info.csv", "RECORDS", "SHA256SUMS.txt", "LICENSE.txt")

    kind: Literal["eegmat"] = "eegmat"

    def discover(self, data: Path) -> tuple[RecordingSource, ...]:
        """List the subjects, each with its rest file and its arithmetic file."""
        folder = existing_folder(data, type(self))
        found: dict[str, dict[str, Path]] = {}
        for path in folder.iterdir():
            match = _FILE_NAME.fullmatch(path.name)
            if match:
                found.setdefault(match[1], {})[match[2]] = path
        if not found:
            raise nothing_found(folder, type(self))
        # A missing partner is named when its subject is read: it costs that subject only.
        return tuple(
            RecordingSource(
                subject, "1", tuple(_partner(found[subject], folder, subject, suffix) for suffix in _CONDITIONS)
            )
            for subject in sorted(found, key=lambda text: (int(text), text))
        )

    def read(self, source: RecordingSource) -> RawRecording:
        """Read both files: two segments, each one trial of one condition.

        Returns
        -------
        raw
            19 channels with 10-10 names, linked-ears reference, 0.5-45 Hz.
        """
        segments: list[Segment] = []
        spans = []
        for index, (path, condition) in enumerate(zip(source.files, _CONDITIONS.values(), strict=True)):
            labels, samples, sfreq = read_edf(path, source.subject)
            eeg = _scalp(labels, samples, path, source.subject)
            hearts = [samples[[labels.index(_HEART)]]] if _HEART in labels else []
            segments.append(Segment(eeg, sfreq, *hearts))
            # The whole file is one trial.
            duration_s = eeg.shape[1] / sfreq
            spans.append(TrialSpan(index, index + 1, condition, 0.0, duration_s, condition=condition))
        # Both files must have the heart for it to serve the whole recording.
        heart = all(segment.auxiliary is not None for segment in segments)
        if not heart:
            segments = [Segment(segment.eeg, segment.sfreq) for segment in segments]
        renamed = ", ".join(f"{old} to {new}" for old, new in RENAMED.items())
        return RawRecording(
            subject=source.subject,
            session=source.session,
            channels=tuple(RENAMED.get(name, name) for name in _ELECTRODES),
            segments=tuple(segments),
            spans=tuple(spans),
            passband_hz=(0.5, 45.0),
            reference="linked ears",
            auxiliary={"ECG": "ecg"} if heart else {},
            # By the owners' notch filter and independent component analysis.
            cleaned=frozenset(["mains", "ocular", "cardiac"]),
            log=(
                f"channel '{_REFERENCE}' dropped: a reference derivation, not scalp EEG",
                f"channels renamed to the 10-10 system: {renamed}",
            ),
        )

    def default_preprocessing(self) -> tuple[Step, ...]:
        """Return average reference and 128 Hz: the files are already filtered and cleaned."""
        return (Reference(to="average"), Resample(sfreq_hz=128.0))

    def default_labels(self) -> dict[str, Any]:
        """Return the two conditions as classes."""
        return {"kind": "classes", "classes": list(_CONDITIONS.values())}


def _scalp(labels: tuple[str, ...], samples: NDArray[np.float64], path: Path, subject: str) -> NDArray[np.float64]:
    """Pick the scalp channels by name, in one order for every file; ``(19, n_times)`` microvolts."""
    wanted = [_PREFIX + name for name in _ELECTRODES]
    missing = [name for name in wanted if name not in labels]
    unexpected = [name for name in labels if name not in wanted and name not in _NO_SCALP]
    if missing or unexpected:
        parts = []
        if missing:
            parts.append(f"lacks {', '.join(map(repr, missing))}")
        if unexpected:
            parts.append(f"holds the unknown {', '.join(map(repr, unexpected))}")
        raise RecordingError(
            f"The file {path.name} of subject {subject} {' and '.join(parts)}: use the files as PhysioNet "
            "distributes them, with all 19 EEG channels."
        )
    return samples[[labels.index(name) for name in wanted]]
