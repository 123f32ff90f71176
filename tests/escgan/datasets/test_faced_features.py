"""FACED's features become windows without losing their order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from escgan.datasets.faced import FacedConfig
from escgan.datasets.faced_features import FacedFeaturesConfig
from escgan.errors import RecordingError
from escgan.features import Features
from escgan.labels import ConditionLabels
from escgan.montage import scalp_grid
from escgan.recording import RecordingSource
from tests.escgan.datasets.writers import faced_features as writer

# What the owners' files measure, by a report of one who has them.
DISTRIBUTED_BYTES = 1_075_366


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[writer.FeatureTruth, ...]]:
    folder = tmp_path_factory.mktemp("faced_features")
    return folder, writer.write_faced_features(folder)


def read(tmp_path: Path, array: np.ndarray, **config: str) -> Features:
    path = tmp_path / "sub007.pkl.pkl"
    path.write_bytes(writer.array_pickle(array))
    return FacedFeaturesConfig(**config).read_features(RecordingSource("007", "1", (path,)))


def test_a_written_file_has_the_size_of_a_distributed_one(
    corpus: tuple[Path, tuple[writer.FeatureTruth, ...]],
) -> None:
    assert (corpus[0] / "EEG_Features" / "DE" / "sub000.pkl.pkl").stat().st_size == DISTRIBUTED_BYTES


def test_every_window_has_its_clips_values_and_condition(
    corpus: tuple[Path, tuple[writer.FeatureTruth, ...]],
) -> None:
    folder, truths = corpus
    config = FacedFeaturesConfig()
    for source, truth in zip(config.discover(folder), truths, strict=True):
        features = config.read_features(source)
        assert (features.channels, features.bands) == (truth.channels, truth.bands)
        assert (features.measure, features.unit, features.sfreq) == ("de", "nats", 250.0)
        assert features.band_edges_hz == ((1, 4), (4, 8), (8, 14), (14, 30), (30, 47))
        table = features.table
        assert len(table) == len(features.values) == 28 * 30
        assert set(zip(table["subject"], table["session"], strict=True)) == {(truth.subject, truth.session)}
        for clip, (values, condition) in enumerate(zip(truth.values, truth.conditions, strict=True), start=1):
            rows = np.flatnonzero(table["trial"] == clip)
            np.testing.assert_array_equal(features.values[rows], values.astype(np.float32))
            assert table["window"].to_numpy()[rows].tolist() == list(range(30))
            assert table["start_s"].to_numpy()[rows].tolist() == [float(second) for second in range(30)]
            assert set(table["condition"].to_numpy()[rows]) == {condition}
            assert set(table["stimulus"].to_numpy()[rows]) == {str(clip)}


def test_the_channels_have_places_on_the_scalp_grid(corpus: tuple[Path, tuple[writer.FeatureTruth, ...]]) -> None:
    features = FacedFeaturesConfig().read_features(FacedFeaturesConfig().discover(corpus[0])[0])
    grid = scalp_grid(features.channels)
    np.testing.assert_allclose(grid.to_channels(grid.to_grid(features.values[:2])), features.values[:2], rtol=1e-5)


def test_every_window_is_labelled_with_one_of_nine_emotions(
    corpus: tuple[Path, tuple[writer.FeatureTruth, ...]],
) -> None:
    config = FacedFeaturesConfig()
    labels = ConditionLabels.model_validate(config.default_labels())
    table = config.read_features(config.discover(corpus[0])[0]).table
    assert np.bincount(labels.apply(table, table)).tolist() == [90, 90, 90, 90, 120, 90, 90, 90, 90]


def test_power_is_read_from_its_own_folder(corpus: tuple[Path, tuple[writer.FeatureTruth, ...]]) -> None:
    config = FacedFeaturesConfig(feature="psd")
    (source, _) = config.discover(corpus[0])
    assert source.files[0].parent.name == "PSD"
    features = config.read_features(source)
    assert (features.measure, features.unit) == ("psd", "uV^2")
    np.testing.assert_allclose(features.values[31], writer.draw_features(0, 0, "psd")[1, :30, 1], rtol=1e-6)


def test_the_folder_may_be_any_of_the_three(corpus: tuple[Path, tuple[writer.FeatureTruth, ...]]) -> None:
    top = corpus[0]
    for folder in (top, top / "EEG_Features", top / "EEG_Features" / "DE"):
        assert [s.files[0].parent.name for s in FacedFeaturesConfig().discover(folder)] == ["DE", "DE"]
    with pytest.raises(RecordingError, match="No recording of corpus 'faced_features' in"):
        FacedFeaturesConfig(feature="psd").discover(top / "EEG_Features" / "DE")


def test_files_that_torcheeg_has_renamed_are_features_still_and_no_signals(tmp_path: Path) -> None:
    writer.write_faced_features(tmp_path)
    folder = tmp_path / "EEG_Features" / "DE"
    for path in list(folder.iterdir()):
        path.rename(path.with_suffix(""))
    sources = FacedFeaturesConfig().discover(tmp_path)
    assert [source.files[0].name for source in sources] == ["sub000.pkl", "sub001.pkl"]
    assert len(FacedFeaturesConfig().read_features(sources[1]).values) == 840
    assert FacedFeaturesConfig().discover(folder) == sources
    with pytest.raises(RecordingError, match="No recording of corpus 'faced' in"):
        FacedConfig().discover(folder)


def test_signals_are_not_taken_for_features(tmp_path: Path) -> None:
    (tmp_path / "sub000.pkl").touch()
    with pytest.raises(RecordingError, match="No recording of corpus 'faced_features' in"):
        FacedFeaturesConfig().discover(tmp_path)


def test_wrong_content_names_file_subject_and_remedy(tmp_path: Path) -> None:
    de, psd = (writer.draw_features(7, 1, feature) for feature in ("de", "psd"))
    broken = de.copy()
    broken[1, 2, 3, 4] = -np.inf
    for array, feature, message in (
        (de.transpose(0, 2, 1, 3), "de", r"shape \(28, 30, 32, 5\) instead of real numbers of shape \(28, 32, 30, 5\)"),
        (broken, "de", r"in channel 'Fz' of clip 2: get"),
        (psd, "de", r"values around .* no differential entropy of microvolts in nats: set 'feature' to psd"),
        (de - np.log(1e6), "de", r"values around -1\d.* no differential entropy"),
        (de - 3, "psd", r"negative values, which are no power: set 'feature' to de"),
    ):
        with pytest.raises(RecordingError, match=r"sub007\.pkl\.pkl of subject 007.*" + message):
            read(tmp_path, array, feature=feature)


def test_a_value_that_single_precision_cannot_hold_is_refused(tmp_path: Path) -> None:
    array = writer.draw_features(0, 0)
    array[3, 4, 5, 1] = 1e300
    with pytest.raises(RecordingError, match=r"of subject 007 holds values up to 1e\+300: get it again"):
        read(tmp_path, array)
    # The mastoids are left out, whatever they hold.
    array[3, [4, 31], 5, 1] = 1.0, 1e300
    assert np.isfinite(read(tmp_path, array).values).all()
