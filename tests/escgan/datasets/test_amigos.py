"""AMIGOS' files are read as their description says, cells by their video and not by their place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from escgan.datasets.amigos import AmigosConfig
from escgan.errors import RecordingError
from escgan.preprocessing import preprocess
from escgan.recording import RawRecording, RecordingSource
from tests.escgan.datasets.writers import amigos as writer
from tests.escgan.datasets.writers.truth import RecordingTruth, compare

Videos = dict[str, dict[str, np.ndarray]]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[RecordingTruth, ...]]:
    folder = tmp_path_factory.mktemp("amigos")
    return folder, writer.write_amigos(folder, n_subjects=3)


def read_changed(tmp_path: Path, change: Callable[[Videos], None], **config: str) -> RawRecording:
    """Read subject 02 after a change to its cells."""
    videos = writer.draw_subject(2, seed=5)
    change(videos)
    path = tmp_path / "Data_Preprocessed_P02.mat"
    writer.save(path, videos, writer.VIDEO_LIST)
    return AmigosConfig(**config).read(RecordingSource("02", "1", (path,)))


def test_every_subject_is_read_as_it_was_written(corpus: tuple[Path, tuple[RecordingTruth, ...]]) -> None:
    folder, truths = corpus
    for source, truth in zip(AmigosConfig().discover(folder), truths, strict=True):
        raw = AmigosConfig().read(source)
        compare(raw, truth, atol_uv=1e-4)
        assert (raw.passband_hz, raw.reference) == ((4.0, 45.0), "average")


def test_the_cells_of_the_first_test_subject_do_stand_in_another_order(
    corpus: tuple[Path, tuple[RecordingTruth, ...]],
) -> None:
    """Without this, a reader that goes by position could pass the test above."""
    path = corpus[0] / "Data_Preprocessed_P01" / "Data_Preprocessed_P01.mat"
    order = [str(cell[0]) for cell in loadmat(path)["VideoIDs"][0]]
    assert sorted(order) == sorted(writer.VIDEO_LIST)
    assert sum(a != b for a, b in zip(order[:16], writer.VIDEO_LIST[:16], strict=True)) > 10


def test_trials_that_are_missing_or_hold_nan_are_left_out_and_said(
    corpus: tuple[Path, tuple[RecordingTruth, ...]],
) -> None:
    first, second, _ = (AmigosConfig().read(source) for source in AmigosConfig().discover(corpus[0]))
    assert not {"9", "58", "20"} & {span.stimulus for span in first.spans}
    assert "video 9, 58 left out: not recorded" in first.log
    assert "video 20 left out: NaN in FC5" in first.log
    assert len(second.spans) == 16 and not any("left out" in line for line in second.log)


def test_a_trial_that_was_not_rated_is_left_out_and_said(tmp_path: Path) -> None:
    def change(videos: Videos) -> None:
        videos["31"]["own"] = np.zeros((1, 0))
        videos["34"]["own"][0, 2] = np.nan

    raw = read_changed(tmp_path, change)
    assert "video 31, 34 left out: not rated" in raw.log
    assert [span.trial for span in raw.spans] == [n for n in range(1, 17) if n not in (11, 12)]


@pytest.mark.parametrize(
    ("videos", "trials"), [("short", range(1, 17)), ("long", range(17, 21)), ("all", range(1, 21))]
)
def test_short_long_or_all_videos_are_read(
    videos: str, trials: range, corpus: tuple[Path, tuple[RecordingTruth, ...]]
) -> None:
    config = AmigosConfig(videos=videos)
    raw = config.read(config.discover(corpus[0])[1])
    assert [span.trial for span in raw.spans] == list(trials)
    assert [span.stimulus for span in raw.spans] == [writer.VIDEO_LIST[trial - 1] for trial in trials]


def test_a_subject_without_the_chosen_videos_is_refused_by_name(
    corpus: tuple[Path, tuple[RecordingTruth, ...]],
) -> None:
    config = AmigosConfig(videos="long")
    with pytest.raises(RecordingError, match=r"P03\.mat of subject 03 holds no usable recording of the long videos: "):
        config.read(config.discover(corpus[0])[2])


def test_ratings_stand_in_the_order_of_the_files_and_external_ones_are_means_over_segments(tmp_path: Path) -> None:
    def change(videos: Videos) -> None:
        videos["4"]["own"] = np.array([[1.5, 8.5, 2, 3, 4, 1, 0, 0, 0, 0, 0, 1]])
        videos["4"]["external"] = np.array([[1, -0.5, 0.2], [2, np.nan, 0.9], [3, 0.25, 0.4]])
        videos["5"]["external"] = np.zeros((1, 0))

    first, second, *_ = read_changed(tmp_path, change).spans
    ratings = dict(first.ratings)
    assert (ratings["arousal"], ratings["valence"]) == (1.5, 8.5)
    assert (ratings["neutral"], ratings["sadness"], ratings["disgust"]) == (1, 1, 0)
    # The segment with NaN counts for neither mean.
    assert ratings["external_valence"] == pytest.approx(-0.125)
    assert ratings["external_arousal"] == pytest.approx(0.3)
    assert np.isnan(second.ratings["external_valence"]) and np.isnan(second.ratings["external_arousal"])


def test_the_electrocardiogram_comes_along_and_the_skin_goes(tmp_path: Path) -> None:
    videos: Videos = {}
    raw = read_changed(tmp_path, videos.update)
    drawn = writer.draw_subject(2, seed=5)
    assert raw.auxiliary == {"ECG_R": "ecg", "ECG_L": "ecg"}
    for segment, video in zip(raw.segments, writer.VIDEO_LIST, strict=False):
        np.testing.assert_allclose(segment.auxiliary, drawn[video]["data"].T[14:16], rtol=1e-6, atol=1e-4)
    assert raw.log == ("channel GSR dropped: peripheral, not scalp EEG",)


def test_an_electrode_of_heart_or_skin_that_came_off_costs_no_trial(tmp_path: Path) -> None:
    def change(videos: Videos) -> None:
        videos["10"]["data"][:, 15] = np.nan
        videos["13"]["data"][:, 16] = np.nan

    raw = read_changed(tmp_path, change)
    assert len(raw.spans) == 16
    assert dict(raw.auxiliary) == {"ECG_R": "ecg"}
    assert "channel ECG_L dropped: NaN in some trials" in raw.log
    assert all(segment.auxiliary.shape[0] == 1 for segment in raw.segments)


def test_a_recording_without_any_electrocardiogram_is_still_read_and_preprocessed(tmp_path: Path) -> None:
    def change(videos: Videos) -> None:
        videos["10"]["data"][3, 14:16] = np.inf

    raw = read_changed(tmp_path, change)
    assert not raw.auxiliary and raw.segments[0].auxiliary is None
    assert len(preprocess(raw, ()).trials) == 16


def test_the_default_chain_gives_five_seconds_of_baseline(corpus: tuple[Path, tuple[RecordingTruth, ...]]) -> None:
    config = AmigosConfig()
    recording = preprocess(config.read(config.discover(corpus[0])[1]), config.default_preprocessing())
    for trial, truth in zip(recording.trials, corpus[1][1].trials, strict=True):
        assert trial.baseline is not None and trial.baseline.shape == (14, 640)
        np.testing.assert_allclose(trial.eeg, truth.eeg, rtol=0, atol=1e-4)


def put(video: str, cell: str, value: object) -> Callable[[Videos], None]:
    def change(videos: Videos) -> None:
        videos[video][cell] = value

    return change


def put_score(column: int, score: float) -> Callable[[Videos], None]:
    def change(videos: Videos) -> None:
        videos["4"]["own"][0, column] = score

    return change


def in_volts(videos: Videos) -> None:
    for cells in videos.values():
        cells["data"] *= 1e-6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("4", "data", np.ones((17, 900))), r"video 4, has shape \(17, 900\) .*: transpose it back"),
        (put("4", "data", np.ones((900, 14))), r"video 4, has shape \(900, 14\) instead of \(samples, 17\): get"),
        (put("4", "data", "text"), r"video 4, is .* instead of a numeric matrix of 17 columns: get"),
        (
            put("5", "data", np.ones((640, 17))),
            r"video 5, lasts 5 s, no longer than the baseline of 5 s before it: get",
        ),
        (put("4", "own", np.ones((1, 5))), r"video 4, has a self-assessment of shape \(1, 5\)"),
        (put("4", "external", np.ones((4, 2))), r"video 4, has an external annotation of shape \(4, 2\)"),
        (put_score(0, 0.0), r"video 4, rates arousal as 0, which is not on the scale of 1 to 9: get"),
        (put_score(1, 9.5), r"video 4, rates valence as 9\.5"),
        (put_score(6, 2.0), r"video 4, rates disgust as 2, which is not 0 or 1: get"),
        (in_volts, r"typical standard deviation of 1\.5e-05, so they are no EEG in microvolts: check"),
    ],
)
def test_wrong_content_names_file_subject_video_and_remedy(
    change: Callable[[Videos], None], message: str, tmp_path: Path
) -> None:
    with pytest.raises(RecordingError, match=r"Data_Preprocessed_P02\.mat of subject 02.*" + message):
        read_changed(tmp_path, change)


def test_videos_that_are_not_the_corpus_own_are_refused(tmp_path: Path) -> None:
    videos = writer.draw_subject(2, seed=5)
    path = tmp_path / "Data_Preprocessed_P02.mat"
    source = RecordingSource("02", "1", (path,))
    videos["4x"] = videos["4"]
    for order in (["4x", *writer.VIDEO_LIST[1:]], ["5", *writer.VIDEO_LIST[1:]]):
        writer.save(path, videos, order)
        with pytest.raises(RecordingError, match=r"subject 02 names the videos .* each once: get"):
            AmigosConfig().read(source)
    writer.save(path, videos, writer.VIDEO_LIST[:16])
    with pytest.raises(RecordingError, match=r"joined_data, is a cell array of shape \(1, 16\) instead of .* 20 cells"):
        AmigosConfig().read(source)
    savemat(path, {"joined_data": np.ones((2, 2))})
    with pytest.raises(
        RecordingError, match=r"no variable 'labels_selfassessment', 'labels_ext_annotation', 'VideoIDs'"
    ):
        AmigosConfig().read(source)


def test_a_damaged_or_missing_file_is_named(tmp_path: Path) -> None:
    writer.write_amigos(tmp_path, n_subjects=2)
    whole = (tmp_path / "Data_Preprocessed_P02.mat").read_bytes()
    (tmp_path / "Data_Preprocessed_P02.mat").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "Data_Preprocessed_P01" / "Data_Preprocessed_P01.mat").unlink()
    first, second = AmigosConfig().discover(tmp_path)
    with pytest.raises(RecordingError, match=r"Data_Preprocessed_P01\.mat of subject 01 cannot be read"):
        AmigosConfig().read(first)
    with pytest.raises(RecordingError, match=r"Data_Preprocessed_P02\.mat of subject 02 is damaged"):
        AmigosConfig().read(second)


def test_subjects_are_found_by_name_in_numerical_order(tmp_path: Path) -> None:
    inner = tmp_path / "Data_Preprocessed"
    inner.mkdir()
    for name in ("Data_Preprocessed_P10.mat", "Data_Preprocessed_P02.mat", "Data_Preprocessed_P02.mat.bak", "s01.dat"):
        (inner / name).touch()
    (inner / "Data_Preprocessed_P09").mkdir()
    for folder in (tmp_path, inner):
        assert [source.subject for source in AmigosConfig().discover(folder)] == ["02", "09", "10"]
    (unpacked,) = AmigosConfig().discover(tmp_path)[1].files
    assert unpacked.name == "Data_Preprocessed_P09.mat"


def test_folders_of_other_corpora_are_not_taken_for_it(tmp_path: Path) -> None:
    for name in ("s01.dat", "DREAMER.mat", "1_20131027.mat", "label.mat", "sub000.pkl", "s01.bdf"):
        (tmp_path / name).touch()
    with pytest.raises(RecordingError, match="No recording of corpus 'amigos' in"):
        AmigosConfig().discover(tmp_path)
