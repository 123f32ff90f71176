"""SEED-IV, as the features that its owners distribute: differential entropy and power in windows of 4 s."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from escgan.bands import BAND_SETS
from escgan.datasets.corpus import FeatureCorpus, existing_folder, nothing_found
from escgan.datasets.seed_family import ELECTRODES, SEED_IV_LABELS, SESSIONS, SUBJECTS, named_folders
from escgan.datasets.seed_iv import (
    SEED_IV_ACCESS,
    SEED_IV_CITATION,
    SEED_IV_LICENCE,
    SEED_IV_NOTE,
    conditions,
    only_file,
    seed_iv_labels,
    sessions_by_folder,
    stimuli,
)
from escgan.datasets.seed_matlab import SFREQ_HZ, feature_table, read_features
from escgan.features.measured import Features
from escgan.recording import RecordingSource

WINDOW_S = 4.0
# The corpus' page gives them; SEED's own are others.
_BANDS = BAND_SETS["seed-iv"]
_MEANINGS: Mapping[str, str] = {"de": "differential entropy", "psd": "power spectral density"}
_SMOOTHINGS: Mapping[str, str] = {"LDS": "a linear dynamical system", "movingAve": "a moving average"}


class SeedIvFeaturesConfig(FeatureCorpus):
    """SEED-IV's distributed features: 15 subjects, 62 channels, five bands, windows of four seconds."""

    title: ClassVar[str] = "SEED-IV, extracted features"
    licence: ClassVar[str] = SEED_IV_LICENCE
    citation: ClassVar[str] = SEED_IV_CITATION
    note: ClassVar[str] = SEED_IV_NOTE + (
        " The owners smoothed the features over each film, so that neighbouring windows are not independent."
    )
    access: ClassVar[str] = SEED_IV_ACCESS
    expects: ClassVar[str] = "eeg_feature_smooth, in its folders 1, 2 and 3 {subject}_{yyyymmdd}.mat for every subject"
    published_subjects: ClassVar[tuple[str, ...]] = SUBJECTS
    published_sessions: ClassVar[tuple[str, ...]] = SESSIONS

    kind: Literal["seed_iv_features"] = "seed_iv_features"
    feature: Literal["de", "psd"] = "de"
    """``de`` (differential entropy) or ``psd`` (power spectral density)."""
    smoothing: Literal["LDS", "movingAve"] = "LDS"
    """``LDS`` (linear dynamical system) or ``movingAve`` (moving average)."""

    def discover(self, data: Path) -> tuple[RecordingSource, ...]:
        """List the recordings in ``eeg_feature_smooth``, the folder itself or below; its folders are sessions."""
        folder = existing_folder(data, type(self))
        for home in named_folders(folder, "eeg_feature_smooth"):
            if sources := sessions_by_folder(home):
                return sources
        raise nothing_found(folder, type(self))

    def read_features(self, source: RecordingSource) -> Features:
        """Read one feature of one subject's session.

        Returns
        -------
        features
            One row a window of every film, ``(n_windows, 62, 5)``.

        Raises
        ------
        RecordingError
            The file is not what it should be.
        """
        path = only_file(source)
        measure = f"{self.feature}_{self.smoothing}"
        trials = read_features(path, source, measure, len(ELECTRODES), len(SEED_IV_LABELS[source.session]))
        return Features(
            values=np.concatenate(trials),
            table=feature_table(source, trials, conditions(source.session), stimuli(source.session), WINDOW_S),
            channels=ELECTRODES,
            bands=tuple(band.name for band in _BANDS),
            band_edges_hz=tuple((band.low_hz, band.high_hz) for band in _BANDS),
            sfreq=SFREQ_HZ,
            measure=measure,
            unit="as distributed",
            definition=(
                f"{_MEANINGS[self.feature]} in windows of {WINDOW_S:g} s, smoothed with {_SMOOTHINGS[self.smoothing]}, "
                "as distributed by the corpus' owners"
            ),
        )

    def default_labels(self) -> dict[str, Any]:
        """Return the four intended emotions as classes."""
        return seed_iv_labels()
