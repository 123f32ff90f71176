"""SEED-IV's EEG files are read as their description says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from escgan.datasets.seed_family import SEED_IV_CONDITIONS, SEED_IV_LABELS
from escgan.datasets.seed_iv import SeedIvConfig
from escgan.errors import RecordingError
from escgan.preprocessing import preprocess
from escgan.recording import RecordingSource
from tests.escgan.datasets.writers.mat_doubles import mat_bytes
from tests.escgan.datasets.writers.seed import eeg
from tests.escgan.datasets.writers.seed_iv import LABELS, NAMES, write_seed_iv
from tests.escgan.datasets.writers.truth import compare

Variables = dict[str, NDArray[np.float64]]


@pytest.fixture
def variables() -> Variables:
    """All 24 trials of half a second each."""
    rng = np.random.default_rng(4)
    return {f"ab_eeg{trial}": eeg(rng, 100) for trial in range(1, 25)}


def _source(folder: Path, content: bytes, session: str = "2") -> RecordingSource:
    home = folder / "eeg_raw_data" / session
    home.mkdir(parents=True)
    (home / "4_20151118.mat").write_bytes(content)
    (source,) = SeedIvConfig().discover(folder)
    return source


def test_each_session_shows_six_films_of_each_class_in_an_order_of_its_own() -> None:
    for session, digits in LABELS.items():
        names = [SEED_IV_CONDITIONS[label] for label in SEED_IV_LABELS[session]]
        assert names == [NAMES[digit] for digit in digits]
        assert {name: names.count(name) for name in NAMES.values()} == dict.fromkeys(NAMES.values(), 6)


def test_trials_channels_classes_and_microvolts_are_those_written_in_every_session(tmp_path: Path) -> None:
    truths = write_seed_iv(tmp_path, n_subjects=1, n_sessions=3, trial_s=1)
    sources = SeedIvConfig().discover(tmp_path)
    assert len(sources) == len(truths) == 3
    for source, truth in zip(sources, truths, strict=True):
        raw = SeedIvConfig().read(source)
        compare(raw, truth, atol_uv=1e-4)
        assert (raw.passband_hz, raw.reference, raw.log) == ((1.0, 75.0), "as recorded", ())


def test_the_default_preprocessing_keeps_the_bands_that_are_usually_measured(tmp_path: Path) -> None:
    write_seed_iv(tmp_path, n_subjects=1)
    corpus = SeedIvConfig()
    recording = preprocess(corpus.read(corpus.discover(tmp_path)[0]), corpus.default_preprocessing())
    assert recording.passband_hz == (1.0, 50.0)
    assert all(trial.eeg.shape == (62, 1000) for trial in recording.trials)


def test_the_session_is_the_folder_whatever_the_date(tmp_path: Path) -> None:
    home = tmp_path / "eeg_raw_data"
    for name in ("1/10_20151014", "2/2_20150915", "1/2_20150920", "3/1_20150101", "1/1_20160518", "4/1_20150102"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / f"{name}.mat").touch()
    for folder in (tmp_path, home):
        found = [(s.subject, s.session, *(path.name for path in s.files)) for s in SeedIvConfig().discover(folder)]
        assert found == [
            ("1", "1", "1_20160518.mat"),
            ("1", "3", "1_20150101.mat"),
            ("2", "1", "2_20150920.mat"),
            ("2", "2", "2_20150915.mat"),
            ("10", "1", "10_20151014.mat"),
        ]


def test_two_files_of_one_subject_in_one_session_cost_that_recording_only(tmp_path: Path, variables: Variables) -> None:
    source = _source(tmp_path, mat_bytes(variables))
    (source.files[0].parent / "4_20151119.mat").touch()
    (both,) = SeedIvConfig().discover(tmp_path)
    with pytest.raises(
        RecordingError, match=r"4 has 2 files in session 2 \(4_20151118\.mat and 4_20151119\.mat\): remove"
    ):
        SeedIvConfig().read(both)


def test_a_missing_trial_is_left_out_and_said(tmp_path: Path, variables: Variables) -> None:
    del variables["ab_eeg2"], variables["ab_eeg20"]
    raw = SeedIvConfig().read(_source(tmp_path, mat_bytes(variables)))
    assert raw.log == ("trials 2, 20 left out: the file does not hold them",)
    assert [(span.trial, span.stimulus, span.condition) for span in raw.spans] == [
        (i, f"2-{i}", NAMES[digit]) for i, digit in enumerate(LABELS["2"], start=1) if i not in (2, 20)
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v | {"ab_eeg24": v["ab_eeg24"] * np.nan}, "trial 24 NaN or infinite samples in channel 'Fp1'"),
        (lambda v: v | {"ab_eeg3": v["ab_eeg3"][:32]}, r"trial 3 an array of shape \(32, 100\)"),
        (lambda v: v | {"ab_eeg25": v["ab_eeg3"]}, "'ab_eeg25', but the corpus has 24 trials"),
        (lambda v: {"de_movingAve1": np.ones((62, 42, 5))}, "it holds features"),
        (lambda v: {name: samples * 1e-6 for name, samples in v.items()}, "no EEG in microvolts"),
    ],
)
def test_wrong_content_names_the_file_the_subject_and_the_session(
    change: Callable[[Variables], Variables], message: str, tmp_path: Path, variables: Variables
) -> None:
    source = _source(tmp_path, mat_bytes(change(variables)))
    with pytest.raises(RecordingError, match=rf"4_20151118\.mat of subject 4, session 2, .*{message}"):
        SeedIvConfig().read(source)


def test_a_truncated_file_costs_its_own_recording_one_sentence(tmp_path: Path, variables: Variables) -> None:
    source = _source(tmp_path, mat_bytes(variables)[:-9])
    with pytest.raises(RecordingError, match=r"4_20151118\.mat of subject 4.*: get it again"):
        SeedIvConfig().read(source)
