"""What steps decide from: filtered before anything is cut out, and without what nobody should judge."""

from __future__ import annotations

import mne
import numpy as np
import pytest
from scipy.signal import welch

from escgan.preprocessing.joined import high_pass_edge, joined
from tests.escgan.preprocessing.scalp import CHANNELS, SFREQ, as_signal, simulate

HEAD = simulate(30.0)
EEG = HEAD.brain + HEAD.blinks


def test_segments_are_joined_with_their_auxiliary_channels_and_stay_as_they_are() -> None:
    raw = HEAD.recording(n_segments=3, eog=True)
    signal = as_signal(raw, ("Cz",))
    out = joined(signal, drop=["Fp1"])
    assert out.ch_names == [*CHANNELS[1:], "VEO"]
    assert out.info["bads"] == ["Cz"]
    np.testing.assert_allclose(out.get_data() * 1e6, np.vstack([EEG[1:], HEAD.veo]), atol=1e-9)
    for part, segment in zip(signal.segments, raw.segments, strict=True):
        np.testing.assert_allclose(part.get_data(picks="eeg") * 1e6, segment.eeg, atol=1e-9)
        assert len(part.annotations) == 0


def test_bad_stretches_are_cut_out_after_the_filter() -> None:
    drift = np.linspace(-3000, 3000, EEG.shape[1])
    signal = as_signal(HEAD.recording(eeg=EEG + drift, n_segments=1))
    whole = joined(signal, low_hz=1.0, high_hz=40.0).get_data()
    signal.segments[0].set_annotations(mne.Annotations([4.0], [6.0], ["bad_burst"]))
    out = joined(signal, low_hz=1.0, high_hz=40.0).get_data()
    cut = np.delete(whole, np.s_[round(4 * SFREQ) : round(10 * SFREQ)], axis=1)
    np.testing.assert_allclose(out, cut, atol=1e-12)
    frequency, power = welch(out, SFREQ, nperseg=1024)
    assert power[:, frequency > 60].max() < 1e-3 * power[:, (frequency > 2) & (frequency < 30)].mean()


def test_pauses_are_cut_out_and_short_repeats_are_not() -> None:
    eeg = EEG.copy()
    eeg[:, 1000:1500] = 7.0
    eeg[:, 3000:3050] = 7.0
    # One live channel is no pause.
    eeg[1:, 4000:4500] = 7.0
    out = joined(as_signal(HEAD.recording(eeg=eeg, n_segments=1))).get_data() * 1e6
    np.testing.assert_allclose(out, np.delete(eeg, np.s_[1000:1500], axis=1), atol=1e-9)


@pytest.mark.parametrize(("passband_hz", "edge"), [((0.1, 100.0), 1.0), ((1.0, 100.0), None), ((4.0, 45.0), None)])
def test_only_what_reaches_below_the_edge_is_filtered(passband_hz: tuple[float, float], edge: float | None) -> None:
    assert high_pass_edge(as_signal(HEAD.recording(passband_hz=passband_hz)).facts, 1.0, "ica") == edge
