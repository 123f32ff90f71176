import numpy as np
import pytest
from scipy import signal

from escgan.bands import BAND_SETS, Band
from escgan.features import FeatureConfig, extract_features


@pytest.mark.parametrize(("sfreq", "window_s"), [(128, 1.0), (250, 2.0)])
def test_values_are_those_of_scipys_welch_with_one_segment(make_recording, sfreq, window_s):
    n = round(window_s * sfreq)
    eeg = (5 + 20 * np.random.default_rng(0).standard_normal((2, 3 * n))).astype(np.float32)
    config = FeatureConfig(method="psd", window_s=window_s)
    got = extract_features(make_recording(eeg, sfreq=sfreq), config).values
    for i in range(3):
        frequency, density = signal.welch(eeg[:, i * n : (i + 1) * n].astype(float), fs=sfreq, nperseg=n)
        for b, band in enumerate(BAND_SETS["esc-gan"]):
            inside = (frequency >= band.low_hz) & (frequency <= band.high_hz)
            np.testing.assert_allclose(got[i, :, b], 10 * np.log10(density[:, inside].mean(axis=1)), rtol=1e-5)


def test_white_noise_has_its_variance_over_the_nyquist_frequency(make_recording):
    deviation, sfreq = 12.0, 128
    noise = deviation * np.random.default_rng(0).standard_normal((1, sfreq * 2000))
    decibels = extract_features(make_recording(noise), FeatureConfig(method="psd")).values.astype(float)
    np.testing.assert_allclose((10 ** (decibels / 10)).mean(axis=0)[0], deviation**2 / (sfreq / 2), rtol=0.05)


def test_a_sine_has_half_its_squared_amplitude_as_power(make_recording):
    amplitude = 10.0
    sine = amplitude * np.sin(2 * np.pi * 10 * np.arange(128) / 128)[None]
    band = Band(name="alpha", low_hz=8, high_hz=12)
    decibels = extract_features(make_recording(sine), FeatureConfig(method="psd", bands=[band])).values.item()
    # Five frequencies a hertz apart hold all of its power.
    assert 5 * 10 ** (decibels / 10) == pytest.approx(amplitude**2 / 2, rel=1e-5)


def test_a_constant_added_to_the_signal_changes_nothing(make_recording):
    noise = np.random.default_rng(0).standard_normal((1, 512))
    plain, raised = (
        extract_features(make_recording(x), FeatureConfig(method="psd")).values for x in (noise, noise + 9)
    )
    np.testing.assert_allclose(plain, raised, atol=1e-3)
