"""Quality and spectra speak of what the analysis uses: rejected stretches take no part in either."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import welch

from escgan.preprocessing import preprocess
from escgan.preprocessing.quality import segment_spectrum, usable_parts
from escgan.preprocessing.step import Plan, SegmentStep, SignalFacts
from escgan.recording import TrialSpan

RNG = np.random.default_rng(4)


class Mark(SegmentStep):
    """Marks from 12 to 14 s as unusable."""

    kind: Literal["mark"] = "mark"

    def plan(self, facts: SignalFacts) -> Plan:
        return Plan(facts, "marked")

    def apply(self, raw):
        raw.annotations.append(12.0, 2.0, "BAD_test")
        return raw


def test_rejected_stretches_take_no_part_in_amplitudes_and_in_the_spectrum_after(make_raw) -> None:
    raw = make_raw(spans=(TrialSpan(0, 1, "a", 10.0, 10.0, baseline_s=1.0),))
    eeg = raw.segments[0].eeg
    clean = preprocess(raw, (Mark(),))
    eeg[:, 12 * 500 : 14 * 500] *= 1000
    burst = preprocess(raw, (Mark(),))
    assert burst.trials[0].rejected == ((2.0, 4.0),)
    assert [row["std_uv"] for row in burst.quality] == [row["std_uv"] for row in clean.quality]
    assert [row["peak_to_peak_uv"] for row in burst.quality] == [row["peak_to_peak_uv"] for row in clean.quality]
    assert burst.spectra["after"] == clean.spectra["after"]
    assert burst.spectra["before"][10] > 100 * clean.spectra["before"][10]


def test_a_trial_without_a_usable_part_counts_whole() -> None:
    eeg = RNG.standard_normal((2, 100))
    (part,) = usable_parts(eeg, 10.0, [(-3.0, 11.0)])
    assert part.shape == eeg.shape


def test_the_spectrum_is_scipys_over_each_part_weighted_by_its_windows() -> None:
    eeg = RNG.standard_normal((3, 2000))
    parts = [(eeg[:, :400], 7), (eeg[:, 700:], 25)]
    expected = sum(n * welch(part, fs=100.0, nperseg=100)[1].mean(axis=0) for part, n in parts) / 32
    # The 50 samples after the first rejected stretch are less than a window.
    got = segment_spectrum(eeg, 100.0, 51, [(4.0, 5.0), (5.5, 7.0)])
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_a_segment_shorter_than_a_window_still_has_a_spectrum() -> None:
    eeg = RNG.standard_normal((1, 60))
    got = segment_spectrum(eeg, 100.0, 51)
    assert got == pytest.approx(welch(eeg[0], fs=100.0, nperseg=60, nfft=100)[1])


@given(sfreq=st.integers(2, 130), n_times=st.integers(2, 5000), seed=st.integers(0, 9))
def test_the_spectrum_of_one_signal_is_scipys_welch(sfreq: int, n_times: int, seed: int) -> None:
    values = np.random.default_rng(seed).standard_normal(n_times).cumsum().astype(np.float32)
    got = segment_spectrum([values], float(sfreq), sfreq // 2 + 1)
    expected = welch(values.astype(np.float64), fs=sfreq, nperseg=min(sfreq, n_times), nfft=sfreq)[1]
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12 * expected.max())
