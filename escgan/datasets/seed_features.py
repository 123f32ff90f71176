"""SEED, as the features that its owners distribute: differential entropy and its kin, in one MATLAB file a day."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import PositiveFloat

from escgan.bands import BAND_SETS
from escgan.datasets.corpus import FeatureCorpus, existing_folder, nothing_found
from escgan.datasets.seed import (
    CONDITIONS,
    SEED_ACCESS,
    SEED_CITATION,
    SEED_LICENCE,
    SEED_NOTE,
    SEED_PARENTS,
    STIMULI,
    seed_labels,
    sessions_by_date,
)
from escgan.datasets.seed_family import ELECTRODES, SEED_FILM_S, SEED_LABELS, SESSIONS, SUBJECTS, named_folders
from escgan.datasets.seed_matlab import SFREQ_HZ, feature_table, read_features, refuse_labels_that_differ
from escgan.errors import RecordingError
from escgan.features.measured import Features
from escgan.recording import RecordingSource

Feature = Literal["de", "psd", "dasm", "rasm", "asm", "dcau"]
Smoothing = Literal["LDS", "movingAve"]

# The owners publish which electrodes are paired, but not in which order the pairs stand: rows are numbered.
_PAIRS: Mapping[str, int] = {"dasm": 27, "rasm": 27, "asm": 54, "dcau": 23}
_UNITS: Mapping[str, str] = {
    "de": "log2(100 E)",
    "psd": "E",
    "dasm": "log2(100 E)",
    "rasm": "ratio",
    "asm": "log2(100 E) and ratio",
    "dcau": "log2(100 E)",
}
_MEANINGS: Mapping[str, str] = {
    "de": "differential entropy",
    "psd": "power spectral density",
    "dasm": "differences of differential entropy between 27 pairs of electrodes left and right",
    "rasm": "ratios of differential entropy between 27 pairs of electrodes left and right",
    "asm": "differences and ratios of differential entropy between 27 pairs of electrodes left and right",
    "dcau": "differences of differential entropy between 23 pairs of electrodes front and back",
}
_ENERGY = "; E is the energy of a band"
_SMOOTHINGS: Mapping[str, str] = {"LDS": "a linear dynamical system", "movingAve": "a moving average"}
_FOLDERS: Mapping[str, float | None] = {
    "ExtractedFeatures": None,
    "ExtractedFeatures_1s": 1.0,
    "ExtractedFeatures_4s": 4.0,
}
_WINDOWS_S = (1.0, 4.0)


class SeedFeaturesConfig(FeatureCorpus):
    """SEED's distributed features: 15 subjects, five bands, windows of one or four seconds."""

    title: ClassVar[str] = "SEED, extracted features"
    licence: ClassVar[str] = SEED_LICENCE
    citation: ClassVar[str] = SEED_CITATION
    note: ClassVar[str] = SEED_NOTE + (
        " The owners smoothed the features over each film, so that neighbouring windows are not independent."
    )
    access: ClassVar[str] = SEED_ACCESS
    expects: ClassVar[str] = (
        "ExtractedFeatures, ExtractedFeatures_1s or ExtractedFeatures_4s, in it {subject}_{yyyymmdd}.mat for every "
        "subject and day, and label.mat"
    )
    published_subjects: ClassVar[tuple[str, ...]] = SUBJECTS
    published_sessions: ClassVar[tuple[str, ...]] = SESSIONS

    kind: Literal["seed_features"] = "seed_features"
    feature: Feature = "de"
    """``de``, ``psd``, ``dasm``, ``rasm``, ``asm`` or ``dcau``, as the owners call them."""
    smoothing: Smoothing = "LDS"
    """``LDS`` (linear dynamical system) or ``movingAve`` (moving average)."""
    window_s: PositiveFloat | None = None
    """Window length in seconds; when not given, it follows from the number of windows in each film."""

    def discover(self, data: Path) -> tuple[RecordingSource, ...]:
        """List the recordings in ``ExtractedFeatures``, ``..._1s`` or ``..._4s``: the folder itself, or below.

        Where several are there, the one of ``window_s`` comes first. A subject's sessions are numbered in the
        order of their dates.
        """
        folder = existing_folder(data, type(self))
        for name in sorted(_FOLDERS, key=lambda name: _FOLDERS[name] != self.window_s):
            for home in named_folders(folder, name, SEED_PARENTS):
                if sources := sessions_by_date(home):
                    return sources
        raise nothing_found(folder, type(self))

    def read_features(self, source: RecordingSource) -> Features:
        """Read one feature of one subject's day.

        Returns
        -------
        features
            One row a window of every film, ``(n_windows, n_channels, 5)``; the channels are the 62 electrodes for
            ``de`` and ``psd``, and numbered pairs for the others.

        Raises
        ------
        RecordingError
            The file is not what it should be, or the number of its windows does not tell how long they are.
        """
        path, labels = source.files
        refuse_labels_that_differ(labels, source, SEED_LABELS)
        n_pairs = _PAIRS.get(self.feature)
        measure = f"{self.feature}_{self.smoothing}"
        trials = read_features(path, source, measure, n_pairs or len(ELECTRODES), len(SEED_LABELS))
        window_s = self._window_s([len(trial) for trial in trials], path, source)
        return Features(
            values=np.concatenate(trials),
            table=feature_table(source, trials, CONDITIONS, STIMULI, window_s),
            channels=ELECTRODES if n_pairs is None else tuple(f"{self.feature}-{i + 1:02d}" for i in range(n_pairs)),
            bands=tuple(band.name for band in BAND_SETS["seed"]),
            band_edges_hz=tuple((band.low_hz, band.high_hz) for band in BAND_SETS["seed"]),
            sfreq=SFREQ_HZ,
            measure=measure,
            unit=_UNITS[self.feature],
            definition=(
                f"{_MEANINGS[self.feature]} in windows of {window_s:g} s, smoothed with {_SMOOTHINGS[self.smoothing]}, "
                f"as distributed by the corpus' owners{_ENERGY if 'E' in _UNITS[self.feature] else ''}"
            ),
        )

    def default_labels(self) -> dict[str, Any]:
        """Return the three intended emotions as classes."""
        return seed_labels()

    def _window_s(self, n_windows: list[int], path: Path, source: RecordingSource) -> float:
        """Tell the windows' length from their number, which fits one length only where the films are complete."""
        films = list(zip(n_windows, SEED_FILM_S, strict=True))
        fitting = next((w for w in _WINDOWS_S if all(abs(n - film / w) < 2 for n, film in films)), None)
        found = (
            f"The file {path.name} of subject {source.subject}, session {source.session}, has {n_windows[0]} windows "
            f"in a film of {SEED_FILM_S[0]} s"
        )
        if fitting is None:
            if self.window_s is None:
                raise RecordingError(f"{found}, which fits windows of neither 1 s nor 4 s: set dataset.window_s.")
            return self.window_s
        if self.window_s not in (None, fitting):
            raise RecordingError(
                f"{found}, so that a window lasts {fitting:g} s and not {self.window_s:g} s: correct or remove "
                "dataset.window_s."
            )
        return fitting
