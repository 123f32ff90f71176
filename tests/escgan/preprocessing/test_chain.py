"""The chain checks the recording, cuts at exact samples and describes what it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from escgan.errors import RecordingError
from escgan.preprocessing import Bandpass, Reference, Resample, preprocess
from escgan.preprocessing.checks import check_recording
from escgan.recording import RawRecording, Segment, TrialSpan

MakeRaw = Callable[..., RawRecording]
TWO_SPANS = (
    TrialSpan(0, 1, "a", 3.0, 5.0, baseline_s=2.0, ratings={"valence": 7.0}),
    TrialSpan(0, 2, "b", 10.002, 4.0, condition="calm"),
)


def test_without_steps_the_trials_are_the_exact_samples(make_raw: MakeRaw) -> None:
    raw = make_raw(spans=TWO_SPANS)
    eeg = raw.segments[0].eeg
    first, second = preprocess(raw, ()).trials
    np.testing.assert_array_equal(first.eeg, eeg[:, 1500:4000].astype(np.float32))
    assert first.baseline is not None
    np.testing.assert_array_equal(first.baseline, eeg[:, 500:1500].astype(np.float32))
    np.testing.assert_array_equal(second.eeg, eeg[:, 5001:7001].astype(np.float32))
    assert second.baseline is None
    assert (first.ratings, first.condition, first.stimulus, first.start_s) == ({"valence": 7.0}, None, "a", 3.0)
    assert (second.trial, second.condition) == (2, "calm")


def test_trials_are_c_contiguous_and_own_their_memory(make_raw: MakeRaw) -> None:
    for steps in ((), (Reference(),)):
        for trial in preprocess(make_raw(spans=TWO_SPANS), steps).trials:
            assert trial.eeg.flags.c_contiguous
            assert trial.eeg.base is None


def test_filters_see_the_continuous_signal_and_not_the_trial(make_raw: MakeRaw) -> None:
    whole = preprocess(make_raw(), (Bandpass(low_hz=4, high_hz=45),)).trials[0].eeg
    cut = preprocess(make_raw(spans=TWO_SPANS), (Bandpass(low_hz=4, high_hz=45),)).trials[0]
    np.testing.assert_array_equal(cut.eeg, whole[:, 1500:4000])


def test_after_resampling_trials_are_cut_at_the_new_rate(make_raw: MakeRaw) -> None:
    whole = preprocess(make_raw(), (Resample(sfreq_hz=128.0),)).trials[0].eeg
    first, second = preprocess(make_raw(spans=TWO_SPANS), (Resample(sfreq_hz=128.0),)).trials
    np.testing.assert_array_equal(first.eeg, whole[:, 384:1024])
    np.testing.assert_array_equal(first.baseline, whole[:, 128:384])
    np.testing.assert_array_equal(second.eeg, whole[:, 1280:1792])


def test_each_segment_is_treated_on_its_own(make_raw: MakeRaw) -> None:
    raw = make_raw()
    other = Segment(3 * raw.segments[0].eeg[:, :10_000], 500.0)
    span = TrialSpan(1, 2, "b", 0.0, 20.0)
    both = preprocess(replace(raw, segments=(*raw.segments, other), spans=(*raw.spans, span)), (Reference(),))
    alone = preprocess(replace(raw, segments=(other,), spans=(replace(span, segment=0),)), (Reference(),))
    np.testing.assert_array_equal(both.trials[1].eeg, alone.trials[0].eeg)


def test_the_log_begins_with_what_the_reader_did_and_follows_the_steps(make_raw: MakeRaw) -> None:
    raw = replace(make_raw(), log=("channel 'ECG' dropped",))
    recording = preprocess(raw, (Reference(), Resample(sfreq_hz=128.0)))
    assert [entry["step"] for entry in recording.log] == ["read", "reference", "resample"]
    assert recording.log[0]["decision"] == "channel 'ECG' dropped"
    assert recording.log[2]["settings"] == {"sfreq_hz": 128.0}


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_refused_with_their_place(value: float, make_raw: MakeRaw) -> None:
    raw = make_raw(spans=TWO_SPANS)
    raw.segments[0].eeg[2, 5100] = value
    with pytest.raises(
        RecordingError, match=r"Channel 'Pz' in trial 2 of sub-05 is NaN or infinite from 10\.200 s on: "
    ):
        preprocess(raw, ())
    raw.segments[0].eeg[2, 100] = value
    with pytest.raises(RecordingError, match=r"Channel 'Pz' in segment 0 of sub-05 .* 0\.200 s"):
        preprocess(raw, ())


def test_a_constant_channel_is_refused(make_raw: MakeRaw) -> None:
    raw = make_raw()
    raw.segments[0].eeg[[1, 3]] = 0.25
    with pytest.raises(RecordingError, match=r"Channels 'Cz', 'Oz' in trial 1 of sub-05 are constant, .*: leave"):
        preprocess(raw, ())
    raw.segments[0].eeg[:] = 0.0
    with pytest.raises(RecordingError, match=r"Every channel in trial 1 of sub-05 is constant, .*: leave"):
        check_recording(raw, flat_allowed=True)


def test_a_channel_beyond_a_kilovolt_is_refused_and_an_amplifiers_offset_is_not(make_raw: MakeRaw) -> None:
    raw = make_raw()
    raw.segments[0].eeg[1] += 5e5
    check_recording(raw)
    raw.segments[0].eeg[2, 100] = -2e9
    with pytest.raises(RecordingError, match=r"Channel 'Pz' in .* of sub-05 reaches 2e\+09 microvolts, .*: check"):
        check_recording(raw)


@pytest.mark.parametrize(
    ("span", "message"),
    [
        (TrialSpan(0, 4, "a", 28.0, 2.1), "Trial 4 of sub-05 runs from 28 to 30.1 s, .* in a segment of 30 s: check"),
        (TrialSpan(0, 4, "a", 1.0, 2.0, baseline_s=1.5), "Trial 4 of sub-05 runs from -0.5 to 3 s"),
        (TrialSpan(0, 4, "a", 1.0, 0.0), "Trial 4 of sub-05 runs from 1 to 1 s"),
        (TrialSpan(1, 4, "a", 1.0, 1.0), "Trial 4 of sub-05 names segment 1, but there are 1: check"),
    ],
)
def test_a_trial_outside_its_segment_is_refused(span: TrialSpan, message: str, make_raw: MakeRaw) -> None:
    with pytest.raises(RecordingError, match=message):
        preprocess(make_raw(spans=(span,)), ())


def test_recordings_that_do_not_fit_together_are_refused(make_raw: MakeRaw) -> None:
    raw = make_raw()
    with pytest.raises(RecordingError, match="sub-05 holds no trial"):
        preprocess(replace(raw, spans=()), ())
    with pytest.raises(RecordingError, match=r"sub-05 differ in sampling rate \(250, 500 Hz\)"):
        preprocess(replace(raw, segments=(*raw.segments, Segment(raw.segments[0].eeg, 250.0))), ())
    with pytest.raises(RecordingError, match=r"shape \(4, 15000\) for 3 channels"):
        preprocess(replace(raw, channels=("Fz", "Cz", "Pz")), ())


def test_channels_outside_the_10_05_system_are_named(make_raw: MakeRaw) -> None:
    raw = make_raw(channels=("Fz", "Cz", "EXG1", "CB9"))
    with pytest.raises(RecordingError, match=r"sub-05 has channels .* \(EXG1, CB9\): rename"):
        preprocess(raw, (Reference(),))


def test_quality_measures_flat_clipped_and_amplitudes(make_raw: MakeRaw) -> None:
    raw = make_raw(spans=(TrialSpan(0, 1, "a", 0.0, 10.0), TrialSpan(0, 2, "b", 20.0, 10.0)))
    eeg = raw.segments[0].eeg
    eeg[1, :1001] = 5.0
    np.clip(eeg[2], -10.0, 10.0, out=eeg[2])
    # Outside every trial: must not count.
    eeg[0, 5500:9500] = 1e4
    eeg[0, 9500] = -1e4
    quality = {row["channel"]: row for row in preprocess(raw, ()).quality}
    assert list(quality) == ["Fz", "Cz", "Pz", "Oz"]
    analysed = np.concatenate([eeg[:, :5000], eeg[:, 10_000:]], axis=1)
    assert quality["Fz"]["std_uv"] == pytest.approx(analysed[0].std(), rel=1e-4)
    assert quality["Fz"]["peak_to_peak_uv"] == pytest.approx(np.ptp(analysed[0]), rel=1e-4)
    assert quality["Cz"]["flat_share"] == pytest.approx(1000 / 9998, rel=1e-4)
    assert quality["Pz"]["clipped_share"] == pytest.approx(np.mean(np.abs(analysed[2]) == 10.0), rel=1e-4)
    assert quality["Oz"]["flat_share"] == 0.0
    assert quality["Oz"]["clipped_share"] == pytest.approx(2 / 10_000)


def test_spectra_show_the_power_before_and_after(make_raw: MakeRaw) -> None:
    recording = preprocess(make_raw(), (Bandpass(high_hz=30), Resample(sfreq_hz=100.0)))
    spectra = recording.spectra
    assert spectra["frequency_hz"] == tuple(float(f) for f in range(51))
    # White noise of variance 100 uV^2 spread evenly over 250 Hz.
    assert spectra["before"][20] == pytest.approx(100 / 250, rel=0.2)
    assert spectra["after"][20] == pytest.approx(spectra["before"][20], rel=0.1)
    assert spectra["after"][45] < 1e-3 * spectra["before"][45]


def test_spectra_end_at_60_hz(make_raw: MakeRaw) -> None:
    assert preprocess(make_raw(), ()).spectra["frequency_hz"][-1] == 60.0
