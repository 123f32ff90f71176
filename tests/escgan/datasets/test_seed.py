"""SEED's preprocessed files are read as their description says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from escgan.datasets.seed import SeedConfig
from escgan.errors import RecordingError
from escgan.preprocessing import preprocess
from escgan.recording import RawRecording, RecordingSource
from tests.escgan.datasets.writers.mat_doubles import mat_bytes
from tests.escgan.datasets.writers.seed import LABELS, NAMES, eeg, label_bytes, write_seed
from tests.escgan.datasets.writers.truth import compare

Variables = dict[str, NDArray[np.float64]]
DAY = "3_20140603.mat"


@pytest.fixture
def variables() -> Variables:
    """All 15 trials of a second each."""
    rng = np.random.default_rng(3)
    return {f"ab_eeg{trial}": eeg(rng, 201) for trial in range(1, 16)}


def _source(folder: Path, content: bytes, labels: bytes | None) -> RecordingSource:
    home = folder / "Preprocessed_EEG"
    home.mkdir()
    (home / DAY).write_bytes(content)
    if labels is not None:
        (home / "label.mat").write_bytes(labels)
    (source,) = SeedConfig().discover(folder)
    return source


def _read(folder: Path, variables: Variables) -> RawRecording:
    return SeedConfig().read(_source(folder, mat_bytes(variables), label_bytes()))


def test_trials_channels_classes_and_microvolts_are_those_written(tmp_path: Path) -> None:
    truths = write_seed(tmp_path, n_subjects=1, n_sessions=2, trial_s=1)
    sources = SeedConfig().discover(tmp_path)
    assert len(sources) == len(truths) == 2
    for source, truth in zip(sources, truths, strict=True):
        raw = SeedConfig().read(source)
        compare(raw, truth, atol_uv=1e-4)
        assert all(segment.eeg.dtype == np.float32 for segment in raw.segments)
        assert (raw.passband_hz, raw.reference, raw.cleaned) == ((0.0, 75.0), "as recorded", frozenset())


def test_the_default_preprocessing_keeps_the_bands_that_are_usually_measured(tmp_path: Path) -> None:
    write_seed(tmp_path, n_subjects=1)
    corpus = SeedConfig()
    raw = corpus.read(corpus.discover(tmp_path)[0])
    recording = preprocess(raw, corpus.default_preprocessing())
    assert recording.passband_hz == (0.5, 50.0)
    assert not any("warning" in entry for entry in recording.log)
    assert all(trial.eeg.shape == (62, 1401) for trial in recording.trials)
    # The writer gives each channel an offset of some 50 uV.
    assert _largest_offset([segment.eeg for segment in raw.segments]) > 100
    assert _largest_offset([trial.eeg for trial in recording.trials]) < 20


def _largest_offset(signals: list[NDArray[np.floating]]) -> float:
    return max(float(np.abs(signal.mean(axis=1)).max()) for signal in signals)


def test_sessions_are_numbered_by_date_whatever_the_subjects_number(tmp_path: Path) -> None:
    home = tmp_path / "SEED_EEG" / "Preprocessed_EEG"
    home.mkdir(parents=True)
    days = ("10_20131204", "2_20140413", "1_20131107", "15_20131016", "1_20131027", "15_20130709", "1_20131030")
    for day in days:
        (home / f"{day}.mat").touch()
    for folder in (tmp_path, tmp_path / "SEED_EEG", home):
        found = [(s.subject, s.session, *(path.name for path in s.files)) for s in SeedConfig().discover(folder)]
        assert found == [
            ("1", "1", "1_20131027.mat", "label.mat"),
            ("1", "2", "1_20131030.mat", "label.mat"),
            ("1", "3", "1_20131107.mat", "label.mat"),
            ("2", "1", "2_20140413.mat", "label.mat"),
            ("10", "1", "10_20131204.mat", "label.mat"),
            ("15", "1", "15_20130709.mat", "label.mat"),
            ("15", "2", "15_20131016.mat", "label.mat"),
        ]


def test_a_film_of_full_length_is_not_remarked_upon_and_a_shorter_one_is(tmp_path: Path, variables: Variables) -> None:
    # Whole numbers take a byte each in the file.
    variables["ab_eeg3"] = np.round(eeg(np.random.default_rng(1), 206 * 200 + 1).clip(-127, 127))
    (log,) = _read(tmp_path, variables).log
    assert log.startswith("trials not as long as their films: 1 (1.0 s of 235 s), 2 (1.0 s of 233 s), 4 (")


def test_a_compressed_file_reads_the_same(tmp_path: Path, variables: Variables) -> None:
    raw = SeedConfig().read(_source(tmp_path, mat_bytes(variables, compressed=True), label_bytes()))
    for segment, written in zip(raw.segments, variables.values(), strict=True):
        np.testing.assert_allclose(segment.eeg, written, rtol=0, atol=1e-4)


def test_missing_and_empty_trials_are_left_out_and_said_and_the_others_keep_their_numbers(
    tmp_path: Path, variables: Variables
) -> None:
    del variables["ab_eeg1"]
    variables["ab_eeg11"] = np.zeros((0, 0))
    raw = _read(tmp_path, variables)
    assert raw.log[0] == "trials 1, 11 left out: the file does not hold them"
    assert [span.trial for span in raw.spans] == [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15]
    assert [span.condition for span in raw.spans] == [NAMES[LABELS[span.trial - 1]] for span in raw.spans]
    for span in raw.spans:
        written = variables[f"ab_eeg{span.trial}"]
        np.testing.assert_allclose(raw.segments[span.segment].eeg, written, rtol=0, atol=1e-4)


def test_other_variables_in_the_file_are_no_trials(tmp_path: Path, variables: Variables) -> None:
    variables |= {"ab_eeg1_old": variables["ab_eeg2"], "eegs": variables["ab_eeg2"], "ab_eegx": variables["ab_eeg2"]}
    raw = _read(tmp_path, variables)
    np.testing.assert_allclose(raw.segments[0].eeg, variables["ab_eeg1"], rtol=0, atol=1e-4)
    assert len(raw.spans) == 15


def test_channels_are_rows_in_the_owners_order(tmp_path: Path, variables: Variables) -> None:
    variables["ab_eeg1"] += np.arange(62)[:, np.newaxis] * 1000.0
    raw = _read(tmp_path, variables)
    means = raw.segments[0].eeg.mean(axis=1)
    assert raw.channels[int(np.argmin(np.abs(means - 9000)))] == "Fz"
    assert raw.channels[int(np.argmin(np.abs(means - 57000)))] == "CB1"


def _changed(
    name: str, change: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> Callable[[Variables], Variables]:
    return lambda variables: variables | {name: change(variables[name])}


def _with_value(value: float) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    def change(samples: NDArray[np.float64]) -> NDArray[np.float64]:
        changed = samples.copy()
        changed[5, 77] = value
        return changed

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_changed("ab_eeg7", _with_value(np.nan)), "trial 7 NaN or infinite samples in channel 'F7'"),
        (_changed("ab_eeg15", _with_value(-np.inf)), "trial 15 NaN or infinite samples in channel 'F7'"),
        (_changed("ab_eeg2", lambda x: x[:61]), r"trial 2 an array of shape \(61, 201\) instead of \(62, samples\)"),
        (_changed("ab_eeg2", lambda x: x.T), r"trial 2 an array of shape \(201, 62\)"),
        (_changed("ab_eeg2", lambda x: x[:, :, np.newaxis].repeat(2, axis=2)), r"shape \(62, 201, 2\)"),
        (lambda v: v | {"ab_eeg16": v["ab_eeg1"]}, "'ab_eeg16', but the corpus has 15 trials"),
        (lambda v: v | {"ab_eeg0": v["ab_eeg1"]}, "'ab_eeg0', but the corpus has 15 trials"),
        (lambda v: v | {"cd_eeg10": v["ab_eeg1"]}, "trial 10 twice, as 'ab_eeg10' and as 'cd_eeg10'"),
        (lambda v: {"de_LDS1": np.ones((62, 235, 5))}, "it holds features: choose"),
        (lambda v: {"EEG": v["ab_eeg1"]}, "no variable '<initials>_eeg1'"),
        (lambda v: {"ab_eeg1": np.zeros((0, 0))}, "no samples in any of its trials"),
        (lambda v: {name: values * 1e-6 for name, values in v.items()}, "no EEG in microvolts"),
        (lambda v: {name: values * 1e3 for name, values in v.items()}, "no EEG in microvolts"),
    ],
)
def test_wrong_content_names_the_file_the_subject_the_session_and_the_remedy(
    change: Callable[[Variables], Variables], message: str, tmp_path: Path, variables: Variables
) -> None:
    with pytest.raises(RecordingError, match=rf"3_20140603\.mat of subject 3, session 1, .*{message}") as caught:
        _read(tmp_path, change(variables))
    assert any(
        remedy in str(caught.value) for remedy in ("get the file again", "use the f", "choose", "another corpus")
    )


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("share", [0.0005, 0.5, 0.9999])
def test_a_truncated_file_costs_its_own_recording_one_sentence(
    compressed: bool, share: float, tmp_path: Path, variables: Variables
) -> None:
    content = mat_bytes(variables, compressed)
    source = _source(tmp_path, content[: round(share * len(content))], label_bytes())
    with pytest.raises(RecordingError, match=r"3_20140603\.mat of subject 3.*: get it again"):
        SeedConfig().read(source)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, r"label\.mat of subject 3 cannot be read \(No such file"),
        (b"", r"label\.mat of subject 3 is damaged"),
        (mat_bytes({"labels": np.ones((1, 15))}), "no variable 'label'"),
        (label_bytes(LABELS[:14]), r"'label' of shape \(1, 14\).* instead of 15 numbers"),
        (
            label_bytes([label + 1 for label in LABELS]),
            r"gives trial 1 the class 2, published is 1 \(15 of 15 differ\)",
        ),
        (label_bytes([*LABELS[:13], -1, 1]), r"gives trial 14 the class -1, published is 1 \(2 of 15 differ\)"),
        (label_bytes([*LABELS[:14], np.nan]), r"gives trial 15 the class nan, published is -1 \(1 of 15"),
    ],
)
def test_labels_that_are_missing_or_contradict_the_published_ones_are_refused(
    labels: bytes | None, message: str, tmp_path: Path, variables: Variables
) -> None:
    source = _source(tmp_path, mat_bytes(variables), labels)
    with pytest.raises(RecordingError, match=message) as caught:
        SeedConfig().read(source)
    assert "again" in str(caught.value)


def test_a_text_in_the_place_of_a_trial_is_refused(tmp_path: Path, variables: Variables) -> None:
    # The same bytes, declared to be of MATLAB's class 4, text.
    content = mat_bytes({"ab_eeg1": np.full((62, 2), 65.0)})
    flags = content.index(b"\x06\0\0\0\x08\0\0\0\x06\0\0\0")
    as_text = content[: flags + 8] + b"\x04" + content[flags + 9 :]
    source = _source(tmp_path, as_text, label_bytes())
    with pytest.raises(RecordingError, match="has in trial 1 values of type <U"):
        SeedConfig().read(source)
