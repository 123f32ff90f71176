"""A recording becomes MNE's objects with its samples, its times and what was said of its trials."""

from __future__ import annotations

from dataclasses import replace

import mne
import numpy as np
import pytest

from escgan.errors import RecordingError
from tests.escgan.exchange.recordings import make_recording

SFREQ = 100.0


def recording(lengths=(300, 450), baseline=50, channels=("Fz", "Cz", "Oz")):
    made = make_recording("07", "1", channels, SFREQ, lengths, baseline, conditions=("joy", "calm"), rejected=((),))
    return replace(made, passband_hz=(0.5, 40.0))


def test_trials_of_unequal_length_become_one_raw_whose_annotations_find_them_again():
    own = recording()
    raw = own.to_mne()
    found = [a for a in raw.annotations if a["description"] in ("calm", "joy")]
    assert [a["description"] for a in found] == ["joy", "calm"]
    for trial, mark in zip(own.trials, found, strict=True):
        start, n = round(mark["onset"] * SFREQ), round(mark["duration"] * SFREQ)
        # Volts, and float64 holds every float32 microvolt.
        np.testing.assert_allclose(raw.get_data()[:, start : start + n] * 1e6, trial.eeg, rtol=1e-6)
        np.testing.assert_allclose(raw.get_data()[:, start - 50 : start] * 1e6, trial.baseline, rtol=1e-6)
    assert raw.n_times == 300 + 450 + 2 * 50


def test_what_mne_asks_of_a_raw_is_known():
    raw = recording().to_mne()
    assert (raw.info["sfreq"], raw.info["highpass"], raw.info["lowpass"]) == (SFREQ, 0.5, 40.0)
    places = raw.get_montage().get_positions()["ch_pos"]
    template = mne.channels.make_standard_montage("colin27_1005").get_positions()["ch_pos"]
    # One head, in two frames: distances stay.
    for one, other in (("Fz", "Oz"), ("Cz", "Fz")):
        apart = np.linalg.norm(places[one] - places[other])
        assert apart == pytest.approx(np.linalg.norm(template[one] - template[other]), rel=1e-6)
    assert raw.info["custom_ref_applied"] and raw.info["subject_info"]["his_id"] == "sub-07"


def test_no_epoch_of_mne_runs_across_a_joint_or_over_a_rejected_stretch():
    own = recording(lengths=(300, 300), baseline=0)
    own = replace(own, trials=(own.trials[0], replace(own.trials[1], rejected=((1.0, 1.5),))))
    epochs = mne.make_fixed_length_epochs(own.to_mne(), 0.8, reject_by_annotation=True, verbose="error")
    epochs.drop_bad(verbose="error")
    # 0.8 s windows at 0, 0.8, ... 5.6: that from 2.4 runs into the second trial, which begins at 3; 4 to 4.5 s is bad.
    assert [round(e[0] / SFREQ, 1) for e in epochs.events] == [0.0, 0.8, 1.6, 3.2, 4.8]


def test_trials_of_one_length_become_epochs_with_their_baseline_and_ratings():
    own = recording(lengths=(300, 300, 300))
    epochs = own.to_mne_epochs()
    assert epochs.tmin == -0.5 and epochs.get_data().shape == (3, 3, 350)
    np.testing.assert_allclose(epochs["joy"].get_data()[0, :, 50:] * 1e6, own.trials[0].eeg, rtol=1e-6)
    assert list(epochs.metadata["valence"]) == [1.5, 3, 4.5] and len(epochs["valence > 1.5"]) == 2
    assert list(epochs.metadata["duration_s"]) == [3.0] * 3


def test_trials_of_unequal_length_become_epochs_only_where_a_length_is_given():
    own = recording()
    with pytest.raises(RecordingError, match=r"sub-07 are of different lengths \(the shortest is 3 s\): give"):
        own.to_mne_epochs()
    epochs = own.to_mne_epochs(duration_s=2.0)
    np.testing.assert_allclose(epochs.get_data()[1, :, 50:] * 1e6, own.trials[1].eeg[:, :200], rtol=1e-6)
    with pytest.raises(RecordingError, match=r"duration_s is 3.5 for sub-07: the shortest is 3 s"):
        own.to_mne_epochs(duration_s=3.5)


def test_a_channel_without_a_known_place_is_kept_and_has_none():
    raw = recording(channels=("Fz", "Cz", "X9")).to_mne()
    assert raw.ch_names == ["Fz", "Cz", "X9"]
    assert np.isnan(raw.info["chs"][2]["loc"][:3]).all() and np.isfinite(raw.info["chs"][0]["loc"][:3]).all()


def test_a_recording_without_trials_is_refused_by_name():
    with pytest.raises(RecordingError, match="sub-07 has no trial"):
        replace(recording(), trials=()).to_mne()
