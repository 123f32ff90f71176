"""SEED's raw recordings: the films where the owners say that they are, by channels' names, at any width."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from escgan.datasets.seed_raw import STARTS_S, STOPS_S, SeedRawConfig
from escgan.errors import RecordingError
from escgan.preprocessing import preprocess
from escgan.recording import RecordingSource
from tests.escgan.datasets.writers.neuroscan import cnt_bytes, pink
from tests.escgan.datasets.writers.seed_raw import (
    CHANNELS,
    CLASSES,
    RECORDED,
    RECORDED_S,
    recording,
    times_text,
    trials,
    write_seed_raw,
)
from tests.escgan.datasets.writers.truth import RecordingTruth, compare

# time.txt as the owners distribute it, in samples at 1000 Hz.
OWNERS_STARTS = (
    "27000,290000,551000,784000,1050000,1262000,1484000,1748000,1993000,2287000,2551000,2812000,3072000,3335000,3599000"
)
OWNERS_ENDS = (
    "262000,523000,757000,1022000,1235000,1457000,1721000,1964000,2258000,2524000,2786000,3045000,3307000,3573000,"
    "3805000"
)
STIMULI = [str(film) for film in range(1, 16)]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[RecordingTruth, ...]]:
    folder = tmp_path_factory.mktemp("seed_raw")
    return folder, write_seed_raw(folder, 1, n_sessions=2)


def write(folder: Path, content: bytes, times: str | None = None) -> RecordingSource:
    (folder / "3_2.cnt").write_bytes(content)
    if times is not None:
        (folder / "time.txt").write_text(times)
    (source,) = SeedRawConfig().discover(folder)
    return source


def short(names: tuple[str, ...] = RECORDED, sfreq: int = 1000) -> bytes:
    """Two films of the writer's and a little more."""
    eeg = pink(np.random.default_rng(5), len(names), 13 * sfreq)
    return cnt_bytes(names, eeg, sfreq=sfreq)[0]


def test_films_classes_and_channels_are_those_written(written: tuple[Path, tuple[RecordingTruth, ...]]) -> None:
    folder, truths = written
    corpus = SeedRawConfig()
    sources = corpus.discover(folder)
    assert [(source.subject, source.session) for source in sources] == [("1", "1"), ("1", "2")]
    assert [path.name for path in sources[0].files] == ["1_1.cnt", "time.txt"]
    for source, truth in zip(sources, truths, strict=True):
        raw = corpus.read(source)
        compare(raw, truth, atol_uv=1e-3)
        assert (raw.passband_hz, raw.reference, raw.cleaned) == ((0.0, 500.0), "as recorded", frozenset())
        assert [segment.eeg.dtype for segment in raw.segments] == [np.float32] * 5
        assert raw.log == (
            "trials 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 left out: the recording ends after 33 s, before their films do",
        )


def test_eyes_and_mastoids_stand_beside_the_scalp_at_the_same_moments(
    written: tuple[Path, tuple[RecordingTruth, ...]],
) -> None:
    source = SeedRawConfig().discover(written[0])[0]
    raw = SeedRawConfig().read(source)
    assert raw.auxiliary == {"M1": "mastoid", "M2": "mastoid", "HEO": "eog", "VEO": "eog"}
    whole = by_hand(source.files[0])
    # The films begin at 1, 7, 13, 19 and 25 s and last 5 s; 10 s more on either side, where there is any.
    bounds_s = [(0, 16), (0, 22), (3, 28), (9, 33), (15, 33)]
    for segment, span, (start, stop) in zip(raw.segments, raw.spans, bounds_s, strict=True):
        assert segment.eeg.shape == (62, 1000 * (stop - start))
        assert (span.start_s + start, span.duration_s) == (6 * (span.trial - 1) + 1, 5)
        for row, name in enumerate(raw.auxiliary):
            assert segment.auxiliary is not None
            expected = whole[RECORDED.index(name), 1000 * start : 1000 * stop]
            np.testing.assert_allclose(segment.auxiliary[row], expected, atol=1e-3)


def by_hand(path: Path) -> NDArray[np.float64]:
    """Undo the writer's scale: 66 channels of 32 bits."""
    content = path.read_bytes()
    header = np.frombuffer(content, np.uint8, 75 * 66, 900).reshape(66, 75)
    sensitivity, calibration = (header[:, at : at + 4].copy().view("<f4")[:, 0].astype(float) for at in (59, 71))
    baseline = header[:, 47:49].copy().view("<i2")[:, 0]
    samples = np.frombuffer(content, "<i4", 66 * RECORDED_S * 1000, 900 + 75 * 66).reshape(-1, 66)
    return ((samples - baseline) * sensitivity * calibration / 204.8).T


def test_sixteen_bits_and_another_order_of_channels_give_the_same_trials(tmp_path: Path) -> None:
    content, stored = recording(3, 0, names=RECORDED[::-1], bits=16)
    raw = SeedRawConfig().read(write(tmp_path, content, times_text()))
    compare(raw, RecordingTruth("3", "2", CHANNELS, 1000.0, trials(stored, CLASSES, STIMULI)), atol_uv=1e-3)
    assert list(raw.auxiliary) == ["M1", "M2", "HEO", "VEO"]


def test_the_published_times_are_those_of_the_owners_list() -> None:
    assert ",".join(f"{start}000" for start in STARTS_S) == OWNERS_STARTS
    assert ",".join(f"{stop}000" for stop in STOPS_S) == OWNERS_ENDS


