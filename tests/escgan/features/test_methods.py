"""What holds for every method."""

import numpy as np
import pytest
from pydantic import ValidationError

from escgan.bands import BAND_SETS
from escgan.errors import RecordingError
from escgan.features import METHODS, FeatureConfig, extract_features

every_method = pytest.mark.parametrize("method", METHODS)
NOISE = 10 * np.random.default_rng(0).standard_normal((3, 6 * 128))
# Doubling a signal adds this: ln 2, one bit, two bits of power, 20 log10 2.
OF_DOUBLING = {"zero_phase": np.log(2), "torcheeg": 1.0, "stft": 2.0, "psd": 20 * np.log10(2)}
UNITS = {
    "zero_phase": ("de", "nats"),
    "torcheeg": ("de", "bits"),
    "stft": ("de", "log2(100 E)"),
    "psd": ("psd", "dB re 1 uV^2/Hz"),
}


def test_every_method_is_tested_here():
    assert list(METHODS) == list(OF_DOUBLING) == list(UNITS)


@every_method
def test_shape_dtype_and_unit_are_those_documented(make_recording, method):
    got = extract_features(make_recording(NOISE, n_trials=2), FeatureConfig(method=method))
    assert got.values.shape == (12, 3, 5) and got.values.dtype == np.float32
    assert (got.measure, got.unit) == UNITS[method]
    assert got.bands == tuple(band.name for band in BAND_SETS["esc-gan"])


@every_method
def test_doubling_the_signal_adds_its_logarithm(make_recording, method):
    config = FeatureConfig(method=method)
    once, twice = (extract_features(make_recording(k * NOISE), config).values for k in (1, 2))
    np.testing.assert_allclose(twice - once, OF_DOUBLING[method], atol=1e-4)


@every_method
def test_channels_are_measured_apart(make_recording, method):
    config = FeatureConfig(method=method)
    together = extract_features(make_recording(NOISE), config).values
    alone = extract_features(make_recording(NOISE[1:2]), config).values
    np.testing.assert_allclose(together[:, 1:2], alone, rtol=1e-6)


@every_method
def test_power_outside_a_band_is_not_the_bands(make_recording, method):
    # 10 Hz, and windows of four seconds: even the causal filter has settled.
    sine = 100 * np.sin(2 * np.pi * 10 * np.arange(4096) / 128)[None] + np.random.default_rng(1).normal(0, 1, (1, 4096))
    got = extract_features(make_recording(sine), FeatureConfig(method=method, window_s=4.0)).values.mean(axis=0)[0]
    delta, theta, alpha, beta, gamma = got
    assert alpha - max(delta, theta, beta, gamma) > 1


@every_method
def test_the_baselines_mean_is_taken_away(make_recording, method):
    rng = np.random.default_rng(2)
    eeg, baseline = rng.normal(0, 10, (2, 512)), rng.normal(0, 3, (2, 384))
    config = FeatureConfig(method=method, baseline="subtract", smoothing="none")
    got = extract_features(make_recording(eeg, baseline), config)
    # The filter of the whole trial hears the baseline, so all of it is measured as one trial for comparison.
    whole = extract_features(
        make_recording(np.concatenate([baseline, eeg], axis=1)), FeatureConfig(method=method)
    ).values
    np.testing.assert_allclose(got.values, whole[3:] - whole[:3].mean(axis=0), atol=1e-4)
    assert got.definition.endswith(f", mean baseline {got.measure.upper()} subtracted")


@every_method
def test_a_silent_channel_is_named_with_band_window_and_trial(make_recording, method):
    eeg = NOISE.copy()
    eeg[1] = 0
    with pytest.raises(
        RecordingError, match=r"Channel 'C2' holds no signal in band 'delta' .* window 0 of trial 1 of sub-03: drop"
    ):
        extract_features(make_recording(eeg), FeatureConfig(method=method))


@every_method
def test_windows_that_nothing_rejects_keep_their_values(make_recording, method):
    config = FeatureConfig(method=method)
    everything = extract_features(make_recording(NOISE), config)
    some = extract_features(make_recording(NOISE, rejected={1: ((1.2, 1.3), (4.0, 5.0))}), config)
    np.testing.assert_array_equal(some.values, everything.values[[0, 2, 3, 5]])


@pytest.mark.parametrize("method", ["stft", "psd"])
def test_an_order_of_a_filter_that_there_is_not_is_refused(method):
    with pytest.raises(ValidationError, match=f"method '{method}' filters nothing, so filter_order does nothing"):
        FeatureConfig(method=method, filter_order=4)


@pytest.mark.parametrize(("method", "order"), [("zero_phase", 4), ("torcheeg", 5), ("stft", None), ("psd", None)])
def test_a_configuration_says_the_methods_own_order(method, order):
    config = FeatureConfig(method=method)
    assert config.filter_order == order
    assert config == FeatureConfig.model_validate(config.model_dump(mode="json"))


def test_the_method_is_zero_phase_unless_said_otherwise():
    assert FeatureConfig() == FeatureConfig(method="zero_phase", filter_order=4)


def test_an_unknown_method_is_answered_with_the_known_ones():
    with pytest.raises(ValidationError, match=r"'zero_phase', 'torcheeg', 'stft' or 'psd'"):
        FeatureConfig(method="welch")
