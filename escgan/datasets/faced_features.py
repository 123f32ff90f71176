"""FACED's distributed features: one pickled array a subject, a value a second, channel and band."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escgan.bands import BAND_SETS
from escgan.datasets.corpus import FeatureCorpus, existing_folder, nothing_found
from escgan.datasets.faced import (
    ACCESS,
    CITATION,
    CLIP_EMOTIONS,
    CLIP_S,
    ELECTRODES,
    FEATURE_FOLDERS,
    FILE_NAME,
    LICENCE,
    N_CHANNELS,
    NOTE,
    PUBLISHED_SUBJECTS,
    SFREQ_HZ,
    emotion_labels,
    finite_array,
    subject_files,
)
from escgan.datasets.unpickling import load_array
from escgan.errors import RecordingError
from escgan.features.measured import Features
from escgan.recording import RecordingSource

_BANDS = BAND_SETS["faced"]
_DISTRIBUTED_NAME = re.compile(r"sub(\d{3,})\.pkl\.pkl")
_SUBFOLDER = "EEG_Features"
_FOLDERS = dict(zip(("de", "psd"), FEATURE_FOLDERS, strict=True))
_UNITS = {"de": "nats", "psd": "uV^2"}
# As in the owners' published code, which made the files.
_DEFINITIONS = {
    "de": (
        "0.5 ln(2 pi e variance) of each second; band-pass by a zero-phase FIR (MNE's default) over the whole clip; "
        "as distributed with FACED"
    ),
    "psd": (
        "squared magnitude of the Fourier transform (256 points, not scaled) of each Hann-windowed second, mean over "
        "the band; as distributed with FACED"
    ),
}
# Between a variance of 1e-4 uV^2 and one of 1e8 uV^2; volts would give -13.8 more than microvolts.
_PLAUSIBLE_NATS = (-3.2, 10.6)


class FacedFeaturesConfig(FeatureCorpus):
    """The features that FACED's owners measured, 123 subjects, 30 channels, 5 bands."""

    title: ClassVar[str] = "FACED, distributed features"
    licence: ClassVar[str] = LICENCE
    citation: ClassVar[str] = CITATION
    note: ClassVar[str] = NOTE
    access: ClassVar[str] = ACCESS
    expects: ClassVar[str] = "sub000.pkl.pkl to sub122.pkl.pkl, in DE or PSD or in their parent EEG_Features"
    published_subjects: ClassVar[tuple[str, ...]] = PUBLISHED_SUBJECTS

    kind: Literal["faced_features"] = "faced_features"
    feature: Literal["de", "psd"] = "de"
    """Differential entropy, or power."""

    def discover(self, data: Path) -> tuple[RecordingSource, ...]:
        """List the subjects, in the feature's folder, in ``EEG_Features`` or in the corpus' own folder."""
        folder = existing_folder(data, type(self))
        own = _FOLDERS[self.feature]
        for place in (folder, folder / own, folder / _SUBFOLDER / own):
            # The files of both features have the same names: only the folder tells them apart.
            if place.name in FEATURE_FOLDERS and place.name != own:
                continue
            sources = subject_files(place, _DISTRIBUTED_NAME)
            if not sources and place.name == own:
                # TorchEEG takes the second suffix off the files of whoever has used it.
                sources = subject_files(place, FILE_NAME)
            if sources:
                return sources
        raise nothing_found(folder, type(self))

    def read_features(self, source: RecordingSource) -> Features:
        """Read one subject.

        Returns
        -------
        features
            One window a second, 30 a clip, clips in the order of the stimulus list, 30 channels: the two mastoids
            have no place on the scalp and are left out. Bands are those of the band set ``faced``.

        Raises
        ------
        RecordingError
            The file cannot be read without running code, or does not hold what FACED's files hold.
        """
        (path,) = source.files
        where = f"The file {path.name} of subject {source.subject}"
        shape = (len(CLIP_EMOTIONS), N_CHANNELS, CLIP_S, len(_BANDS))
        values = finite_array(load_array(path, source.subject), shape, where)
        _refuse_other_measure(values, self.feature, where)
        # (clip, channel, second, band) to a row a second.
        rows = values[:, : len(ELECTRODES)].transpose(0, 2, 1, 3).reshape(-1, len(ELECTRODES), len(_BANDS))
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused as such
            kept = np.ascontiguousarray(rows, np.float32)
        if not np.isfinite(kept).all():
            raise RecordingError(f"{where} holds values up to {np.abs(rows).max():.3g}: get it again from the corpus.")
        return Features(
            values=kept,
            table=_table(source),
            channels=ELECTRODES,
            bands=tuple(band.name for band in _BANDS),
            band_edges_hz=tuple((band.low_hz, band.high_hz) for band in _BANDS),
            sfreq=SFREQ_HZ,
            measure=self.feature,
            unit=_UNITS[self.feature],
            definition=_DEFINITIONS[self.feature],
        )

    def default_labels(self) -> dict[str, Any]:
        """Return the nine emotions as classes."""
        return emotion_labels()


def _table(source: RecordingSource) -> pd.DataFrame:
    clips = np.repeat(np.arange(len(CLIP_EMOTIONS), dtype=np.int64), CLIP_S)
    seconds = np.tile(np.arange(CLIP_S, dtype=np.int64), len(CLIP_EMOTIONS))
    table = pd.DataFrame(
        {
            "subject": source.subject,
            "session": source.session,
            "trial": clips + 1,
            "window": seconds,
            "start_s": seconds.astype(np.float64),
            "stimulus": [str(clip + 1) for clip in clips],
            "condition": [CLIP_EMOTIONS[clip] for clip in clips],
        }
    )
    return table.astype({name: "str" for name in ("subject", "session", "stimulus", "condition")})


def _refuse_other_measure(values: NDArray[np.floating], feature: str, where: str) -> None:
    """Refuse values that the feature cannot have; files of both features look alike from outside."""
    low, high = _PLAUSIBLE_NATS
    typical = float(np.median(values))
    if feature == "psd" and values.min() < 0:
        raise RecordingError(
            f"{where} holds negative values, which are no power: set 'feature' to de or get the file again from the "
            "corpus."
        )
    if feature == "de" and not low <= typical <= high:
        raise RecordingError(
            f"{where} holds values around {typical:.3g}, which are no differential entropy of microvolts in nats: set "
            "'feature' to psd if the file is of that folder, or get it again from the corpus."
        )
