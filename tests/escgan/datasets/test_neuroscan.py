"""Neuroscan recordings are read at their true width, whatever their headers say."""

from __future__ import annotations

import os
import struct
import warnings
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pytest
from numpy.typing import NDArray

from escgan.datasets.neuroscan import CntFile, open_cnt
from escgan.errors import RecordingError
from tests.escgan.datasets.writers.neuroscan import CALIBRATION_AT, SENSITIVITY_AT, STEP_UV, cnt_bytes, pink

NAMES = ("FP1", "OZ", "M1", "VEO")
SFREQ = 100
SECONDS = 26
N_TIMES = SECONDS * SFREQ


def write(folder: Path, uv: float = 20.0, **header: Any) -> tuple[Path, NDArray[np.float64]]:
    eeg = pink(np.random.default_rng(0), len(NAMES), N_TIMES, uv)
    content, stored = cnt_bytes(NAMES, eeg, sfreq=SFREQ, **header)
    path = folder / "4_2.cnt"
    path.write_bytes(content)
    return path, stored


def everything(file: CntFile) -> NDArray[np.float32]:
    return file.read(range(len(file.names)), 0, file.n_times)


def by_mne(path: Path, bits: int) -> mne.io.BaseRaw:
    # MNE divides by the electrodes' positions, which are not written.
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.filterwarnings("ignore", "  Could not parse meas date", RuntimeWarning)
        return mne.io.read_raw_cnt(path, data_format=f"int{bits}", recompute_n_samples=True, verbose="error")


@pytest.mark.parametrize("bits", [16, 32])
def test_samples_are_those_written_and_those_that_mne_reads_when_told_the_width(bits: int, tmp_path: Path) -> None:
    path, stored = write(tmp_path, bits=bits)
    file = open_cnt(path, "4")
    assert (file.names, file.sfreq, file.n_times, file.bits, file.log) == (NAMES, 100.0, N_TIMES, bits, ())
    np.testing.assert_allclose(everything(file), stored, rtol=1e-6)
    np.testing.assert_allclose(everything(file), by_mne(path, bits).get_data() * 1e6, rtol=1e-6)


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (999, 1001), (3, 2404), (N_TIMES - 1, N_TIMES), (7, 7)])
def test_any_stretch_of_any_channels_is_that_part_of_the_whole(start: int, stop: int, tmp_path: Path) -> None:
    path, stored = write(tmp_path)
    eeg = open_cnt(path, "4").read([3, 0], start, stop)
    assert (eeg.dtype, eeg.shape) == (np.float32, (2, stop - start))
    np.testing.assert_allclose(eeg, stored[[3, 0], start:stop], rtol=1e-6)


@pytest.mark.parametrize("bits", [16, 32])
@pytest.mark.parametrize("announced", [0, -732, 5, N_TIMES + 1, 2 * N_TIMES])
def test_the_width_is_found_where_the_header_counts_wrongly_and_the_log_says_so(
    announced: int, bits: int, tmp_path: Path
) -> None:
    path, stored = write(tmp_path, bits=bits, announced_samples=announced)
    file = open_cnt(path, "4")
    assert (file.bits, file.n_times) == (bits, N_TIMES)
    np.testing.assert_allclose(everything(file), stored, rtol=1e-6)
    assert file.log == (
        f"the header's {announced} samples and 0 s not believed: the data are {N_TIMES} samples of {bits} bits, 26 s",
    )


