"""DEAP's files are read as their description says."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from escgan.datasets import DeapConfig
from escgan.datasets.deap_writer import write_deap
from escgan.errors import RecordingError
from escgan.preprocessing import preprocess

Arrays = dict[str, NDArray[np.float64]]
WritePickle = Callable[..., Path]
TWO_TRIALS = DeapConfig(n_trials=2)
GENEVA_ORDER = (
    "Fp1 AF3 F3 F7 FC5 FC1 C3 T7 CP5 CP1 P3 P7 PO3 O1 Oz Pz Fp2 AF4 Fz F4 F8 FC6 FC2 Cz C4 T8 CP6 CP2 P4 P8 PO4 O2"
)


def test_a_file_gives_the_channels_trials_ratings_and_baseline(
    deap_arrays: Arrays, write_pickle: WritePickle, tmp_path: Path
) -> None:
    write_pickle(deap_arrays)
    (source,) = TWO_TRIALS.discover(tmp_path)
    raw = TWO_TRIALS.read(source)
    assert (raw.subject, raw.session) == ("01", "1")
    assert " ".join(raw.channels) == GENEVA_ORDER
    assert (raw.passband_hz, raw.reference) == ((4.0, 45.0), "average")

    recording = preprocess(raw, TWO_TRIALS.default_preprocessing())
    assert [trial.stimulus for trial in recording.trials] == ["1", "2"]
    for trial, data, labels in zip(recording.trials, deap_arrays["data"], deap_arrays["labels"], strict=True):
        assert trial.baseline is not None
        np.testing.assert_array_equal(trial.baseline, data[:32, :384].astype(np.float32))
        np.testing.assert_array_equal(trial.eeg, data[:32, 384:].astype(np.float32))
        assert trial.ratings == dict(zip(("valence", "arousal", "dominance", "liking"), labels, strict=True))


def test_subjects_are_found_in_numerical_order_also_from_the_parent_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data_preprocessed_python"
    folder.mkdir()
    for name in ("s10.dat", "s02.dat", "s100.dat", "s01.dat", "s01.dat.bak", "notes.txt"):
        (folder / name).touch()
    for data in (tmp_path, folder):
        assert [source.subject for source in DeapConfig().discover(data)] == ["01", "02", "10", "100"]


def _with(key: str, index: tuple[int, ...], value: float) -> Callable[[Arrays], Any]:
    def change(arrays: Arrays) -> Arrays:
        changed = {name: array.copy() for name, array in arrays.items()}
        changed[key][index] = value
        return changed

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: {"data": a["data"]}, "no array 'labels'"),
        (lambda a: {"labels": a["labels"]}, "no array 'data'"),
        (lambda a: a | {"data": a["data"].tolist()[0][0][:3]}, "no array 'data'"),
        (lambda a: a | {"data": a["data"][:, :32]}, r"shape \(2, 32, 8064\) instead of \(2, 40, 8064\)"),
        (lambda a: a | {"data": a["data"][:, :, :7680]}, r"shape \(2, 40, 7680\)"),
        (lambda a: a | {"data": a["data"][:1]}, ": set n_trials to 1 if"),
        (lambda a: a | {"labels": a["labels"][:, :2]}, r"'labels' of shape \(2, 2\)"),
        (lambda a: a | {"data": a["data"] > 0}, "not numeric"),
        (_with("data", (1, 3, 77), np.nan), "channel 'F7' of trial 2"),
        (_with("data", (0, 31, 0), np.inf), "channel 'O2' of trial 1"),
        (_with("data", (0, 31, 0), 1e300), "channel 'O2' of trial 1"),
        (lambda a: a | {"data": a["data"] * 1e-6}, "so they are no EEG in microvolts: check their unit or get"),
        (lambda a: a | {"data": a["data"] * 1e6}, "so they are no EEG in microvolts: check their unit or get"),
        (_with("labels", (1, 0), 0.0), "valence of trial 2 as 0, off the scale"),
        (_with("labels", (0, 3), np.nan), "liking of trial 1 as nan, off the scale"),
    ],
)
def test_wrong_content_names_the_file_the_subject_and_the_remedy(
    change: Callable[[Arrays], Any],
    message: str,
    deap_arrays: Arrays,
    write_pickle: WritePickle,
    tmp_path: Path,
) -> None:
    write_pickle(change(deap_arrays), "s03.dat")
    (source,) = TWO_TRIALS.discover(tmp_path)
    with pytest.raises(RecordingError, match=rf"s03\.dat of subject 03 .*{message}") as caught:
        TWO_TRIALS.read(source)
    assert any(f": {remedy}" in str(caught.value) for remedy in ("check", "get", "use", "set"))


def test_the_peripheral_channels_may_hold_anything(
    deap_arrays: Arrays, write_pickle: WritePickle, tmp_path: Path
) -> None:
    write_pickle(_with("data", (1, 36, 5), np.nan)(deap_arrays))
    assert len(TWO_TRIALS.read(TWO_TRIALS.discover(tmp_path)[0]).segments) == 2


def test_a_written_file_is_one_that_python_loads(deap_arrays: Arrays, tmp_path: Path) -> None:
    path = tmp_path / "s01.dat"
    write_deap(path, deap_arrays["data"], deap_arrays["labels"])
    loaded = pickle.loads(path.read_bytes(), encoding="latin1")
    assert sorted(loaded) == ["data", "labels"]
    for name, array in deap_arrays.items():
        np.testing.assert_array_equal(loaded[name], array)
    # Python 2's NumPy has neither numpy._core nor a codec trick for bytes.
    assert b"numpy._core" not in path.read_bytes()
    assert [entry.name for entry in tmp_path.iterdir()] == ["s01.dat"]


def test_only_deaps_shapes_are_written(deap_arrays: Arrays, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="DEAP's layout"):
        write_deap(tmp_path / "s01.dat", deap_arrays["data"][:, :32], deap_arrays["labels"])
    with pytest.raises(ValueError, match="DEAP's layout"):
        write_deap(tmp_path / "s01.dat", deap_arrays["data"], deap_arrays["labels"][:1])
    assert not list(tmp_path.iterdir())
