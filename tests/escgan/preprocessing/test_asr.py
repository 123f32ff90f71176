"""ASR takes bursts out and leaves everything else alone."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from escgan.errors import ConfigError, RecordingError
from escgan.preprocessing import Asr, asr, preprocess
from escgan.recording import Recording
from tests.escgan.preprocessing.bursts import SFREQ, burst, recording, steady

# At a segment's very start, inside, and in its last second.
STARTS = (0.0, 10.0, 25.0, 44.0, 59.0)
CLEAN = steady(60.0)
BURSTS = burst(CLEAN.shape[1], STARTS)


def joined(result: Recording) -> NDArray[np.float64]:
    return np.concatenate([trial.eeg for trial in result.trials], axis=1).astype(np.float64)


def around(margin_s: float) -> NDArray[np.bool_]:
    """Mark the bursts and ``margin_s`` on either side."""
    times = np.arange(CLEAN.shape[1]) / SFREQ
    return np.any([(times >= start - margin_s) & (times < start + 1 + margin_s) for start in STARTS], axis=0)


@pytest.fixture(scope="module")
def treated() -> Recording:
    return preprocess(recording(CLEAN + BURSTS, n_segments=2), (Asr(),))


def test_a_bursts_power_falls_ten_thousandfold_even_at_the_ends_of_a_segment(treated: Recording) -> None:
    left = joined(treated) - CLEAN
    for start in STARTS:
        part = slice(round(start * SFREQ), round((start + 1) * SFREQ))
        assert left[:, part].var() < 1e-4 * BURSTS[:, part].var()


def test_clean_stretches_keep_their_samples(treated: Recording) -> None:
    # A window of half a second that touches a burst is treated with it.
    untouched = ~around(0.8)
    assert untouched.mean() > 0.75
    np.testing.assert_array_equal(joined(treated)[:, untouched], CLEAN.astype(np.float32)[:, untouched])


def test_the_log_names_the_bursts_and_the_calibration(treated: Recording) -> None:
    (entry,) = treated.log
    told = [(segment * 30 + start, segment * 30 + stop) for segment, start, stop in entry["details"]["repaired"]]
    assert len(told) == len(STARTS)
    for (start, stop), burst_start in zip(told, STARTS, strict=True):
        assert burst_start - 0.8 <= start <= burst_start
        assert min(burst_start + 1, 60) <= stop <= burst_start + 1.8
    assert entry["details"]["repaired_share"] == pytest.approx(sum(b - a for a, b in told) / 60, abs=0.01)
    assert 45 < entry["details"]["calibration_s"] < 55
    assert "in 5 stretches" in entry["decision"]


def test_a_clean_recording_is_left_as_it_is_to_the_last_bit() -> None:
    result = preprocess(recording(CLEAN[:, : 40 * 128]), (Asr(),))
    np.testing.assert_array_equal(joined(result), CLEAN[:, : 40 * 128].astype(np.float32))
    assert result.log[0]["details"]["repaired"] == []


def test_a_common_reference_costs_a_dimension_and_nothing_else() -> None:
    clean, bursts = (eeg - eeg.mean(axis=0) for eeg in (CLEAN, BURSTS))
    result = preprocess(recording(clean + bursts, n_segments=2), (Asr(),))
    assert result.log[0]["details"]["dimensions"] == len(CLEAN) - 1
    inside = around(0.0)
    assert (joined(result) - clean)[:, inside].var() < 1e-3 * bursts[:, inside].var()
    np.testing.assert_allclose(joined(result).sum(axis=0), 0, atol=1e-3)


def test_long_segments_treated_in_parts_give_what_the_whole_would(
    treated: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asr, "_PART_BYTES", 1.0)
    in_parts = preprocess(recording(CLEAN + BURSTS, n_segments=2), (Asr(),))
    np.testing.assert_allclose(joined(in_parts), joined(treated), atol=1e-3)


def test_a_higher_cutoff_touches_less() -> None:
    weak = recording(CLEAN + 0.15 * BURSTS, n_segments=2)
    shares = [preprocess(weak, (Asr(cutoff=cutoff),)).log[0]["details"]["repaired_share"] for cutoff in (5, 20, 1000)]
    assert shares[0] > shares[1] > shares[2] == 0


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    preprocess(recording(CLEAN[:, : 40 * 128]), (Asr(),))
    assert capfd.readouterr() == ("", "")


def test_without_the_package_the_plan_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr("escgan.extras.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"Step 'asr' needs the package asrpy: pip install 'escgan\[preprocessing\]'"):
        preprocess(recording(CLEAN), (Asr(),))


def test_what_asr_cannot_work_on_is_refused_with_a_remedy() -> None:
    raw = recording(CLEAN)
    with pytest.raises(RecordingError, match=r"sub-05 reaches down to 0\.1 Hz: put a band-pass"):
        preprocess(replace(raw, passband_hz=(0.1, 64.0)), (Asr(),))
    slow = replace(raw, segments=(replace(raw.segments[0], sfreq=80.0),))
    slow = replace(slow, spans=(replace(raw.spans[0], duration_s=96.0),))
    with pytest.raises(RecordingError, match="at least 83 Hz, but sub-05 has 80 Hz: put it before"):
        preprocess(slow, (Asr(),))
    with pytest.raises(RecordingError, match=r"needs 30 s of signal .* sub-05 has 20\.0 s"):
        preprocess(recording(CLEAN[:, : 20 * 128]), (Asr(),))
    three = replace(raw, channels=raw.channels[:3], segments=(replace(raw.segments[0], eeg=CLEAN[:3]),))
    with pytest.raises(RecordingError, match="needs 4, but sub-05 has 3"):
        preprocess(three, (Asr(),))


def test_a_recording_with_too_little_clean_signal_is_refused() -> None:
    rng = np.random.default_rng(5)
    # Every second another channel is loud: hardly a window is free of it.
    gains = np.ones((len(CLEAN), 60))
    for second in range(60):
        gains[rng.choice(len(CLEAN), 6, replace=False), second] = 10 ** rng.uniform(1, 2, 6)
    with pytest.raises(RecordingError, match=r"found \d+\.\d clean of 60\.0 s in sub-05, too little"):
        preprocess(recording(CLEAN * np.repeat(gains, 128, axis=1)), (Asr(),))
