"""The mental-arithmetic files are read as their description says."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from escgan.datasets import EegmatConfig
from escgan.errors import RecordingError
from escgan.preprocessing import preprocess

WriteEegmat = Callable[..., dict[str, NDArray[np.float64]]]
# fmt: off
OLD_NAMES = (
    "Fp1", "Fp2", "F3", "F4", "F7", "F8", "T3", "T4", "C3", "C4",
    "T5", "T6", "P3", "P4", "O1", "O2", "Fz", "Cz", "Pz",
)
# fmt: on
CHANNELS = "Fp1 Fp2 F3 F4 F7 F8 T7 T8 C3 C4 P7 P8 P3 P4 O1 O2 Fz Cz Pz"
QUANTISATION_UV = 400 / 65535


def test_both_files_read_back_within_quantisation(write_eegmat: WriteEegmat, tmp_path: Path) -> None:
    written = write_eegmat("07")
    corpus = EegmatConfig()
    (source,) = corpus.discover(tmp_path)
    raw = corpus.read(source)
    assert (raw.subject, raw.session) == ("07", "1")
    assert (raw.reference, raw.passband_hz) == ("linked ears", (0.5, 45.0))
    assert " ".join(raw.channels) == CHANNELS
    assert [(span.condition, span.start_s, span.duration_s) for span in raw.spans] == [
        ("rest", 0.0, 9.0),
        ("arithmetic", 0.0, 4.0),
    ]
    for segment, samples in zip(raw.segments, written.values(), strict=True):
        assert segment.sfreq == 500.0
        np.testing.assert_allclose(segment.eeg, samples[:19], atol=0.51 * QUANTISATION_UV)
        np.testing.assert_allclose(segment.auxiliary, samples[20:21], atol=0.51 * QUANTISATION_UV)
    assert raw.auxiliary == {"ECG": "ecg"}


def test_channels_are_found_by_name_in_any_order(write_eegmat: WriteEegmat, tmp_path: Path) -> None:
    labels = [f"EEG {old}" for old in OLD_NAMES[::-1]]
    written = write_eegmat("07", labels)
    raw = EegmatConfig().read(EegmatConfig().discover(tmp_path)[0])
    assert " ".join(raw.channels) == CHANNELS
    np.testing.assert_allclose(raw.segments[0].eeg, written["1"][::-1], atol=0.51 * QUANTISATION_UV)


def test_subjects_are_found_in_numerical_order(tmp_path: Path) -> None:
    for subject in ("10", "02", "00"):
        for suffix in "12":
            (tmp_path / f"Subject{subject}_{suffix}.edf").touch()
    (tmp_path / "subject-info.csv").touch()
    sources = EegmatConfig().discover(tmp_path)
    assert [source.subject for source in sources] == ["00", "02", "10"]
    assert [path.name for path in sources[1].files] == ["Subject02_1.edf", "Subject02_2.edf"]


@pytest.mark.parametrize("missing", ["1", "2"])
def test_a_missing_partner_file_costs_its_own_subject(missing: str, write_eegmat: WriteEegmat, tmp_path: Path) -> None:
    write_eegmat("04")
    write_eegmat("07")
    (tmp_path / f"Subject04_{missing}.edf").unlink()
    broken, whole = EegmatConfig().discover(tmp_path)
    with pytest.raises(RecordingError, match=rf"Subject04_{missing}\.edf of subject 04 is missing: download it"):
        EegmatConfig().read(broken)
    assert len(EegmatConfig().read(whole).segments) == 2


def test_a_file_cut_anywhere_is_refused(write_eegmat: WriteEegmat, tmp_path: Path) -> None:
    write_eegmat("07")
    (source,) = EegmatConfig().discover(tmp_path)
    path = tmp_path / "Subject07_2.edf"
    content = path.read_bytes()
    # Whole records missing are what MNE would read without a word.
    lengths = [0, 100, 256, 3000, 256 * 22, len(content) - 1, len(content) - 21 * 1000]
    for length in [*lengths, *np.random.default_rng(0).integers(0, len(content), 30)]:
        path.write_bytes(content[:length])
        with pytest.raises(RecordingError, match=r"Subject07_2\.edf of subject 07 is damaged .*: download"):
            EegmatConfig().read(source)
    path.write_bytes(content + b"more")
    with pytest.raises(RecordingError, match="its header announces"):
        EegmatConfig().read(source)


def test_a_damaged_header_gives_a_refusal_or_a_whole_recording(write_eegmat: WriteEegmat, tmp_path: Path) -> None:
    write_eegmat("07")
    (source,) = EegmatConfig().discover(tmp_path)
    path = tmp_path / "Subject07_2.edf"
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for position in rng.integers(0, 256 * 22, 60):
        path.write_bytes(content[:position] + rng.bytes(8) + content[position + 8 :])
        try:
            raw = EegmatConfig().read(source)
        except RecordingError as error:
            assert "Subject07_2.edf of subject 07" in str(error)
            refused += 1
        else:
            assert raw.segments[1].eeg.shape == (19, 2000)
    assert 0 < refused < 60


def test_missing_and_unknown_channels_are_named(write_eegmat: WriteEegmat, tmp_path: Path) -> None:
    labels = [f"EEG {old}" for old in (*OLD_NAMES[:-1], "POz")]
    write_eegmat("07", labels)
    (source,) = EegmatConfig().discover(tmp_path)
    with pytest.raises(RecordingError, match=r"07 lacks 'EEG Pz' and holds the unknown 'EEG POz': use"):
        EegmatConfig().read(source)


def test_files_that_vanish_between_listing_and_reading_are_named(write_eegmat: WriteEegmat, tmp_path: Path) -> None:
    write_eegmat("07")
    (source,) = EegmatConfig().discover(tmp_path)
    (tmp_path / "Subject07_1.edf").unlink()
    with pytest.raises(RecordingError, match=r"Subject07_1\.edf of subject 07 is missing: download"):
        EegmatConfig().read(source)


@pytest.fixture(scope="module")
def real_folder() -> Path:
    folder = os.environ.get("ESCGAN_EEGMAT")
    if not folder:
        pytest.skip("ESCGAN_EEGMAT does not name a folder with the real SubjectNN_[12].edf files")
    return Path(folder)


@pytest.mark.eegmat
def test_a_real_subject_reads_as_mne_reads_it(real_folder: Path) -> None:
    import mne

    source = EegmatConfig().discover(real_folder)[0]
    raw = EegmatConfig().read(source)
    for path, segment in zip(source.files, raw.segments, strict=True):
        reference = mne.io.read_raw_edf(path, preload=True, verbose="error")
        volts = reference.get_data(picks=[f"EEG {name}" for name in OLD_NAMES])
        np.testing.assert_allclose(segment.eeg, volts * 1e6, rtol=1e-12)
    assert 1 < segment.eeg.std() < 100


@pytest.mark.eegmat
def test_every_real_subject_is_preprocessed_by_the_defaults(real_folder: Path) -> None:
    corpus = EegmatConfig()
    sources = corpus.discover(real_folder)
    for source in sources[:4]:
        recording = preprocess(corpus.read(source), corpus.default_preprocessing())
        assert len(recording.channels) == 19
        assert (recording.sfreq, recording.reference) == (128.0, "average")
        assert recording.passband_hz == (0.5, 45.0)
        rest, task = recording.trials
        assert (rest.condition, task.condition) == ("rest", "arithmetic")
        assert 165 * 128 < rest.eeg.shape[1] < 190 * 128
        assert task.eeg.shape[1] == 62 * 128
