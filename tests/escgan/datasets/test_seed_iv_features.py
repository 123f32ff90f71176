"""SEED-IV's distributed features are read as their description says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from escgan.datasets.seed_iv_features import SeedIvFeaturesConfig
from escgan.errors import RecordingError
from tests.escgan.datasets.writers.seed_features import compare_features, feature_bytes
from tests.escgan.datasets.writers.seed_iv_features import write_seed_iv_features


@pytest.mark.parametrize("measure", ["de_LDS", "de_movingAve", "psd_LDS", "psd_movingAve"])
def test_values_windows_and_classes_are_those_written_in_every_session(measure: str, tmp_path: Path) -> None:
    truths = write_seed_iv_features(tmp_path, 1, n_sessions=3)
    feature, smoothing = measure.split("_")
    corpus = SeedIvFeaturesConfig.model_validate({"feature": feature, "smoothing": smoothing})
    sources = corpus.discover(tmp_path)
    assert len(sources) == len(truths) == 3
    for source, truth in zip(sources, truths, strict=True):
        features = corpus.read_features(source)
        compare_features(features, truth)
        assert features.measure == measure
        # As on the corpus' page; they are not those of SEED.
        assert features.band_edges_hz == ((1, 4), (4, 8), (8, 14), (14, 31), (31, 50))


def test_subjects_are_in_numerical_order_and_sessions_by_folder(tmp_path: Path) -> None:
    home = tmp_path / "eeg_feature_smooth"
    for name in ("1/10_20151014", "2/2_20150915", "1/2_20150920", "3/2_20150101"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / f"{name}.mat").touch()
    for folder in (tmp_path, home):
        found = [(source.subject, source.session) for source in SeedIvFeaturesConfig().discover(folder)]
        assert found == [("2", "1"), ("2", "2"), ("2", "3"), ("10", "1")]


def test_only_the_features_of_this_corpus_can_be_chosen() -> None:
    with pytest.raises(ValidationError, match="'de' or 'psd'"):
        SeedIvFeaturesConfig.model_validate({"feature": "dasm"})


def test_wrong_content_names_the_file_the_subject_and_the_session(tmp_path: Path) -> None:
    (truth,) = write_seed_iv_features(tmp_path, 1, variables=["de_LDS"])
    (source,) = SeedIvFeaturesConfig().discover(tmp_path)
    trials = truth.variables["de_LDS"]
    damaged = trials[1].copy()
    damaged[0, 61, 0] = np.nan
    for changed, message in (
        ((trials[0], damaged, *trials[2:]), "NaN or an infinite value in 'de_LDS2', row 62, window 0, band 1"),
        (trials[:23], "lacks de_LDS24"),
        ((trials[0][:, :54], *trials[1:]), r"'de_LDS1' of shape \(54, "),
    ):
        source.files[0].write_bytes(feature_bytes({"de_LDS": changed}))
        with pytest.raises(RecordingError, match=rf"1_20160518\.mat of subject 1, session 1, .*{message}"):
            SeedIvFeaturesConfig().read_features(source)
    source.files[0].write_bytes(feature_bytes({"de_LDS": trials})[:-9])
    with pytest.raises(RecordingError, match=r"1_20160518\.mat of subject 1.*: get it again"):
        SeedIvFeaturesConfig().read_features(source)
