"""The filter bank gives what SciPy's forward-backward filter gives, edges included."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, sosfiltfilt

from escgan.features.filter_bank import FilterBank


def sections(order, edges, sfreq):
    return butter(order, edges, btype="bandpass", fs=sfreq, output="sos")


def drifting(rng, n_channels, n_times):
    """Noise that wanders far from where it began, around an offset: what an edge is hard for."""
    return 400 + rng.standard_normal((n_channels, n_times)).cumsum(axis=1) + rng.normal(0, 5, (n_channels, n_times))


@settings(max_examples=40, deadline=None)
@given(
    sfreq=st.sampled_from([128.0, 200.0, 1000.0]),
    order=st.integers(1, 6),
    lows=st.lists(st.sampled_from([0.5, 1.0, 4.0, 8.0, 31.0]), min_size=1, max_size=3),
    width=st.sampled_from([0.5, 3.0, 15.0]),
    n_times=st.integers(60, 9000),
    seed=st.integers(0, 99),
)
def test_every_filter_equals_scipys_at_every_sample(sfreq, order, lows, width, n_times, seed):
    filters = [sections(order, (low, low + width), sfreq) for low in lows]
    signal = drifting(np.random.default_rng(seed), 3, n_times)
    expected = [sosfiltfilt(sos, signal) for sos in filters]
    scale = np.sqrt(np.mean((signal - signal[:, :1]) ** 2))
    bank = FilterBank(filters)
    for one, other in zip(bank.outputs(signal), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-8 * scale)
    for one, other in zip(bank.outputs(signal, np.float32), expected, strict=True):
        loudest = np.sqrt(np.mean(other**2, axis=1)).max()
        np.testing.assert_allclose(one, other, rtol=0, atol=5e-6 * loudest + 1e-8 * scale)


@pytest.mark.parametrize("edges", [(16.0, 48.0), (16.01, 48.0), (15.9, 48.1), (20.0, 50.0)])
def test_a_filter_that_rings_for_hardly_longer_than_its_padding_or_less_equals_scipys(edges):
    sos, signal = sections(1, edges, 128.0), np.random.default_rng(0).standard_normal((2, 500))
    np.testing.assert_allclose(next(FilterBank([sos]).outputs(signal)), sosfiltfilt(sos, signal), rtol=0, atol=1e-8)


def test_the_signal_is_left_as_it_is():
    signal = np.random.default_rng(0).standard_normal((2, 4000))
    before = signal.copy()
    list(FilterBank([sections(4, (4, 8), 128.0), sections(4, (8, 13), 128.0)]).outputs(signal))
    np.testing.assert_array_equal(signal, before)


def test_a_signal_no_longer_than_the_padding_is_refused_as_scipy_does():
    sos = sections(4, (8, 13), 128.0)
    bank = FilterBank([sos])
    for n_times, refused in ((bank.padding, True), (bank.padding + 1, False)):
        signal = np.random.default_rng(0).standard_normal((1, n_times))
        if refused:
            with pytest.raises(ValueError, match="padlen"):
                sosfiltfilt(sos, signal)
            with pytest.raises(ValueError, match="too few"):
                list(bank.outputs(signal))
        else:
            np.testing.assert_allclose(next(bank.outputs(signal)), sosfiltfilt(sos, signal), atol=1e-12)
