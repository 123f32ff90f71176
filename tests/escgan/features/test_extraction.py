import numpy as np
import pytest

from escgan.bands import Band
from escgan.errors import RecordingError
from escgan.features import FeatureConfig, extract_features

ALPHA = Band(name="alpha", low_hz=8, high_hz=13)
CONFIG = FeatureConfig(bands=(ALPHA,))
NOISE = np.random.default_rng(3).standard_normal((2, 640))
BEFORE = np.random.default_rng(4).standard_normal((2, 384))


def test_row_i_of_the_table_describes_window_i(make_recording):
    got = extract_features(make_recording(NOISE[:, :512], n_trials=2), CONFIG)
    assert len(got.table) == len(got.values) == 8
    assert got.table["trial"].tolist() == [1] * 4 + [2] * 4
    assert got.table["window"].tolist() == [0, 1, 2, 3] * 2
    assert got.table["start_s"].tolist() == [3.0, 4.0, 5.0, 6.0] * 2
    assert got.table["stimulus"].tolist() == ["0"] * 4 + ["1"] * 4
    assert (got.table["valence"] == 6.0).all() and (got.table["subject"] == "03").all()
    assert got.dropped_windows == 0


@pytest.mark.parametrize(
    ("stretch", "kept"),
    [
        ((1.0, 2.0), [0, 2, 3, 4]),
        ((1.5, 1.5 + 1 / 128), [0, 2, 3, 4]),
        ((0.999, 1.0), [1, 2, 3, 4]),
        ((1.999, 2.001), [0, 3, 4]),
        ((0.0, 4.9), []),
        ((4.0, 5.0), [0, 1, 2, 3]),
        ((-3.0, 0.0), [0, 1, 2, 3, 4]),
    ],
)
def test_windows_that_overlap_a_rejected_stretch_are_dropped_and_counted(make_recording, stretch, kept):
    recording = make_recording(NOISE, BEFORE, n_trials=2, rejected={1: (stretch,)})
    got = extract_features(recording, CONFIG)
    assert got.table["window"].tolist() == [*kept, 0, 1, 2, 3, 4]
    assert got.table["trial"].tolist() == [1] * len(kept) + [2] * 5
    assert got.table["start_s"].tolist() == [3.0 + i for i in (*kept, 0, 1, 2, 3, 4)]
    assert got.dropped_windows == 5 - len(kept)


def test_a_stretch_that_ends_where_a_window_begins_does_not_touch_it_whatever_the_rounding(make_recording):
    # A third of a second is no finite number of microseconds.
    recording = make_recording(np.tile(NOISE, 2), sfreq=300, rejected={1: ((round(1 / 3, 6), round(2 / 3, 6)),)})
    config = FeatureConfig(bands=(ALPHA,), window_s=1 / 3)
    assert extract_features(recording, config).table["window"].tolist()[:3] == [0, 2, 3]


def test_of_overlapping_windows_all_that_touch_a_stretch_are_dropped(make_recording):
    config = FeatureConfig(bands=(ALPHA,), step_s=0.5)
    got = extract_features(make_recording(NOISE, rejected={1: ((2.1, 2.2),)}), config)
    assert got.table["window"].tolist() == [0, 1, 2, 5, 6, 7, 8]


def test_rejected_windows_of_the_baseline_are_not_averaged(make_recording):
    # Two of the baseline's three windows are a thousand times too loud.
    loud = BEFORE.copy()
    loud[:, :256] *= 1000
    config = FeatureConfig(method="torcheeg", bands=(ALPHA,), baseline="subtract")
    got = extract_features(make_recording(NOISE, loud, rejected={1: ((-3.0, -1.0),)}), config)
    last = extract_features(make_recording(NOISE, BEFORE[:, 256:]), config)
    np.testing.assert_allclose(got.values, last.values, atol=1e-5)
    assert got.dropped_windows == 0


def test_a_trial_without_a_baseline_left_is_left_out_and_counted(make_recording):
    recording = make_recording(NOISE, BEFORE, n_trials=2, rejected={1: ((-3.0, 0.0),)})
    got = extract_features(recording, FeatureConfig(bands=(ALPHA,), baseline="subtract"))
    assert got.table["trial"].unique().tolist() == [2]
    assert got.dropped_windows == 5
    assert len(extract_features(recording, CONFIG).values) == 10


def test_a_recording_without_a_window_left_is_refused(make_recording):
    recording = make_recording(NOISE, n_trials=2, rejected={1: ((0.0, 5.0),), 2: ((0.5, 4.5),)})
    with pytest.raises(RecordingError, match=r"Every window of sub-03 overlaps a stretch that preprocessing rejected"):
        extract_features(recording, CONFIG)


