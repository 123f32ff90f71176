"""Agreement with numbers that TorchEEG itself computed; test_torcheeg_agreement compares with the package."""

import numpy as np
import pytest
from scipy import signal

from escgan.bands import BAND_SETS, Band
from escgan.errors import RecordingError
from escgan.features import FeatureConfig, extract_features

# BandDifferentialEntropy of TorchEEG 1.1.3 (SciPy 1.17.1), with its default bands at 128 Hz and with the three upper
# bands of "esc-gan" at 250 Hz, applied to each of the three one-second windows of `_signal`: (window, channel, band).
GOLDEN = {
    128: [
        [[5.65476993, 4.93699618, 1.7720741, 3.09671273], [2.93074933, 2.69245916, 4.18949894, 4.1470524]],
        [[5.65454207, 5.68340998, 2.19003309, 3.10554679], [3.15961431, 3.28295088, 4.38178244, 4.21707506]],
        [[5.6752479, 6.17428601, 2.92546742, 3.10169539], [2.48615333, 3.18855816, 4.0220421, 4.24466419]],
    ],
    250: [
        [[4.90243845, 2.33055869, 3.08347062], [2.71419241, 3.54250872, 3.60742988]],
        [[5.6559039, 2.802426, 3.09263484], [2.86618608, 3.48462338, 3.55107869]],
        [[6.14740859, 3.49686877, 3.08491951], [2.18317849, 3.49412658, 3.31453604]],
    ],
}
BANDS = {128: BAND_SETS["torcheeg"], 250: BAND_SETS["esc-gan"][2:]}


def _signal(sfreq):
    """Two channels of three seconds: sines, one of them growing, and noise of a linear congruential generator."""
    t = np.arange(3 * sfreq) / sfreq
    state, noise = 12345, []
    for _ in t:
        state = (1103515245 * state + 12345) % 2**31
        noise.append(state / 2**30 - 1)
    sines = (
        20 * np.sin(2 * np.pi * 6 * t + 0.3)
        + 8 * (1 + t) * np.sin(2 * np.pi * 10.5 * t)
        + 3 * np.sin(2 * np.pi * 40 * t)
    )
    return np.stack([sines, 15 * np.array(noise) + 5 * np.sin(2 * np.pi * 2 * t)])


@pytest.mark.parametrize("sfreq", GOLDEN)
def test_values_are_those_of_torcheeg(make_recording, sfreq):
    config = FeatureConfig(method="torcheeg", bands=BANDS[sfreq])
    got = extract_features(make_recording(_signal(sfreq), sfreq=sfreq), config)
    np.testing.assert_allclose(got.values, GOLDEN[sfreq], rtol=0, atol=1e-5)


def test_a_window_knows_nothing_of_the_one_before(make_recording):
    eeg = np.random.default_rng(0).standard_normal((2, 384))
    changed = eeg.copy()
    changed[:, :128] *= 1000
    config = FeatureConfig(method="torcheeg", bands=BAND_SETS["torcheeg"])
    before, after = (extract_features(make_recording(x), config).values for x in (eeg, changed))
    np.testing.assert_array_equal(before[1:], after[1:])
    np.testing.assert_allclose(after[0] - before[0], np.log2(1000), atol=1e-4)


def test_another_order_is_another_filter(make_recording):
    eeg = np.random.default_rng(1).standard_normal((1, 128)).astype(np.float32)
    band = Band(name="beta", low_hz=13, high_hz=30)
    got = extract_features(make_recording(eeg), FeatureConfig(method="torcheeg", bands=(band,), filter_order=2))
    filtered = signal.sosfilt(signal.butter(2, (13, 30), "bandpass", fs=128, output="sos"), eeg.astype(float))
    truth = 0.5 * np.log2(2 * np.pi * np.e * np.mean((filtered - filtered.mean()) ** 2))
    assert got.values.item() == pytest.approx(truth, abs=1e-5)


def test_a_filter_that_rounding_ruins_is_refused(make_recording):
    eeg = np.random.default_rng(0).standard_normal((1, 2000))
    config = FeatureConfig(method="torcheeg", bands=BAND_SETS["esc-gan"])
    with pytest.raises(
        RecordingError, match=r"band 'delta' \(1-4 Hz\) is wrong by \d+ bits from rounding at the 1000 Hz of sub-03"
    ):
        extract_features(make_recording(eeg, sfreq=1000), config)
    assert np.isfinite(extract_features(make_recording(eeg, sfreq=200), config).values).all()
