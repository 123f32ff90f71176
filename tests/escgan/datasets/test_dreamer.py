"""DREAMER's one file is read as its description says, and once for all subjects."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escgan.datasets import dreamer
from escgan.datasets.dreamer import DreamerConfig
from escgan.errors import RecordingError
from escgan.features import FeatureConfig, extract_features
from escgan.preprocessing import preprocess
from escgan.recording import RecordingSource
from tests.escgan.datasets.writers import dreamer as writer
from tests.escgan.datasets.writers.truth import RecordingTruth, compare

Subject = dict[str, Any]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[RecordingTruth, ...]]:
    folder = tmp_path_factory.mktemp("dreamer")
    return folder, writer.write_dreamer(folder)


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The subjects that the file was read for, one entry a reading of the whole file."""
    seen: list[str] = []
    whole = dreamer._read

    def counted(path: Path, subject: str) -> Any:
        seen.append(subject)
        return whole(path, subject)

    monkeypatch.setattr(dreamer, "_read", counted)
    monkeypatch.setattr(dreamer, "_library", dreamer._Library())
    return seen


def test_every_subject_is_read_as_it_was_written(corpus: tuple[Path, tuple[RecordingTruth, ...]]) -> None:
    folder, truths = corpus
    for source, truth in zip(DreamerConfig().discover(folder), truths, strict=True):
        raw = DreamerConfig().read(source)
        compare(raw, truth, atol_uv=1e-3)
        assert (raw.passband_hz, raw.cleaned, raw.auxiliary) == ((0.2, 45.0), {"mains"}, {})
        assert any("electrocardiogram dropped" in line for line in raw.log)


def test_the_file_is_read_once_for_all_its_subjects(
    corpus: tuple[Path, tuple[RecordingTruth, ...]], readings: list[str]
) -> None:
    config = DreamerConfig()
    first, second = config.discover(corpus[0])
    raws = [config.read(second), config.read(first)]
    assert readings == ["02"]
    assert [raw.subject for raw in raws] == ["02", "01"]


def test_a_subject_that_is_asked_for_again_is_read_again_and_is_the_same(
    corpus: tuple[Path, tuple[RecordingTruth, ...]], readings: list[str]
) -> None:
    config = DreamerConfig()
    source = config.discover(corpus[0])[0]
    once, again = config.read(source), config.read(source)
    assert readings == ["01", "01"]
    assert all(np.array_equal(a.eeg, b.eeg) for a, b in zip(once.segments, again.segments, strict=True))


