import numpy as np
import pytest
from scipy import signal

from escgan.bands import BAND_SETS, Band
from escgan.errors import RecordingError
from escgan.features import FeatureConfig, extract_features

SFREQ = 128.0
ALPHA = Band(name="alpha", low_hz=8, high_hz=13)


@pytest.mark.parametrize("amplitude", [0.5, 10.0, 80.0])
def test_a_sine_inside_the_band_has_the_entropy_of_its_power(make_recording, amplitude):
    t = np.arange(int(60 * SFREQ)) / SFREQ
    # 10 Hz: a whole number of periods in a second, near the centre of the band.
    sine = amplitude * np.sin(2 * np.pi * 10 * t)[None]
    de = extract_features(make_recording(sine), FeatureConfig(bands=(ALPHA,))).values
    # Away from the trial's ends, where the filter's edge effect has died out.
    gain = (
        np.abs(signal.sosfreqz(signal.butter(4, (8, 13), "bandpass", fs=SFREQ, output="sos"), [10], fs=SFREQ)[1]) ** 2
    )
    truth = 0.5 * np.log(2 * np.pi * np.e * (gain * amplitude) ** 2 / 2)
    np.testing.assert_allclose(de[5:-5, 0, 0], truth[0], atol=1e-4)
    assert gain[0] == pytest.approx(1, abs=1e-3)


def test_white_noise_has_the_entropy_of_the_share_that_the_filter_passes(make_recording):
    deviation = 12.0
    noise = deviation * np.random.default_rng(0).standard_normal((4, int(2000 * SFREQ)))
    bands = BAND_SETS["esc-gan"]
    de = extract_features(make_recording(noise), FeatureConfig(bands=bands, window_s=50.0)).values
    for i, band in enumerate(bands):
        sos = signal.butter(4, (band.low_hz, band.high_hz), "bandpass", fs=SFREQ, output="sos")
        frequency, response = signal.sosfreqz(sos, 2**16, fs=SFREQ)
        # Forwards and backwards: the power passes |H|^4.
        passed = np.trapezoid(np.abs(response) ** 4, frequency) / (SFREQ / 2)
        truth = 0.5 * np.log(2 * np.pi * np.e * deviation**2 * passed)
        assert de[:, :, i].mean() == pytest.approx(truth, abs=0.02)


@pytest.mark.parametrize("order", [None, 3])
def test_windows_equal_scipys_filter_run_over_the_whole_trial(make_recording, order):
    rng = np.random.default_rng(1)
    eeg, baseline = rng.standard_normal((3, 640)), rng.standard_normal((3, 384))
    config = FeatureConfig(bands=(ALPHA,), window_s=1.0, step_s=0.5, baseline="subtract", filter_order=order)
    got = extract_features(make_recording(eeg, baseline), config)
    whole = np.concatenate([baseline, eeg], axis=1).astype(np.float32).astype(float)
    sos = signal.butter(order or 4, (8, 13), "bandpass", fs=SFREQ, output="sos")
    filtered = signal.sosfiltfilt(sos, whole)

    def entropy(start):
        return 0.5 * np.log(2 * np.pi * np.e * filtered[:, start : start + 128].var(axis=1))

    before = np.mean([entropy(s) for s in range(0, 384 - 127, 64)], axis=0)
    truth = np.stack([entropy(384 + s) - before for s in range(0, 640 - 127, 64)])
    np.testing.assert_allclose(got.values[:, :, 0], truth, atol=1e-5)
    assert got.table["start_s"].tolist() == [3.0 + 0.5 * i for i in range(9)]


def test_scaling_the_signal_shifts_every_window_by_the_logarithm(make_recording):
    eeg = np.random.default_rng(2).standard_normal((2, 1280))
    config = FeatureConfig(bands=BAND_SETS["esc-gan"])
    louder = extract_features(make_recording(8 * eeg), config).values
    np.testing.assert_allclose(louder - extract_features(make_recording(eeg), config).values, np.log(8), atol=1e-4)


def test_a_trial_too_short_to_be_filtered_is_named(make_recording):
    eeg = np.random.default_rng(0).standard_normal((1, 20))
    with pytest.raises(
        RecordingError, match=r"The 20 samples of trial 1 of sub-03 are too few to filter for band 'alpha' \(8-13 Hz\)"
    ):
        extract_features(make_recording(eeg), FeatureConfig(bands=(ALPHA,), window_s=0.1))


@pytest.mark.parametrize("drift", [0.0, 0.3, 30.0])
def test_entropies_equal_scipys_in_double_precision_whatever_the_drift(make_recording, drift):
    """A drift ten thousand times the power of the fast band would drown it in single precision."""
    rng = np.random.default_rng(5)
    eeg = (rng.standard_normal((4, 63 * 128)) + drift * rng.standard_normal((4, 63 * 128)).cumsum(axis=1)).astype("f4")
    got = extract_features(make_recording(eeg), FeatureConfig(bands=BAND_SETS["esc-gan"])).values
    for i, band in enumerate(BAND_SETS["esc-gan"]):
        sos = signal.butter(4, (band.low_hz, band.high_hz), "bandpass", fs=SFREQ, output="sos")
        windows = signal.sosfiltfilt(sos, eeg.astype(np.float64)).reshape(4, 63, 128)
        truth = 0.5 * np.log(2 * np.pi * np.e * windows.var(axis=-1)).T
        np.testing.assert_allclose(got[:, :, i], truth, atol=2e-5)
