import numpy as np
import pytest

from escgan.bands import Band
from escgan.errors import RecordingError
from escgan.features import FeatureConfig, extract_features


def formula(window, sfreq, low, high):
    """The formula written out for one window of one channel, by a full Fourier transform and a loop."""
    n = len(window)
    hann = [0.5 - 0.5 * np.cos(2 * np.pi * k / (n + 1)) for k in range(1, n + 1)]
    magnitudes = np.abs(np.fft.fft(window * np.array(hann)))
    powers = [magnitudes[k] ** 2 for k in range(n // 2 + 1) if low <= k * sfreq / n <= high]
    return np.log2(100 * sum(powers) / len(powers))


@pytest.mark.parametrize(
    ("sfreq", "window_s", "bands"),
    [(128, 1.0, "torcheeg"), (200, 1.0, "seed"), (200, 4.0, "seed-iv"), (250, 1.5, "esc-gan")],
)
def test_values_are_those_of_the_formula(make_recording, sfreq, window_s, bands):
    n = round(window_s * sfreq)
    eeg = (20 * np.random.default_rng(0).standard_normal((2, 3 * n))).astype(np.float32)
    config = FeatureConfig(method="stft", bands=bands, window_s=window_s)
    got = extract_features(make_recording(eeg, sfreq=sfreq), config).values
    truth = [
        [[formula(x[i * n : (i + 1) * n], sfreq, band.low_hz, band.high_hz) for band in config.bands] for x in eeg]
        for i in range(3)
    ]
    np.testing.assert_allclose(got, truth, rtol=1e-5)


def test_both_edges_belong_to_a_band_and_their_neighbours_do_not(make_recording):
    # An impulse has the same power at every frequency, a sine under a Hann window only at its own and the two beside.
    t = np.arange(200) / 200
    theta = Band(name="theta", low_hz=4, high_hz=7)
    levels = [
        extract_features(
            make_recording(20 * np.sin(2 * np.pi * f * t)[None], sfreq=200), FeatureConfig(method="stft", bands=[theta])
        ).values.item()
        for f in range(1, 11)
    ]
    # In decreasing order: wholly inside, at an edge (half of the leakage is lost), one beyond it, further out.
    inside, edge, beside, outside = levels[4], levels[3], levels[2], levels[1]
    assert inside > edge > beside > outside + 4
    assert levels[5] == pytest.approx(inside, abs=0.01) and levels[6] == pytest.approx(edge, abs=0.01)


def test_white_noise_of_one_microvolt_has_the_power_of_the_taper(make_recording):
    noise = np.random.default_rng(0).standard_normal((1, 200 * 2000))
    config = FeatureConfig(method="stft", bands="seed")
    de = extract_features(make_recording(noise, sfreq=200), config).values.astype(float)
    # E |sum w x|^2 = sum w^2, and the squares of a Hann window sum to 3/8 of its length.
    np.testing.assert_allclose((2**de / 100).mean(axis=0)[0], 0.375 * 201, rtol=0.05)


@pytest.mark.parametrize("method", ["stft", "psd"])
def test_a_window_too_short_to_resolve_a_band_is_refused(make_recording, method):
    config = FeatureConfig(method=method, bands="seed", window_s=0.25)
    eeg = np.random.default_rng(0).standard_normal((1, 400))
    with pytest.raises(
        RecordingError,
        match=r"No multiple of 4 Hz, .* window of 0.25 s .*, lies in band 'delta' \(1-3 Hz\) in sub-03: lengthen",
    ):
        extract_features(make_recording(eeg, sfreq=200), config)