def test_threads_that_ask_at_once_wait_for_one_reading(
    corpus: tuple[Path, tuple[RecordingTruth, ...]], readings: list[str]
) -> None:
    config = DreamerConfig()
    found: dict[str, RecordingTruth] = {}
    start = threading.Barrier(2)

    def read(source: RecordingSource, truth: RecordingTruth) -> None:
        start.wait()
        compare(config.read(source), truth, atol_uv=1e-3)
        found[source.subject] = truth

    pairs = zip(config.discover(corpus[0]), corpus[1], strict=True)
    threads = [threading.Thread(target=read, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(readings) == 1 and sorted(found) == ["01", "02"]


def test_a_file_that_was_replaced_is_read_anew(tmp_path: Path, readings: list[str]) -> None:
    config = DreamerConfig()
    writer.write_dreamer(tmp_path, seed=1)
    first, second = config.discover(tmp_path)
    config.read(first)
    truths = writer.write_dreamer(tmp_path, seed=2)
    compare(config.read(second), truths[1], atol_uv=1e-3)
    assert readings == ["01", "02"]


def test_the_neutral_film_stands_before_its_trial_only_when_asked_for(
    corpus: tuple[Path, tuple[RecordingTruth, ...]],
) -> None:
    config = DreamerConfig(baseline="neutral_film")
    raw = config.read(config.discover(corpus[0])[0])
    drawn = writer.draw_subject(0, seed=0)
    assert any("shifted by a constant" in line for line in raw.log)
    for span, segment, film, neutral in zip(raw.spans, raw.segments, drawn.films, drawn.neutral, strict=True):
        assert (span.start_s, span.baseline_s, span.duration_s) == (4.0, 4.0, len(film) / 128)
        np.testing.assert_allclose(segment.eeg[:, 512:], film.T, rtol=0, atol=1e-3)
        # What was put before differs from the neutral film by one number a channel, and meets the film's level.
        shift = segment.eeg[:, :512] - neutral.T
        np.testing.assert_allclose(shift, np.broadcast_to(shift[:, :1], shift.shape), rtol=0, atol=2e-3)
        np.testing.assert_allclose(
            segment.eeg[:, 384:512].mean(axis=1), segment.eeg[:, 512:640].mean(axis=1), rtol=0, atol=1e-2
        )


def test_the_joint_of_neutral_film_and_film_does_not_ring(tmp_path: Path) -> None:
    """A step of 200 uV where they meet would lift the delta band of the first second by several nats."""
    step = writer.draw_subject(0, seed=3)
    for neutral in step.neutral:
        neutral += 200.0
    writer.save(tmp_path / "DREAMER.mat", [writer.subject_struct(step)])
    config = DreamerConfig(baseline="neutral_film")
    raw = config.read(config.discover(tmp_path)[0])
    features = extract_features(
        preprocess(raw, config.default_preprocessing()), FeatureConfig(bands="esc-gan", baseline="none")
    )
    first = features.table["window"].to_numpy() == 0
    delta = features.values[:, :, 0]
    assert abs(delta[first].mean() - delta[~first].mean()) < 0.5


def test_the_default_chain_takes_the_headsets_constant_away(corpus: tuple[Path, tuple[RecordingTruth, ...]]) -> None:
    config = DreamerConfig()
    recording = preprocess(config.read(config.discover(corpus[0])[0]), config.default_preprocessing())
    assert recording.reference == "average" and recording.passband_hz == (1.0, 45.0)
    assert max(float(np.abs(trial.eeg.mean(axis=1)).max()) for trial in recording.trials) < 5.0
    assert recording.trials[0].condition == "calmness"


def test_only_ratings_above_the_middle_of_the_scale_are_high() -> None:
    labels = DreamerConfig().default_labels()
    assert (labels["threshold"], labels["direction"]) == (3.0, ">")


def change_first(key: str, value: Any) -> Callable[[Subject], None]:
    """Change a field of the struct, or of the struct in it, by a dotted name."""

    def change(subject: Subject) -> None:
        *outer, last = key.split(".")
        for name in outer:
            subject = subject[name]
        if value is None:
            del subject[last]
        else:
            subject[last] = value

    return change


def change_film(kind: str, film: int, value: Any) -> Callable[[Subject], None]:
    def change(subject: Subject) -> None:
        subject["EEG"][kind][film, 0] = value

    return change


def with_nan(subject: Subject) -> None:
    subject["EEG"]["stimuli"][4, 0][9, 6] = np.nan


def in_volts(subject: Subject) -> None:
    for film in subject["EEG"]["stimuli"].flat:
        film *= 1e-6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (change_first("ScoreValence", None), r"lacks the field 'ScoreValence' among Age, Gender, EEG"),
        (change_first("EEG", np.ones((3, 3))), r"EEG, is not a struct with stimuli, baseline: get"),
        (change_first("EEG.baseline", None), r"EEG, lacks the field 'baseline' among stimuli: get"),
        (change_first("EEG.stimuli", np.ones((18, 2))), r"stimuli of the EEG, is a float64 array of shape \(18, 2\)"),
        (
            change_first("ScoreArousal", np.ones((1, 18))),
            r"arousal, has scores of shape \(1, 18\) instead of \(18, 1\)",
        ),
        (change_first("ScoreArousal", np.full((18, 1), 6.0)), r"arousal, scores a film 6, which is no whole number"),
        (change_first("ScoreValence", np.full((18, 1), 2.5)), r"valence, scores a film 2\.5, which is no whole number"),
        (change_film("stimuli", 2, np.ones((14, 700))), r"film 3, has shape \(14, 700\) .*: transpose it back"),
        (change_film("stimuli", 2, np.ones((700, 12))), r"film 3, has shape \(700, 12\) .*: get"),
        (change_film("baseline", 0, np.zeros((0, 0))), r"neutral film before film 1, has shape \(0, 0\)"),
        (with_nan, r"film 5, holds NaN or infinite samples in channel 'O1': get"),
        (in_volts, r"so they are no EEG in microvolts: check"),
    ],
)
def test_wrong_content_names_the_place_and_costs_its_own_subject_only(
    change: Callable[[Subject], None], message: str, tmp_path: Path
) -> None:
    subjects = [writer.subject_struct(writer.draw_subject(index, seed=4)) for index in range(2)]
    change(subjects[0])
    writer.save(tmp_path / "DREAMER.mat", subjects, compressed=False)
    damaged, whole = DreamerConfig().discover(tmp_path)
    with pytest.raises(RecordingError, match=r"DREAMER\.mat of subject 01.*" + message):
        DreamerConfig().read(damaged)
    assert len(DreamerConfig().read(whole).spans) == 18


@pytest.mark.parametrize("compressed", [True, False])
def test_the_subjects_are_counted_without_reading_the_file(
    compressed: bool, tmp_path: Path, readings: list[str]
) -> None:
    subjects = [writer.subject_struct(writer.draw_subject(index, seed=4)) for index in range(3)]
    writer.save(tmp_path / "DREAMER.mat", subjects, compressed)
    assert [source.subject for source in DreamerConfig().discover(tmp_path)] == ["01", "02", "03"]
    assert readings == []


def test_a_damaged_file_is_found_with_all_subjects_and_named_when_read(tmp_path: Path) -> None:
    writer.write_dreamer(tmp_path)
    path = tmp_path / "DREAMER.mat"
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(RecordingError, match=r"DREAMER\.mat of subject 01 is damaged, truncated"):
        DreamerConfig().read(DreamerConfig().discover(tmp_path)[0])
    path.write_bytes(b"no MATLAB file")
    sources = DreamerConfig().discover(tmp_path)
    assert tuple(source.subject for source in sources) == DreamerConfig.published_subjects
    with pytest.raises(RecordingError, match=r"DREAMER\.mat of subject 23 is damaged"):
        DreamerConfig().read(sources[22])
    path.unlink()
    with pytest.raises(RecordingError, match=r"DREAMER\.mat of subject 23 cannot be read"):
        DreamerConfig().read(sources[22])


def test_a_subject_that_the_file_does_not_hold_is_named(corpus: tuple[Path, tuple[RecordingTruth, ...]]) -> None:
    source = RecordingSource("09", "1", (corpus[0] / "DREAMER.mat",))
    with pytest.raises(RecordingError, match=r"DREAMER\.mat holds 2 subjects and no subject 09: "):
        DreamerConfig().read(source)


def test_folders_of_other_corpora_are_not_taken_for_it(tmp_path: Path) -> None:
    for name in ("s01.dat", "Data_Preprocessed_P01.mat", "1_20131027.mat", "label.mat", "sub000.pkl"):
        (tmp_path / name).touch()
    with pytest.raises(RecordingError, match=r"No recording of corpus 'dreamer' .* give the folder with DREAMER\.mat"):
        DreamerConfig().discover(tmp_path)