def test_without_a_list_the_published_times_hold(tmp_path: Path) -> None:
    source = write(tmp_path, short())
    assert [path.name for path in source.files] == ["3_2.cnt"]
    with pytest.raises(RecordingError, match=r"3_2\.cnt of subject 3 ends after 13 s, before the first film does: get"):
        SeedRawConfig().read(source)
    owners = f"start_point_list = [{OWNERS_STARTS}];#1000Hz\nend_point_list = [{OWNERS_ENDS}];"
    with pytest.raises(RecordingError, match="ends after 13 s, before the first film does"):
        SeedRawConfig().read(write(tmp_path, short(), owners))


@pytest.mark.parametrize(
    ("times", "reason"),
    [
        ("", "it has no list 'start_point_list'"),
        ("start_point_list = [1000, 7000]", "it has no list 'end_point_list'"),
        ("start_point_list = [1000];end_point_list = [2000];", "it lists 1 starts and 1 ends for 15 films"),
        (times_text().replace("[1000,", "[,"), "it lists 14 starts and 15 ends for 15 films"),
        (times_text().replace("7000", "x", 1), "could not convert string to float: 'x'"),
        (times_text().replace("[1000,", "[-1000,"), r"the times of film 1 do not follow one another \(-1 s, 6 s\)"),
        (times_text().replace("12000", "13500"), r"the times of film 2 do not follow one another \(13.5 s, 13 s\)"),
        (times_text().replace("12000", "nan"), "the times of film 2 do not follow one another"),
    ],
)
def test_a_list_of_times_that_cannot_be_right_is_one_sentence(times: str, reason: str, tmp_path: Path) -> None:
    source = write(tmp_path, short(), times)
    with pytest.raises(
        RecordingError, match=rf"time\.txt does not give .* for subject 3 \({reason}.*\): get it .*or rem"
    ):
        SeedRawConfig().read(source)


def test_a_list_that_vanishes_is_named(tmp_path: Path) -> None:
    source = write(tmp_path, short(), times_text())
    source.files[1].unlink()
    with pytest.raises(RecordingError, match=r"The file time\.txt with the films' times cannot be read for subject 3"):
        SeedRawConfig().read(source)


def test_other_channels_are_dropped_and_absent_auxiliary_ones_are_not_missed(tmp_path: Path) -> None:
    names = (*(name for name in RECORDED if name not in ("M1", "M2", "HEO", "VEO")), "EKG", "EMG")
    raw = SeedRawConfig().read(write(tmp_path, short(names), times_text()))
    assert (raw.channels, raw.auxiliary) == (CHANNELS, {})
    assert [segment.auxiliary for segment in raw.segments] == [None, None]
    assert "channels EKG, EMG dropped: not scalp EEG, eyes or mastoids" in raw.log


def test_missing_and_doubled_electrodes_are_named(tmp_path: Path) -> None:
    names = tuple({"OZ": "EKG", "CB1": "EMG"}.get(name, name) for name in RECORDED)
    with pytest.raises(RecordingError, match=r"3_2\.cnt of subject 3 lacks 2 of the 62 electrodes \(CB1, Oz\): use"):
        SeedRawConfig().read(write(tmp_path, short(names), times_text()))
    names = tuple({"M1": "T8"}.get(name, name) for name in RECORDED)
    with pytest.raises(RecordingError, match=r"3_2\.cnt of subject 3 has two channels 'T8': use"):
        SeedRawConfig().read(write(tmp_path, short(names), times_text()))


def test_another_rate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"3_2\.cnt of subject 3 was sampled at 500 Hz instead of 1000 Hz: use"):
        SeedRawConfig().read(write(tmp_path, short(sfreq=500), times_text()))


@pytest.mark.parametrize("home", [".", "SEED_RAW_EEG", "SEED_EEG/SEED_RAW_EEG"])
def test_subjects_are_found_in_numerical_order_and_no_other_corpus_files(home: str, tmp_path: Path) -> None:
    (tmp_path / home).mkdir(parents=True, exist_ok=True)
    for name in ("10_1", "2_3", "2_1", "1_2", "1_4", "1_1_20180804", "1_20131027", "x_1"):
        (tmp_path / home / f"{name}.cnt").touch()
    (tmp_path / home / "3_1.mat").touch()
    sources = SeedRawConfig().discover(tmp_path)
    assert [(source.subject, source.session) for source in sources] == [("1", "2"), ("2", "1"), ("2", "3"), ("10", "1")]


@pytest.mark.parametrize(
    "name", ["EEG_raw/1_1_20180804.cnt", "Preprocessed_EEG/1_20131027.mat", "EEG_raw/1_20221001_1.cnt"]
)
def test_the_folders_of_its_relatives_are_not_taken_for_it(name: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).touch()
    for folder in (tmp_path, (tmp_path / name).parent):
        with pytest.raises(RecordingError, match="No recording of corpus 'seed_raw' in"):
            SeedRawConfig().discover(folder)


def test_the_usual_steps_leave_0_5_to_75_hz_at_200_hz_without_the_amplifiers_offset(
    written: tuple[Path, tuple[RecordingTruth, ...]],
) -> None:
    corpus = SeedRawConfig()
    raw = corpus.read(corpus.discover(written[0])[0])
    recorded = preprocess(raw, corpus.default_preprocessing())
    assert (recorded.sfreq, recorded.passband_hz) == (200.0, (0.5, 75.0))
    assert [trial.eeg.shape for trial in recorded.trials] == [(62, 1000)] * 5
    offsets = np.abs(raw.segments[0].eeg.mean(axis=1))
    assert np.median(offsets) > 50
    assert max(np.abs(trial.eeg.mean(axis=1)).max() for trial in recorded.trials) < 20
    assert not any("warning" in entry for entry in recorded.log)
