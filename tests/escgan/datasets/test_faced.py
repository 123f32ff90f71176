"""FACED's preprocessed files are read as their description says."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from escgan.bands import BAND_SETS
from escgan.datasets.faced import FacedConfig
from escgan.errors import RecordingError
from escgan.labels import ConditionLabels
from escgan.preprocessing import preprocess
from escgan.recording import RawRecording, RecordingSource
from tests.escgan.datasets.writers import faced as writer
from tests.escgan.datasets.writers.truth import RecordingTruth, compare


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[RecordingTruth, ...]]:
    folder = tmp_path_factory.mktemp("faced")
    return folder, writer.write_faced(folder)


@pytest.fixture(scope="module")
def clips() -> np.ndarray:
    return writer.draw_clips(7, seed=1)


def read(tmp_path: Path, array: object) -> RawRecording:
    path = tmp_path / "sub007.pkl"
    path.write_bytes(writer.array_pickle(array) if isinstance(array, np.ndarray) else pickle.dumps(array))
    return FacedConfig().read(RecordingSource("007", "1", (path,)))


def test_every_subject_is_read_as_it_was_written(corpus: tuple[Path, tuple[RecordingTruth, ...]]) -> None:
    folder, truths = corpus
    for source, truth in zip(FacedConfig().discover(folder), truths, strict=True):
        raw = FacedConfig().read(source)
        compare(raw, truth, atol_uv=1e-4)
        assert (raw.passband_hz, raw.cleaned) == ((0.05, 47.0), {"ocular"})
        assert not any("volts" in line for line in raw.log)


def test_the_written_file_is_one_that_python_loads_and_has_numpys_old_names(
    corpus: tuple[Path, tuple[RecordingTruth, ...]],
) -> None:
    content = (corpus[0] / "Processed_data" / "sub000.pkl").read_bytes()
    np.testing.assert_array_equal(pickle.loads(content), writer.draw_clips(0, seed=0))
    assert b"numpy.core.multiarray" in content[:300] and b"numpy._core" not in content[:300]


def test_the_mastoids_are_no_scalp_channels_and_stand_a2_before_a1(clips: np.ndarray, tmp_path: Path) -> None:
    raw = read(tmp_path, clips)
    assert list(raw.auxiliary.items()) == [("A2", "mastoid"), ("A1", "mastoid")]
    assert len(raw.channels) == 30 and not {"A1", "A2"} & set(raw.channels)
    np.testing.assert_allclose(raw.segments[27].auxiliary, clips[27, 30:], rtol=0, atol=1e-4)
    recording = preprocess(raw, FacedConfig().default_preprocessing())
    assert recording.channels == raw.channels and len(recording.trials) == 28


def test_the_classes_are_the_nine_emotions() -> None:
    labels = FacedConfig().default_labels()
    assert labels == {"kind": "classes", "classes": writer.EMOTIONS}
    assert ConditionLabels.model_validate(labels).class_names == tuple(writer.EMOTIONS)


def test_samples_in_volts_become_microvolts_and_that_is_said(clips: np.ndarray, tmp_path: Path) -> None:
    raw = read(tmp_path, clips * 1e-6)
    np.testing.assert_allclose(raw.segments[3].eeg, clips[3, :30], rtol=0, atol=1e-4)
    np.testing.assert_allclose(raw.segments[3].auxiliary, clips[3, 30:], rtol=0, atol=1e-4)
    assert "samples multiplied by 1e6: the file holds volts" in raw.log


def test_the_usual_bands_lie_inside_the_distributed_pass_band(clips: np.ndarray, tmp_path: Path) -> None:
    low, high = read(tmp_path, clips).passband_hz
    assert all(low <= band.low_hz and band.high_hz <= high for band in BAND_SETS[FacedConfig.default_bands])


def test_wrong_content_names_file_subject_and_remedy(clips: np.ndarray, tmp_path: Path) -> None:
    broken = clips.copy()
    broken[3, 31, 7] = np.nan
    cases = [
        (clips[:, :30], r"shape \(28, 30, 7500\) instead of real numbers of shape \(28, 32, 7500\): get"),
        (clips[:27], r"shape \(27, 32, 7500\)"),
        (clips[:, :, :7499], r"shape \(28, 32, 7499\)"),
        (clips.astype(np.int16), r"type int16"),
        (broken, r"NaN or infinite values in channel 'A1' of clip 4: get"),
        (clips * 1e-3, r"standard deviation of 0\.0\d+, so they are no EEG in microvolts or volts: get"),
        ({"data": clips[0, :2, :5]}, r"it holds a dict instead of one array\): get"),
        ([clips[0, :2, :5]], r"it holds a list instead of one array\): get"),
    ]
    for content, message in cases:
        with pytest.raises(RecordingError, match=r"sub007\.pkl of subject 007.*" + message):
            read(tmp_path, content)


def test_subjects_are_found_by_name_in_numerical_order(tmp_path: Path) -> None:
    inner = tmp_path / "Processed_data"
    inner.mkdir()
    for name in ("sub100.pkl", "sub009.pkl", "sub000.pkl", "sub001.pkl.pkl", "sub1.pkl"):
        (inner / name).touch()
    for folder in (tmp_path, inner):
        assert [source.subject for source in FacedConfig().discover(folder)] == ["000", "009", "100"]
    inner.rename(tmp_path / "Processed_Data")
    assert len(FacedConfig().discover(tmp_path)) == 3


def test_folders_of_other_corpora_are_not_taken_for_it(tmp_path: Path) -> None:
    for name in ("s01.dat", "DREAMER.mat", "1_20131027.mat", "Data_Preprocessed_P01.mat", "sub000.pkl.pkl"):
        (tmp_path / name).touch()
    with pytest.raises(RecordingError, match="No recording of corpus 'faced' in"):
        FacedConfig().discover(tmp_path)
