import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal, stats

from escgan.bands import BAND_SETS, Band
from escgan.errors import RecordingError
from escgan.features import FeatureConfig, extract_features
from escgan.features.differential_entropy import differential_entropy
from escgan.recording import Recording, Trial

SFREQ = 128.0
ALPHA = Band(name="alpha", low_hz=8, high_hz=13)


def recording(eeg, baseline=None, passband=(0.5, 60), n_trials=1):
    def f32(x):
        return None if x is None else x.astype(np.float32)

    return Recording(
        subject="03",
        session="1",
        channels=tuple(f"C{i + 1}" for i in range(len(eeg))),
        sfreq=SFREQ,
        trials=tuple(
            Trial(
                trial=t + 1,
                stimulus=str(t),
                start_s=3.0,
                eeg=f32(eeg),
                baseline=f32(baseline),
                ratings={"valence": 6.0},
            )
            for t in range(n_trials)
        ),
        passband_hz=passband,
        reference="average",
    )


@settings(max_examples=20, deadline=None)
@given(st.floats(1e-3, 1e3))
def test_the_formula_is_scipys_entropy_of_a_gaussian(deviation):
    assert differential_entropy(np.array(deviation**2)) == pytest.approx(stats.norm(scale=deviation).entropy())


@pytest.mark.parametrize("amplitude", [0.5, 10.0, 80.0])
def test_a_sine_inside_the_band_has_the_entropy_of_its_power(amplitude):
    t = np.arange(int(60 * SFREQ)) / SFREQ
    # 10.5 Hz: a whole number of half periods in a second, at the centre of the band.
    sine = amplitude * np.sin(2 * np.pi * 10 * t)[None]
    de = extract_features(recording(sine), FeatureConfig(bands=(ALPHA,))).values
    # Away from the trial's ends, where the filter's edge effect has died out.
    gain = (
        np.abs(signal.sosfreqz(signal.butter(4, (8, 13), "bandpass", fs=SFREQ, output="sos"), [10], fs=SFREQ)[1]) ** 2
    )
    truth = 0.5 * np.log(2 * np.pi * np.e * (gain * amplitude) ** 2 / 2)
    np.testing.assert_allclose(de[5:-5, 0, 0], truth[0], atol=1e-4)
    assert gain[0] == pytest.approx(1, abs=1e-3)


def test_white_noise_has_the_entropy_of_the_share_that_the_filter_passes():
    deviation = 12.0
    noise = deviation * np.random.default_rng(0).standard_normal((4, int(2000 * SFREQ)))
    bands = BAND_SETS["esc-gan"]
    de = extract_features(recording(noise), FeatureConfig(bands=bands, window_s=50.0)).values
    for i, band in enumerate(bands):
        sos = signal.butter(4, (band.low_hz, band.high_hz), "bandpass", fs=SFREQ, output="sos")
        frequency, response = signal.sosfreqz(sos, 2**16, fs=SFREQ)
        # Forwards and backwards: the power passes |H|^4.
        passed = np.trapezoid(np.abs(response) ** 4, frequency) / (SFREQ / 2)
        truth = 0.5 * np.log(2 * np.pi * np.e * deviation**2 * passed)
        assert de[:, :, i].mean() == pytest.approx(truth, abs=0.02)


def test_windows_equal_scipys_filter_run_over_the_whole_trial():
    rng = np.random.default_rng(1)
    eeg, baseline = rng.standard_normal((3, 640)), rng.standard_normal((3, 384))
    config = FeatureConfig(bands=(ALPHA,), window_s=1.0, step_s=0.5, baseline="subtract")
    got = extract_features(recording(eeg, baseline), config)
    whole = np.concatenate([baseline, eeg], axis=1).astype(np.float32).astype(float)
    sos = signal.butter(4, (8, 13), "bandpass", fs=SFREQ, output="sos")
    filtered = signal.sosfiltfilt(sos, whole)

    def entropy(start):
        return 0.5 * np.log(2 * np.pi * np.e * filtered[:, start : start + 128].var(axis=1))

    before = np.mean([entropy(s) for s in range(0, 384 - 127, 64)], axis=0)
    truth = np.stack([entropy(384 + s) - before for s in range(0, 640 - 127, 64)])
    np.testing.assert_allclose(got.values[:, :, 0], truth, atol=1e-5)
    assert got.table["start_s"].tolist() == [3.0 + 0.5 * i for i in range(9)]


def test_scaling_the_signal_shifts_every_window_by_the_logarithm():
    eeg = np.random.default_rng(2).standard_normal((2, 1280))
    config = FeatureConfig(bands=BAND_SETS["esc-gan"])
    shift = extract_features(recording(8 * eeg), config).values - extract_features(recording(eeg), config).values
    np.testing.assert_allclose(shift, np.log(8), atol=1e-4)


def test_row_i_of_the_table_describes_window_i():
    got = extract_features(
        recording(np.random.default_rng(3).standard_normal((2, 512)), n_trials=2), FeatureConfig(bands=(ALPHA,))
    )
    assert len(got.table) == len(got.values) == 8
    assert got.table["trial"].tolist() == [1] * 4 + [2] * 4
    assert got.table["window"].tolist() == [0, 1, 2, 3] * 2
    assert (got.table["valence"] == 6.0).all() and (got.table["subject"] == "03").all()


@pytest.mark.parametrize(
    ("band", "passband", "said"),
    [
        (
            ("gamma", 31, 75),
            (0.5, 64),
            r"Band 'gamma' \(31-75 Hz\) needs a sampling rate above 150 Hz, got 128 in sub-03",
        ),
        (("delta", 1, 4), (4, 45), r"Band 'delta' \(1-4 Hz\) reaches outside the 4-45 Hz"),
        (("gamma", 31, 50), (4, 45), "reaches outside"),
    ],
)
def test_bands_that_cannot_be_measured_are_refused(band, passband, said):
    name, low, high = band
    config = FeatureConfig(bands=(Band(name=name, low_hz=low, high_hz=high),))
    with pytest.raises(RecordingError, match=said):
        extract_features(recording(np.ones((1, 1280)), passband=passband), config)


def test_a_band_outside_the_passband_is_measured_when_asked_for():
    config = FeatureConfig(bands=(Band(name="delta", low_hz=1, high_hz=4),), allow_outside_passband=True)
    noise = np.random.default_rng(0).standard_normal((1, 1280))
    assert np.isfinite(extract_features(recording(noise, passband=(4, 45)), config).values).all()


def test_a_silent_channel_is_named_with_band_window_and_trial():
    eeg = np.random.default_rng(0).standard_normal((2, 1280))
    eeg[1] = 0
    with pytest.raises(
        RecordingError, match=r"Channel 'C2' holds no signal in band 'alpha' .* window 0 of trial 1 of sub-03"
    ):
        extract_features(recording(eeg), FeatureConfig(bands=(ALPHA,)))


@pytest.mark.parametrize(("n_times", "said"), [(100, "fewer than one window"), (1, "fewer than one window")])
def test_a_trial_shorter_than_a_window_is_refused(n_times, said):
    with pytest.raises(RecordingError, match=said):
        extract_features(
            recording(np.random.default_rng(0).standard_normal((1, n_times))), FeatureConfig(bands=(ALPHA,))
        )


def test_a_baseline_that_is_asked_for_but_absent_is_refused():
    eeg = np.random.default_rng(0).standard_normal((1, 1280))
    with pytest.raises(RecordingError, match=r"no baseline .* set features.baseline to none"):
        extract_features(recording(eeg), FeatureConfig(bands=(ALPHA,), baseline="subtract"))
