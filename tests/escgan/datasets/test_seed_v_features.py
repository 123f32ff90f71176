"""SEED-V's distributed features are read as their owners' script reads them, without running anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from escgan.datasets.seed_v_features import SeedVFeaturesConfig
from escgan.errors import RecordingError
from tests.escgan.datasets.writers.seed_v_features import draw, labels, write_archive, write_seed_v_features

Numbered = dict[int, NDArray[np.float64]]


@pytest.mark.parametrize("protocol", [3, 4])
def test_values_windows_and_classes_are_those_written(protocol: int, tmp_path: Path) -> None:
    truths = write_seed_v_features(tmp_path, 2, protocol=protocol)
    corpus = SeedVFeaturesConfig()
    sources = corpus.discover(tmp_path)
    assert len(sources) == len(truths) == 6
    for source, truth in zip(sources, truths, strict=True):
        assert (source.subject, source.session) == (truth.subject, truth.session)
        features = corpus.read_features(source)
        expected = np.concatenate([trial.values for trial in truth.trials])
        np.testing.assert_array_equal(features.values, expected.astype(np.float32))
        assert features.values.dtype == np.float32
        assert (features.channels, features.bands) == (truth.channels, truth.bands)
        rows = [
            (truth.subject, truth.session, trial.trial, window, 4.0 * window, trial.stimulus, trial.condition)
            for trial in truth.trials
            for window in range(len(trial.values))
        ]
        columns = ["subject", "session", "trial", "window", "start_s", "stimulus", "condition"]
        assert list(features.table.columns) == columns
        assert list(features.table.itertuples(index=False, name=None)) == rows
    assert (features.measure, features.unit, features.sfreq) == ("de", "as distributed", 200.0)
    # The owners' page names them.
    assert features.band_edges_hz == ((1, 4), (4, 8), (8, 14), (14, 31), (31, 50))


def test_labels_may_stand_in_a_column_and_be_whole_numbers(tmp_path: Path) -> None:
    data = draw(1, 0)
    columns = {trial: numbers[:, None].astype(np.int64) for trial, numbers in labels(data).items()}
    write_archive(tmp_path / "1_123.npz", data, columns)
    features = SeedVFeaturesConfig().read_features(SeedVFeaturesConfig().discover(tmp_path)[1])
    assert features.table.drop_duplicates("trial")["condition"].tolist()[:3] == ["sad", "fear", "neutral"]


def _without(trial: int) -> Callable[[Numbered, Numbered], object]:
    return lambda data, label: data.pop(trial)


def _as_eyes(data: Numbered, label: Numbered) -> None:
    data[16] = data[16][:, :33]


def _as_nan(data: Numbered, label: Numbered) -> None:
    data[16][1, 7] = np.nan


def _as_volts(data: Numbered, label: Numbered) -> None:
    data[16] *= 1e6


def _empty(data: Numbered, label: Numbered) -> None:
    data[16], label[16] = data[16][:0], label[16][:0]


def _other_class(data: Numbered, label: Numbered) -> None:
    label[16][-1] = 4


def _short_label(data: Numbered, label: Numbered) -> None:
    label[16] = label[16][:-1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_without(44), r"has 44 trials in 'data' instead of those from 0 to 44"),
        (_as_eyes, r"has in trial 2 an array of shape \(3, 33\) and type float64 instead of \(windows, 310\) numbers"),
        (_empty, r"has in trial 2 an array of shape \(0, 310\)"),
        (_as_nan, r"has values in trial 2 that are NaN or beyond 100"),
        (_as_volts, r"has values in trial 2 that are NaN or beyond 100"),
        (_other_class, r"gives trial 2 another class than the published one, 1 \(fear\)"),
        (_short_label, r"has in trial 2 labels of shape \(2,\) for 3 windows"),
    ],
)
def test_what_cannot_be_right_is_named_with_its_trial(
    change: Callable[[Numbered, Numbered], object], message: str, tmp_path: Path
) -> None:
    data = draw(1, 0)
    label = labels(data)
    data, label = ({trial: array.copy() for trial, array in numbered.items()} for numbered in (data, label))
    data[16], label[16] = data[16][:3], label[16][:3]
    change(data, label)
    write_archive(tmp_path / "4_123.npz", data, label)
    source = SeedVFeaturesConfig().discover(tmp_path)[1]
    with pytest.raises(RecordingError, match=rf"^The file 4_123\.npz of subject 4, session 2, {message}"):
        SeedVFeaturesConfig().read_features(source)


@pytest.mark.parametrize("home", [".", "EEG_DE_features"])
def test_subjects_are_found_in_numerical_order_each_with_three_sessions(home: str, tmp_path: Path) -> None:
    for name in (f"{home}/10_123", f"{home}/2_123", f"{home}/2_12", "Eye_movement_features/1_123"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.npz").touch()
    sources = SeedVFeaturesConfig().discover(tmp_path)
    assert [(source.subject, source.session) for source in sources] == [
        (subject, session) for subject in ("2", "10") for session in "123"
    ]


def test_a_file_of_eye_movements_alone_is_not_listed_from_the_corpus_folder(tmp_path: Path) -> None:
    (tmp_path / "Eye_movement_features").mkdir()
    (tmp_path / "Eye_movement_features" / "1_123.npz").touch()
    with pytest.raises(RecordingError, match="No recording of corpus 'seed_v_features' in"):
        SeedVFeaturesConfig().discover(tmp_path)