def test_the_wrong_width_would_have_given_absurd_samples(tmp_path: Path) -> None:
    """Without this, the choice above could be between two readings that are as good as each other."""
    path, stored = write(tmp_path, bits=16)
    wrong = by_mne(path, 32).get_data() * 1e6
    assert wrong.shape == (len(NAMES), N_TIMES // 2)
    assert wrong.std() > 1e4 * stored.std()


def test_a_right_duration_vouches_for_a_wrong_count(tmp_path: Path) -> None:
    path, _ = write(tmp_path, announced_samples=N_TIMES - 37, announced_s=25.6)
    assert open_cnt(path, "4").log == ()


@pytest.mark.parametrize("bits", [16, 32])
def test_samples_that_count_and_duration_announce_but_the_data_lack_are_missed(bits: int, tmp_path: Path) -> None:
    path, _ = write(tmp_path, bits=bits, announced_samples=N_TIMES + 400, announced_s=SECONDS + 4)
    message = (
        rf"^The file 4_2\.cnt of subject 4 cannot be right \(its header announces 3000 samples, 30 s, but its data are "
        rf"2600 samples of {bits} bits, 26 s\): get it again from the corpus\.$"
    )
    with pytest.raises(RecordingError, match=message):
        open_cnt(path, "4")


def test_a_header_that_says_32_bits_of_data_that_look_like_16_is_refused(tmp_path: Path) -> None:
    path, _ = write(tmp_path, bits=16, announced_samples=N_TIMES // 2)
    with pytest.raises(RecordingError, match=r"deviation of \d\S+ uV at 32 bits, which is no EEG\): get it again"):
        open_cnt(path, "4")


@pytest.mark.parametrize(("uv", "step_uv"), [(2e-5, 1e-7), (5e6, 100.0)])
def test_samples_that_are_no_microvolts_at_either_width_are_refused(uv: float, step_uv: float, tmp_path: Path) -> None:
    path, _ = write(tmp_path, uv, step_uv=step_uv, announced_samples=0)
    with pytest.raises(RecordingError, match=r"typical standard deviation of .* at 32 bits and of .* at 16 bits"):
        open_cnt(path, "4")


def test_one_width_alone_may_fit_the_bytes(tmp_path: Path) -> None:
    path, stored = write(tmp_path, bits=16)
    content = bytearray(path.read_bytes())
    # One sample of 16 bits less, so that no whole number of 32 is left.
    struct.pack_into("<i", content, 886, 900 + 75 * len(NAMES) + (N_TIMES - 1) * 2 * len(NAMES))
    path.write_bytes(content)
    np.testing.assert_allclose(everything(open_cnt(path, "4")), stored[:, :-1], rtol=1e-6)
    struct.pack_into("<i", content, 886, 900 + 75 * len(NAMES) + 1001)
    path.write_bytes(content)
    with pytest.raises(RecordingError, match="its 1001 bytes of data are no whole number of samples of 4 channels"):
        open_cnt(path, "4")


@pytest.mark.parametrize(("interleaving", "refused"), [(0, False), (1, False), (4, False), (8, True), (160, True)])
def test_samples_that_stand_in_blocks_of_one_channel_are_not_taken_for_interleaved_ones(
    interleaving: int, refused: bool, tmp_path: Path
) -> None:
    path, stored = write(tmp_path, interleaving=interleaving)
    if refused:
        with pytest.raises(RecordingError, match=rf"stores {interleaving // 4} samples of a channel in a row"):
            open_cnt(path, "4")
    else:
        np.testing.assert_allclose(everything(open_cnt(path, "4")), stored, rtol=1e-6)


@pytest.mark.parametrize(("field", "value"), [(SENSITIVITY_AT, float("nan")), (CALIBRATION_AT, float("inf"))])
def test_a_channel_whose_scale_is_no_number_is_named(field: int, value: float, tmp_path: Path) -> None:
    path, _ = write(tmp_path)
    content = bytearray(path.read_bytes())
    struct.pack_into("<f", content, 900 + 75 + field, value)
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"4_2\.cnt of subject 4 is damaged.*channel 'OZ' no scale"):
        open_cnt(path, "4")


def test_a_channel_of_scale_zero_costs_only_those_who_want_it(tmp_path: Path) -> None:
    path, stored = write(tmp_path)
    content = bytearray(path.read_bytes())
    struct.pack_into("<f", content, 900 + 75 + SENSITIVITY_AT, 0.0)
    path.write_bytes(content)
    file = open_cnt(path, "4")
    np.testing.assert_allclose(file.read([0, 2, 3], 0, 50), stored[[0, 2, 3], :50], rtol=1e-6)
    with pytest.raises(RecordingError, match="subject 4 gives channel 'OZ' the scale 0"):
        file.read([0, 1], 0, 50)


def test_a_file_cut_anywhere_before_its_events_is_refused(tmp_path: Path) -> None:
    path, stored = write(tmp_path)
    content = path.read_bytes()
    data_end = 900 + 75 * len(NAMES) + 4 * stored.size
    for length in [0, 1, 899, 900, 1000, 1199, 1200, data_end - 1, *np.random.default_rng(0).integers(0, data_end, 20)]:
        path.write_bytes(content[:length])
        with pytest.raises(RecordingError, match=r"4_2\.cnt of subject 4 is damaged, truncated or no Neuroscan"):
            open_cnt(path, "4")
    # The events are not needed, and the samples are whole.
    path.write_bytes(content[:data_end])
    np.testing.assert_allclose(everything(open_cnt(path, "4")), stored, rtol=1e-6)


@pytest.mark.parametrize("event_table", [0, 1199, 1200])
def test_an_event_table_before_the_samples_is_refused(event_table: int, tmp_path: Path) -> None:
    path, _ = write(tmp_path, event_table=event_table)
    with pytest.raises(RecordingError, match=rf"its event table begins at byte {event_table}, before any sample"):
        open_cnt(path, "4")


def test_a_damaged_header_gives_a_refusal_or_a_whole_recording_and_nothing_else(tmp_path: Path) -> None:
    path, _ = write(tmp_path)
    content = path.read_bytes()
    rng = np.random.default_rng(1)
    refused = 0
    positions = [*rng.integers(364, 380, 30), *rng.integers(860, 900, 40), *rng.integers(900, 1200, 60)]
    for position in positions:
        path.write_bytes(content[:position] + rng.bytes(4) + content[position + 4 :])
        try:
            file = open_cnt(path, "4")
        except RecordingError as error:
            assert "4_2.cnt of subject 4" in str(error)
            refused += 1
        else:
            assert everything(file).shape == (len(file.names), file.n_times)
    assert 0 < refused < len(positions)


def test_files_that_are_not_there_or_no_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"The file 9_1\.cnt of subject 9 is missing"):
        open_cnt(tmp_path / "9_1.cnt", "9")
    with pytest.raises(RecordingError, match="of subject 9 is damaged, truncated or no Neuroscan recording"):
        open_cnt(tmp_path, "9")


