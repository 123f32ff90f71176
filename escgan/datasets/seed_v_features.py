"""SEED-V, as the features that its owners distribute: differential entropy of three sessions in one file a subject."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from escgan.bands import BAND_SETS
from escgan.datasets.corpus import FeatureCorpus, existing_folder, nothing_found
from escgan.datasets.numbered_arrays import load_numbered_arrays
from escgan.datasets.seed_family import ELECTRODES, SESSIONS
from escgan.datasets.seed_matlab import SFREQ_HZ, feature_table
from escgan.datasets.seed_v import (
    EMOTIONS,
    LABELS,
    SEED_V_ACCESS,
    SEED_V_CITATION,
    SEED_V_LICENCE,
    SEED_V_NOTE,
    SUBJECTS,
    conditions,
    seed_v_labels,
    stimuli,
)
from escgan.errors import RecordingError
from escgan.features.measured import Features
from escgan.recording import RecordingSource

# The owners' page names 200 Hz and these bands; their window, which it leaves open, is 4 s in TorchEEG's loader.
_BANDS = BAND_SETS["seed-iv"]
WINDOW_S = 4.0
_N_FILMS = len(LABELS["1"])
# The files' trials of all sessions are numbered from 0 through 44.
_NUMBERS = range(len(SESSIONS) * _N_FILMS)
# A band's log power of EEG lies within some tens, whatever the base and the unit.
_LARGEST_LOG_POWER = 100.0
_FILE_NAME = re.compile(r"(\d+)_123\.npz")
_FOLDER = "EEG_DE_features"


class SeedVFeaturesConfig(FeatureCorpus):
    """SEED-V's distributed features: 16 subjects, three sessions, 62 channels, five bands."""

    title: ClassVar[str] = "SEED-V, differential entropy features"
    licence: ClassVar[str] = SEED_V_LICENCE
    citation: ClassVar[str] = SEED_V_CITATION
    note: ClassVar[str] = SEED_V_NOTE + (
        " Whether the owners smoothed the features over each film they do not say: neighbouring windows may depend on "
        "one another."
    )
    access: ClassVar[str] = SEED_V_ACCESS
    expects: ClassVar[str] = "EEG_DE_features, in it {subject}_123.npz for every subject"
    published_subjects: ClassVar[tuple[str, ...]] = SUBJECTS
    published_sessions: ClassVar[tuple[str, ...]] = SESSIONS

    kind: Literal["seed_v_features"] = "seed_v_features"

    def discover(self, data: Path) -> tuple[RecordingSource, ...]:
        """List three sessions a file, in the folder itself or in its ``EEG_DE_features``."""
        folder = existing_folder(data, type(self))
        for home in (folder, folder / _FOLDER):
            matches = [match for path in home.glob("*.npz") if (match := _FILE_NAME.fullmatch(path.name))]
            matches.sort(key=lambda match: (int(match[1]), match[1]))
            if matches:
                return tuple(
                    RecordingSource(match[1], session, (home / match[0],)) for match in matches for session in SESSIONS
                )
        raise nothing_found(folder, type(self))

    def read_features(self, source: RecordingSource) -> Features:
        """Read one session of a subject.

        Returns
        -------
        features
            One row a window of 4 s of every film, ``(n_windows, 62, 5)``.

        Raises
        ------
        RecordingError
            The file cannot be read without running code, or is not what it should be.
        """
        (path,) = source.files
        where = f"The file {path.name} of subject {source.subject}, session {source.session},"
        data, labels = load_numbered_arrays(path, source.subject, ("data", "label"))
        for entry, numbered in (("data", data), ("label", labels)):
            if set(numbered) != set(_NUMBERS):
                raise RecordingError(
                    f"{where} has {len(numbered)} trials in '{entry}' instead of those from 0 to {_NUMBERS[-1]}: get "
                    "it again from the corpus."
                )
        first = SESSIONS.index(source.session) * _N_FILMS
        trials = []
        for film, label in enumerate(LABELS[source.session]):
            trials.append(_values(data[first + film], film + 1, where))
            _refuse_other_labels(labels[first + film], label, len(trials[-1]), film + 1, where)
        return Features(
            values=np.concatenate(trials),
            table=feature_table(source, trials, conditions(source.session), stimuli(source.session), WINDOW_S),
            channels=ELECTRODES,
            bands=tuple(band.name for band in _BANDS),
            band_edges_hz=tuple((band.low_hz, band.high_hz) for band in _BANDS),
            sfreq=SFREQ_HZ,
            measure="de",
            unit="as distributed",
            definition=(
                f"differential entropy in windows of {WINDOW_S:g} s of the EEG at 200 Hz, band-passed from 1 to 75 Hz, "
                "as distributed by the corpus' owners"
            ),
        )

    def default_labels(self) -> dict[str, Any]:
        """Return the five intended emotions as classes."""
        return seed_v_labels()


def _values(array: NDArray[Any], trial: int, where: str) -> NDArray[np.float32]:
    """Return ``(n_windows, 62, 5)``: a window's row holds the bands of the first electrode, of the second, ..."""
    width = len(ELECTRODES) * len(_BANDS)
    if array.ndim != 2 or array.shape[1] != width or len(array) == 0 or array.dtype.kind not in "fiu":
        raise RecordingError(
            f"{where} has in trial {trial} an array of shape {array.shape} and type {array.dtype} instead of (windows, "
            f"{width}) numbers: use the files of EEG_DE_features as the corpus' owners distribute them."
        )
    # NaN compares false, so it counts as implausible.
    if not (np.abs(array) <= _LARGEST_LOG_POWER).all():
        raise RecordingError(
            f"{where} has values in trial {trial} that are NaN or beyond {_LARGEST_LOG_POWER:g}, so no differential "
            "entropy: get it again from the corpus."
        )
    return np.ascontiguousarray(array, np.float32).reshape(len(array), len(ELECTRODES), len(_BANDS))


def _refuse_other_labels(found: NDArray[Any], label: int, n_windows: int, trial: int, where: str) -> None:
    if found.shape not in ((n_windows,), (n_windows, 1)):
        raise RecordingError(
            f"{where} has in trial {trial} labels of shape {found.shape} for {n_windows} windows: get it again from "
            "the corpus."
        )
    if not (found == label).all():
        raise RecordingError(
            f"{where} gives trial {trial} another class than the published one, {label} ({EMOTIONS[label]}): get it "
            "again from the corpus."
        )
