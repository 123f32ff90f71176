"""A crop keeps exactly the samples it names, and what it cannot keep it says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pydantic import ValidationError

from escgan.errors import RecordingError
from escgan.preprocessing import Bandpass, Crop, Resample, preprocess
from escgan.recording import RawRecording, TrialSpan

MakeRaw = Callable[..., RawRecording]
SPANS = (TrialSpan(0, 1, "a", 3.0, 12.0, baseline_s=2.0), TrialSpan(0, 2, "b", 16.002, 10.0))


@pytest.mark.parametrize(
    ("crop", "kept"),
    [
        (Crop(from_s=2.5), slice(1250, None)),
        (Crop(to_s=4.002), slice(0, 2001)),
        (Crop(from_s=1.0, to_s=3.5), slice(500, 1750)),
        (Crop(last_s=4.0), slice(-2000, None)),
    ],
)
def test_what_is_kept_is_a_slice_of_the_whole_trial(crop: Crop, kept: slice, make_raw: MakeRaw) -> None:
    raw = make_raw(spans=SPANS)
    for whole, part in zip(preprocess(raw, ()).trials, preprocess(raw, (crop,)).trials, strict=True):
        np.testing.assert_array_equal(part.eeg, whole.eeg[:, kept])
        assert (part.trial, part.stimulus) == (whole.trial, whole.stimulus)


@pytest.mark.parametrize("start_s", [3.001, 3.003, 3.005, 3.0009999999])
def test_a_trial_that_starts_between_two_samples_is_cut_on_its_own_grid(start_s: float, make_raw: MakeRaw) -> None:
    # 3.001 s is sample 1500.5, 3.003 s sample 1501.5: Python rounds one down and the other up.
    raw = make_raw(spans=(TrialSpan(0, 1, "a", start_s, 10.0),))
    whole = preprocess(raw, ()).trials[0].eeg
    for n in (1, 2, 333):
        np.testing.assert_array_equal(preprocess(raw, (Crop(from_s=n / 500),)).trials[0].eeg, whole[:, n:])


def test_the_start_moves_with_the_crop(make_raw: MakeRaw) -> None:
    first, second = preprocess(make_raw(spans=SPANS), (Crop(last_s=4.0),)).trials
    assert first.start_s == pytest.approx(11.0)
    assert second.start_s == pytest.approx(22.002, abs=1e-9)


def test_filters_after_a_crop_still_see_the_whole_signal(make_raw: MakeRaw) -> None:
    raw, band = make_raw(spans=SPANS), Bandpass(low_hz=4, high_hz=45)
    before, after = (preprocess(raw, steps).trials for steps in ((Crop(from_s=2), band), (band, Crop(from_s=2))))
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one.eeg, other.eeg)


def test_a_crop_after_resampling_counts_samples_of_the_new_rate(make_raw: MakeRaw) -> None:
    raw, slower = make_raw(spans=SPANS), Resample(sfreq_hz=128.0)
    whole, part = preprocess(raw, (slower,)), preprocess(raw, (slower, Crop(last_s=4.0)))
    np.testing.assert_array_equal(part.trials[0].eeg, whole.trials[0].eeg[:, -512:])


def test_a_trial_that_loses_its_beginning_loses_its_baseline_and_the_log_says_so(make_raw: MakeRaw) -> None:
    recording = preprocess(make_raw(spans=SPANS), (Crop(from_s=1.0),))
    assert [trial.baseline for trial in recording.trials] == [None, None]
    assert recording.log[0]["warning"].startswith("1 of 2 trials lose their baseline")


def test_a_trial_that_keeps_its_beginning_keeps_its_baseline(make_raw: MakeRaw) -> None:
    raw = make_raw(spans=SPANS)
    recording = preprocess(raw, (Crop(to_s=5.0),))
    np.testing.assert_array_equal(recording.trials[0].baseline, preprocess(raw, ()).trials[0].baseline)
    assert "warning" not in recording.log[0]


@pytest.mark.parametrize("crop", [Crop(last_s=11), Crop(from_s=10), Crop(from_s=1, to_s=10.01)])
def test_a_trial_that_is_too_short_is_named(crop: Crop, make_raw: MakeRaw) -> None:
    with pytest.raises(RecordingError, match=r"Trial 2 of sub-05 lasts 10 s, of which .* cannot be kept: crop to"):
        preprocess(make_raw(spans=SPANS), (crop,))


def test_a_crop_of_whole_trials_is_a_warning(make_raw: MakeRaw) -> None:
    (entry,) = preprocess(make_raw(spans=(SPANS[1],)), (Crop(last_s=10),)).log
    assert entry["warning"] == "every trial is kept whole: this step changes nothing"


@pytest.mark.parametrize(
    "settings",
    [{}, {"from_s": 1, "last_s": 3}, {"to_s": 4, "last_s": 3}, {"from_s": 3, "to_s": 3}, {"last_s": 0}, {"from_s": -1}],
)
def test_settings_that_name_no_part_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Crop(**settings)