def test_samples_beyond_two_gigabytes_are_found(tmp_path: Path) -> None:
    """The offset of the event table is then negative as the 32-bit number with a sign that it is written as."""
    n_times, n_channels = 8_200_000, 66
    eeg = pink(np.random.default_rng(3), n_channels, 3000)
    content, stored = cnt_bytes([f"C{i}" for i in range(n_channels)], eeg)
    header, samples = bytearray(content[: 900 + 75 * n_channels]), content[900 + 75 * n_channels :][: eeg.size * 4]
    data_bytes = n_times * n_channels * 4
    assert len(header) + data_bytes > 2**31
    struct.pack_into("<i", header, 864, n_times)
    struct.pack_into("<I", header, 886, len(header) + data_bytes)
    path = tmp_path / "1_1.cnt"
    # A file with holes: only where the samples are looked at is there anything on the disk.
    starts = [round(n_times * part / 6) - 1000 for part in (1, 2, 3, 4, 5)]
    with path.open("wb") as file:
        file.write(header)
        for start in starts:
            file.seek(len(header) + start * n_channels * 4)
            file.write(samples)
        file.truncate(len(header) + data_bytes)
    opened = open_cnt(path, "1")
    assert (opened.n_times, opened.bits, opened.log) == (n_times, 32, ())
    last = opened.read([0, 65], starts[-1], starts[-1] + 3000)
    np.testing.assert_allclose(last, stored[[0, 65]], rtol=1e-6)


def test_the_step_of_the_test_files_keeps_eeg_within_16_bits() -> None:
    assert 32767 * STEP_UV[16] > 5000


@pytest.fixture(scope="module")
def formats() -> Path:
    folder = os.environ.get("ESCGAN_FORMATS")
    if not folder or not (Path(folder) / "cnt").is_dir():
        pytest.skip("ESCGAN_FORMATS does not name a folder with one real recording a raw format, cnt among them")
    return Path(folder)


def test_a_real_file_that_contradicts_itself_gives_one_sentence(formats: Path) -> None:
    message = (
        r"^The file unreadable\.cnt of subject 07 cannot be right \(its header announces 26080 samples, 130 s, but its "
        r"data are 25605 samples of 16 bits, 128 s\): get it again from the corpus\.$"
    )
    with pytest.raises(RecordingError, match=message):
        open_cnt(formats / "cnt" / "unreadable.cnt", "07")
