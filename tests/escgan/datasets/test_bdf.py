"""BioSemi's files are read sample by sample as they were written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from escgan.datasets.bdf import onsets, open_bdf
from escgan.errors import RecordingError
from tests.escgan.datasets.writers.bdf import STEP_UV, Signal, bdf_bytes, electrode, trigger

SFREQ = 64
N_TIMES = 70 * SFREQ
RNG = np.random.default_rng(0)
EEG = {name: offset + 20 * RNG.standard_normal(N_TIMES) for name, offset in (("Fp1", 0), ("CZ", 3e4), ("EXG1", -9e4))}
CODES = RNG.integers(0, 256, N_TIMES)


def write(path: Path, *signals: Signal, n_records: int | None = None) -> Path:
    path.write_bytes(bdf_bytes(signals, SFREQ, n_records))
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "a.bdf", *(electrode(*item) for item in EEG.items()), trigger("Status", CODES))


@pytest.mark.parametrize("high", [0, 0x18FF00, 0x58FF00, 0x180000, 0x7FFF00])
@pytest.mark.parametrize("label", ["Status", "STATUS", "", "-1"])
def test_the_codes_are_the_low_eight_bits_whatever_the_name(high: int, label: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.bdf", electrode("Fp1", EEG["Fp1"]), trigger(label, high | CODES))
    codes = open_bdf(path, "07", SFREQ).trigger_codes()
    assert codes.dtype == np.uint8
    np.testing.assert_array_equal(codes, CODES)


@pytest.mark.parametrize("labels", [("", ""), ("-0", "-1"), ("", "Status"), ("Status", "")])
def test_of_two_candidates_the_named_or_else_the_last_holds_the_triggers(
    labels: tuple[str, str], tmp_path: Path
) -> None:
    first, second = (
        trigger(label, CODES if i == (labels[0] != "Status") else 255 - CODES) for i, label in enumerate(labels)
    )
    path = write(tmp_path / "a.bdf", electrode("Fp1", EEG["Fp1"]), first, second)
    file = open_bdf(path, "07", SFREQ)
    np.testing.assert_array_equal(file.trigger_codes(), CODES)
    # MNE renames channels of one name, and must not move the others.
    np.testing.assert_allclose(file.microvolts(["Fp1"])[0], EEG["Fp1"], atol=0.51 * STEP_UV)


def test_channels_come_in_the_order_asked_for_and_names_may_be_in_capitals(path: Path) -> None:
    file = open_bdf(path, "07", SFREQ)
    assert (file.sfreq, file.n_times) == (SFREQ, N_TIMES)
    samples = file.microvolts(["EXG1", "Cz"])
    assert samples.dtype == np.float32
    np.testing.assert_allclose(samples, [EEG["EXG1"], EEG["CZ"]], atol=0.51 * STEP_UV + 0.008)


@pytest.mark.parametrize(("start", "stop"), [(0, 1000), (63, 66), (100, N_TIMES), (3839, 3841)])
def test_a_stretch_of_the_file_is_the_stretch_asked_for(start: int, stop: int, path: Path) -> None:
    samples = open_bdf(path, "07", SFREQ).microvolts(["Fp1"], start, stop)
    np.testing.assert_allclose(samples[0], EEG["Fp1"][start:stop], atol=0.51 * STEP_UV)


def test_a_file_that_was_not_closed_counts_its_own_records(tmp_path: Path) -> None:
    signals = electrode("Fp1", EEG["Fp1"]), trigger("Status", CODES)
    path = write(tmp_path / "a.bdf", *signals, n_records=-1)
    assert open_bdf(path, "07", SFREQ).n_times == N_TIMES
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RecordingError, match=r"a\.bdf of subject 07 is damaged or truncated .*: download it again"):
        open_bdf(path, "07", SFREQ)


def test_a_file_cut_anywhere_is_refused(path: Path) -> None:
    content = path.read_bytes()
    lengths = [0, 1, 255, 256, 1000, 256 * 5, 256 * 5 + 1, len(content) - 4 * SFREQ * 3]
    for length in [*lengths, *np.random.default_rng(1).integers(0, len(content), 20)]:
        path.write_bytes(content[:length])
        with pytest.raises(RecordingError, match=r"a\.bdf of subject 07 is damaged"):
            open_bdf(path, "07", SFREQ)


def test_a_damaged_header_gives_a_refusal_or_a_whole_recording(path: Path) -> None:
    content = path.read_bytes()
    rng = np.random.default_rng(2)
    refused = 0
    for position in rng.integers(0, 256 * 5, 60):
        path.write_bytes(content[:position] + rng.bytes(8) + content[position + 8 :])
        try:
            samples = open_bdf(path, "07", SFREQ).microvolts(["Fp1", "Cz"])
        except RecordingError as error:
            assert "a.bdf of subject 07" in str(error)
            refused += 1
        else:
            assert samples.shape == (2, N_TIMES)
    assert 0 < refused < 60


@pytest.mark.parametrize(
    ("signals", "message"),
    [
        ([electrode("Cz", EEG["CZ"])], "has no trigger channel, neither 'Status' nor one without a name"),
        ([electrode("Cz", EEG["CZ"]), trigger("Status", CODES)], "lacks 'Fp1'"),
        (
            [electrode("Fp1", EEG["CZ"]), electrode("FP1", EEG["CZ"]), trigger("Status", CODES)],
            "2 channels named 'Fp1'",
        ),
        (
            [replace(electrode("Fp1", EEG["CZ"]), unit="mV"), trigger("Status", CODES)],
            "'Fp1' in 'mV', not in microvolts",
        ),
        ([electrode("Fp1", EEG["CZ"]), trigger("Status", CODES[::2])], r"has 32 Hz instead of 64 Hz"),
        (
            [electrode("Cz", EEG["CZ"]), electrode("Fp1", EEG["CZ"][::2]), trigger("Status", CODES)],
            "at different rates",
        ),
        ([electrode("Fp1", np.full(N_TIMES, 7.0)), trigger("Status", CODES)], "no EEG in microvolts"),
        ([electrode("Fp1", RNG.uniform(-2e5, 2e5, N_TIMES)), trigger("Status", CODES)], "no EEG in microvolts"),
    ],
)
def test_what_cannot_be_the_corpus_file_is_refused_in_one_sentence(
    signals: list[Signal], message: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.bdf", *signals)
    with pytest.raises(RecordingError, match=rf"^The file a\.bdf of subject 07 .*{message}.*: (use|check) "):
        open_bdf(path, "07", SFREQ).microvolts(["Fp1"])


def test_a_mark_begins_where_the_one_before_was_none() -> None:
    assert onsets(np.array([1, 1, 0, 1, 0, 0, 1, 1], bool)).tolist() == [0, 3, 6]
    assert onsets(np.zeros(3, bool)).tolist() == []
