"""SEED's distributed features are read as their description says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from escgan.datasets.seed_features import SeedFeaturesConfig
from escgan.errors import RecordingError
from escgan.recording import RecordingSource
from tests.escgan.datasets.writers.mat_doubles import mat_bytes
from tests.escgan.datasets.writers.seed import LABELS, label_bytes
from tests.escgan.datasets.writers.seed_features import (
    FILM_S,
    ROWS,
    compare_features,
    feature_bytes,
    feature_variables,
    write_seed_features,
)

Trials = tuple[NDArray[np.float64], ...]
DAY = "3_20140603.mat"
SHORT_S = (2,) * 15


@pytest.fixture
def trials() -> Trials:
    """DE of 15 films of two windows each."""
    return feature_variables(np.random.default_rng(3), ["de_LDS"], SHORT_S)["de_LDS"]


def _source(folder: Path, content: bytes, labels: bytes | None = None) -> RecordingSource:
    home = folder / "ExtractedFeatures"
    home.mkdir()
    (home / DAY).write_bytes(content)
    (home / "label.mat").write_bytes(label_bytes() if labels is None else labels)
    (source,) = SeedFeaturesConfig().discover(folder)
    return source


@pytest.mark.parametrize("window_s", [1, 4])
def test_values_windows_and_classes_are_those_written_and_the_window_follows_from_their_number(
    window_s: int, tmp_path: Path
) -> None:
    truths = write_seed_features(tmp_path, 1, n_sessions=2, variables=["de_LDS"], window_s=window_s)
    corpus = SeedFeaturesConfig()
    sources = corpus.discover(tmp_path)
    assert len(sources) == len(truths) == 2
    for source, truth in zip(sources, truths, strict=True):
        features = corpus.read_features(source)
        compare_features(features, truth)
        assert (features.measure, features.unit, features.sfreq) == ("de_LDS", "log2(100 E)", 200.0)
        assert features.band_edges_hz == ((1, 3), (4, 7), (8, 13), (14, 30), (31, 50))
        assert f"windows of {window_s} s" in features.definition


@pytest.mark.parametrize("smoothing", ["LDS", "movingAve"])
@pytest.mark.parametrize("feature", ROWS)
def test_each_feature_is_found_among_the_others_by_its_exact_name(feature: str, smoothing: str, tmp_path: Path) -> None:
    variables = [f"{name}_{smooth}" for name in ROWS for smooth in ("LDS", "movingAve")]
    (truth,) = write_seed_features(tmp_path, 1, variables=variables, window_s=1, film_s=SHORT_S)
    corpus = SeedFeaturesConfig.model_validate({"feature": feature, "smoothing": smoothing, "window_s": 1})
    features = corpus.read_features(corpus.discover(tmp_path)[0])
    compare_features(features, truth)
    assert features.measure == f"{feature}_{smoothing}"
    assert len(features.channels) == len(set(features.channels)) == ROWS[feature]
    if ROWS[feature] < 62:
        assert (features.channels[0], features.channels[-1]) == (f"{feature}-01", f"{feature}-{ROWS[feature]}")


def test_a_feature_whose_name_only_ends_like_the_asked_one_is_not_taken_for_it(tmp_path: Path) -> None:
    write_seed_features(tmp_path, 1, variables=["dasm_LDS"], window_s=1, film_s=SHORT_S)
    corpus = SeedFeaturesConfig(feature="asm", window_s=1)
    with pytest.raises(RecordingError, match=r"lacks any 'asm_LDS1', 'asm_LDS2', \.\.\.: choose another feature"):
        corpus.read_features(corpus.discover(tmp_path)[0])


def test_sessions_are_numbered_by_date_in_every_folder_of_the_owners(tmp_path: Path) -> None:
    for folder in ("ExtractedFeatures", "ExtractedFeatures_1s", "ExtractedFeatures_4s"):
        home = tmp_path / folder / folder
        home.mkdir(parents=True)
        for day in ("10_20131204", "2_20140413", "1_20131107", "1_20131027", "1_20131030"):
            (home / f"{day}.mat").touch()
        for data in (home, tmp_path / folder):
            found = [(s.subject, s.session, s.files[0].name) for s in SeedFeaturesConfig().discover(data)]
            assert found == [
                ("1", "1", "1_20131027.mat"),
                ("1", "2", "1_20131030.mat"),
                ("1", "3", "1_20131107.mat"),
                ("2", "1", "2_20140413.mat"),
                ("10", "1", "10_20131204.mat"),
            ]


@pytest.mark.parametrize(
    ("window_s", "folder"),
    [(None, "ExtractedFeatures_1s"), (1.0, "ExtractedFeatures_1s"), (4.0, "ExtractedFeatures_4s")],
)
def test_of_two_folders_the_one_with_the_asked_windows_is_read(
    window_s: float | None, folder: str, tmp_path: Path
) -> None:
    for name in ("ExtractedFeatures_1s", "ExtractedFeatures_4s"):
        (tmp_path / name).mkdir()
        (tmp_path / name / DAY).touch()
    (source,) = SeedFeaturesConfig(window_s=window_s).discover(tmp_path)
    assert source.files[0].parent.name == folder


def test_windows_of_shortened_films_last_what_the_setting_says(tmp_path: Path, trials: Trials) -> None:
    source = _source(tmp_path, feature_bytes({"de_LDS": trials}))
    with pytest.raises(RecordingError, match=r"2 windows in a film of 235 s, which fits .*: set dataset\.window_s"):
        SeedFeaturesConfig().read_features(source)
    table = SeedFeaturesConfig(window_s=2.5).read_features(source).table
    assert table["start_s"].tolist() == [0.0, 2.5] * 15


def test_a_setting_that_contradicts_the_number_of_windows_is_refused(tmp_path: Path) -> None:
    write_seed_features(tmp_path, 1, variables=["dcau_LDS"], window_s=4)
    corpus = SeedFeaturesConfig(feature="dcau", window_s=1)
    (source,) = corpus.discover(tmp_path)
    with pytest.raises(RecordingError, match="58 windows in a film of 235 s, so that a window lasts 4 s and not 1 s"):
        corpus.read_features(source)
    assert len(SeedFeaturesConfig(feature="dcau", window_s=4).read_features(source).values) == sum(
        seconds // 4 for seconds in FILM_S
    )


def test_an_unknown_feature_smoothing_or_window_is_refused() -> None:
    for wrong in ({"feature": "sm"}, {"smoothing": "lds"}, {"window_s": 0}):
        with pytest.raises(ValidationError):
            SeedFeaturesConfig.model_validate(wrong)


def _with_value(value: float) -> Callable[[Trials], Trials]:
    def change(trials: Trials) -> Trials:
        changed = trials[2].copy()
        changed[1, 9, 4] = value
        return (*trials[:2], changed, *trials[3:])

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_with_value(np.nan), "NaN or an infinite value in 'de_LDS3', row 10, window 1, band 5"),
        (_with_value(-np.inf), "NaN or an infinite value in 'de_LDS3', row 10"),
        (_with_value(1e300), "NaN or an infinite value in 'de_LDS3', row 10"),
        (_with_value(2e4), r"values up to 2e\+04 in 'de_LDS3', which no logarithm of EEG power reaches"),
        (lambda trials: trials[:14], "lacks de_LDS15: choose another feature or get the file again"),
        (
            lambda trials: (trials[0][:, :61], *trials[1:]),
            r"'de_LDS1' of shape \(61, 2, 5\) instead of \(62, windows, 5\)",
        ),
        (lambda trials: (trials[0][..., :4], *trials[1:]), r"'de_LDS1' of shape \(62, 2, 4\)"),
        (lambda trials: (trials[0].transpose(1, 0, 2), *trials[1:]), r"'de_LDS1' of shape \(2, 62, 5\)"),
        (lambda trials: (trials[0][:0], *trials[1:]), r"'de_LDS1' of shape \(62, 0, 5\)"),
    ],
)
def test_wrong_content_names_the_file_the_subject_the_session_and_the_remedy(
    change: Callable[[Trials], Trials], message: str, tmp_path: Path, trials: Trials
) -> None:
    source = _source(tmp_path, feature_bytes({"de_LDS": change(trials)}))
    with pytest.raises(RecordingError, match=rf"3_20140603\.mat of subject 3, session 1, .*{message}") as caught:
        SeedFeaturesConfig(window_s=1).read_features(source)
    assert "get the file again" in str(caught.value) or "use the files" in str(caught.value)


def test_values_beside_the_published_range_are_no_error(tmp_path: Path, trials: Trials) -> None:
    changed = _with_value(-3.5)(trials)
    features = SeedFeaturesConfig(window_s=1).read_features(_source(tmp_path, feature_bytes({"de_LDS": changed})))
    assert features.values[5, 9, 4] == -3.5


def test_signals_in_the_place_of_features_are_refused(tmp_path: Path) -> None:
    source = _source(tmp_path, mat_bytes({f"ab_eeg{i}": np.ones((62, 9)) for i in range(1, 16)}))
    with pytest.raises(RecordingError, match="lacks any 'de_LDS1'"):
        SeedFeaturesConfig().read_features(source)


@pytest.mark.parametrize("share", [0.001, 0.5, 0.9999])
def test_a_truncated_file_costs_its_own_recording_one_sentence(share: float, tmp_path: Path, trials: Trials) -> None:
    content = feature_bytes({"de_LDS": trials})
    source = _source(tmp_path, content[: round(share * len(content))])
    with pytest.raises(RecordingError, match=r"3_20140603\.mat of subject 3.*: get it again"):
        SeedFeaturesConfig(window_s=1).read_features(source)


def test_labels_that_are_missing_or_contradict_the_published_ones_are_refused(tmp_path: Path, trials: Trials) -> None:
    source = _source(tmp_path, feature_bytes({"de_LDS": trials}), label_bytes([*LABELS[:14], 1]))
    with pytest.raises(RecordingError, match=r"label\.mat of subject 3.* trial 15 the class 1, published is -1"):
        SeedFeaturesConfig(window_s=1).read_features(source)
    source.files[1].unlink()
    with pytest.raises(RecordingError, match=r"label\.mat of subject 3 cannot be read"):
        SeedFeaturesConfig(window_s=1).read_features(source)


def test_the_comparison_with_what_was_written_can_fail(tmp_path: Path) -> None:
    (truth,) = write_seed_features(tmp_path, 1, variables=["dcau_LDS"], window_s=1, film_s=SHORT_S)
    corpus = SeedFeaturesConfig(feature="dcau", window_s=1)
    features = corpus.read_features(corpus.discover(tmp_path)[0])
    written = truth.variables["dcau_LDS"]
    compare_features(features, truth)
    with pytest.raises(AssertionError):
        compare_features(features, replace(truth, variables={"dcau_LDS": (*written[1::-1], *written[2:])}))
    with pytest.raises(AssertionError):
        compare_features(features, replace(truth, trials=truth.trials[::-1]))