def test_a_silent_stretch_that_was_rejected_harms_nothing(make_recording):
    eeg = NOISE.copy()
    eeg[:, 128:256] = 0
    config = FeatureConfig(method="stft", bands=(ALPHA,))
    with pytest.raises(RecordingError, match=r"holds no signal .* in window 1 of trial 1"):
        extract_features(make_recording(eeg), config)
    got = extract_features(make_recording(eeg, rejected={1: ((1.0, 2.0),)}), config)
    assert np.isfinite(got.values).all() and len(got.values) == 4


def test_a_silent_baseline_is_named_as_such(make_recording):
    silent = np.zeros_like(BEFORE)
    config = FeatureConfig(method="stft", bands=(ALPHA,), baseline="subtract")
    with pytest.raises(RecordingError, match=r"Channel 'C1' .* in baseline window 0 of trial 1 of sub-03"):
        extract_features(make_recording(NOISE, silent), config)


def test_smoothing_stays_inside_a_trial(make_recording):
    config = FeatureConfig(bands=(ALPHA,), smoothing={"kind": "moving_average", "windows": 3})
    one = extract_features(make_recording(NOISE), config).values
    two = extract_features(make_recording(NOISE, n_trials=2), config).values
    np.testing.assert_array_equal(two, np.concatenate([one, one]))
    assert not np.allclose(one, extract_features(make_recording(NOISE), CONFIG).values)


def test_a_rejected_window_is_no_neighbour_of_those_around_it(make_recording):
    config = FeatureConfig(bands=(ALPHA,), smoothing={"kind": "moving_average", "windows": 3})
    raw = extract_features(make_recording(NOISE), CONFIG).values
    got = extract_features(make_recording(NOISE, rejected={1: ((2.2, 2.3),)}), config).values
    truth = [raw[:2].mean(axis=0), raw[:2].mean(axis=0), raw[3:].mean(axis=0), raw[3:].mean(axis=0)]
    np.testing.assert_allclose(got, truth, rtol=1e-6)


def test_the_definition_says_what_was_done_in_order(make_recording):
    config = FeatureConfig(bands=(ALPHA,), baseline="subtract", smoothing={"kind": "moving_average", "windows": 5})
    assert extract_features(make_recording(NOISE, BEFORE), config).definition == (
        "0.5 ln(2 pi e variance) of each window; Butterworth band-pass of order 4, zero-phase over the whole trial, "
        "mean baseline DE subtracted, smoothed by a centred moving average of 5 windows within each trial"
    )


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
def test_bands_that_cannot_be_measured_are_refused(make_recording, band, passband, said):
    name, low, high = band
    config = FeatureConfig(bands=(Band(name=name, low_hz=low, high_hz=high),))
    with pytest.raises(RecordingError, match=said):
        extract_features(make_recording(np.ones((1, 1280)), passband=passband), config)


def test_a_band_outside_the_passband_is_measured_when_asked_for(make_recording):
    config = FeatureConfig(bands=(Band(name="delta", low_hz=1, high_hz=4),), allow_outside_passband=True)
    assert np.isfinite(extract_features(make_recording(NOISE, passband=(4, 45)), config).values).all()


@pytest.mark.parametrize(("n_times", "words"), [(100, "The 100 samples of {} are"), (1, "The 1 sample of {} is")])
def test_a_trial_shorter_than_a_window_is_refused(make_recording, n_times, words):
    said = words.format("trial 1 of sub-03") + " fewer than one window"
    with pytest.raises(RecordingError, match=said):
        extract_features(make_recording(NOISE[:, :n_times]), CONFIG)


def test_a_power_that_is_not_finite_is_not_called_silence(make_recording):
    eeg = NOISE.copy()
    eeg[1, 5] = np.nan
    with pytest.raises(
        RecordingError, match=r"Channel 'C2' has no finite power in band .* of sub-03: check its samples"
    ):
        extract_features(make_recording(eeg), CONFIG)


def test_a_window_shorter_than_two_samples_is_refused(make_recording):
    with pytest.raises(RecordingError, match=r"Windows of 0.01 s every 0.01 s are shorter than the samples of sub-03"):
        extract_features(make_recording(NOISE), FeatureConfig(bands=(ALPHA,), window_s=0.01))


def test_a_baseline_that_is_asked_for_but_absent_is_refused(make_recording):
    with pytest.raises(RecordingError, match=r"no baseline .* set features.baseline to none"):
        extract_features(make_recording(NOISE), FeatureConfig(bands=(ALPHA,), baseline="subtract"))
