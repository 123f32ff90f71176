"""Rebuilt channels come close to the truth, and the others keep their samples."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial import legendre
from numpy.typing import NDArray

from escgan.errors import RecordingError
from escgan.preprocessing import Interpolate, preprocess
from escgan.preprocessing.electrodes import recording_info
from escgan.preprocessing.sphere import head_sphere
from escgan.recording import RawRecording, Segment, TrialSpan
from tests.escgan.preprocessing.scalp import CHANNELS, SFREQ, as_signal, correlation, scalp_of, simulate

HEAD = simulate(20.0)
EEG = HEAD.brain + HEAD.blinks


def directions(channels: tuple[str, ...]) -> NDArray[np.float64]:
    """Unit vectors from the head's centre to the channels."""
    origin, _ = head_sphere()
    places = np.array([one["loc"][:3] for one in recording_info(channels, {}, 1.0, "x")["chs"]]) - origin
    return places / np.linalg.norm(places, axis=1, keepdims=True)


def test_marked_channels_are_rebuilt_close_to_the_truth_and_the_others_kept() -> None:
    spoilt = EEG.copy()
    bads = ("Cz", "P8")
    rows = [CHANNELS.index(channel) for channel in bads]
    spoilt[rows] = 1e3
    signal = as_signal(HEAD.recording(eeg=spoilt), bads)
    findings = Interpolate().treat(signal)
    out = scalp_of(signal)
    for i in rows:
        assert correlation(out[i], EEG[i]) > 0.9
        assert out[i].std() == pytest.approx(EEG[i].std(), rel=0.3)
    others = [i for i in range(len(CHANNELS)) if i not in rows]
    np.testing.assert_allclose(out[others], spoilt[others], rtol=1e-12)
    assert [segment.info["bads"] for segment in signal.segments] == [[], []]
    assert findings.decision == "Cz, P8 rebuilt from 17 others"
    assert findings.details == {"channels": ["Cz", "P8"]}


def test_the_weights_are_those_of_perrin_s_spherical_splines() -> None:
    # Perrin et al. 1989, eq. 1-3: order 4, and the constant chosen so that the coefficients sum to zero.
    n = np.arange(1, 51)
    series = np.concatenate([[0.0], (2 * n + 1) / (n * (n + 1)) ** 4 / (4 * np.pi)])
    bad = CHANNELS.index("C3")
    good = [i for i in range(len(CHANNELS)) if i != bad]
    units = directions(CHANNELS)
    spline = legendre.legval(units[good] @ units[good].T, series)
    # MNE's ridge.
    spline[np.diag_indices(len(good))] += 1e-5
    ones = np.ones((len(good), 1))
    system = np.block([[spline, ones], [ones.T, np.zeros((1, 1))]])
    solution = np.linalg.solve(system, np.vstack([EEG[good], np.zeros((1, EEG.shape[1]))]))
    truth = legendre.legval(units[bad] @ units[good].T, series) @ solution[:-1] + solution[-1]
    signal = as_signal(HEAD.recording(), ("C3",))
    Interpolate().treat(signal)
    np.testing.assert_allclose(scalp_of(signal)[bad], truth, atol=1e-6)


def test_a_few_electrodes_along_one_line_are_still_on_a_head() -> None:
    channels = ("Fz", "Cz", "Pz", "Oz")
    # A field that falls off evenly from the nose to the back.
    field = directions(channels)[:, 1]
    eeg = np.outer(field, 10 * np.sin(np.arange(5000)))
    raw = RawRecording("05", "1", channels, (Segment(eeg, SFREQ),), (TrialSpan(0, 1, "film", 0, 20),), (1, 100), "A1")
    signal = as_signal(raw, ("Cz",))
    Interpolate().treat(signal)
    (rebuilt,) = scalp_of(signal)[[1]]
    assert np.abs(rebuilt - eeg[1]).max() < 0.15 * np.abs(eeg).max()


def test_where_nothing_is_marked_it_says_so_and_changes_nothing() -> None:
    raw = HEAD.recording()
    recording = preprocess(raw, (Interpolate(),))
    (entry,) = recording.log
    assert entry["decision"] == "spherical splines for the channels marked as bad: none is marked"
    assert entry["details"] == {"channels": []}
    assert entry["warning"] == "no step before this one marks bad channels: it has nothing to rebuild"
    for trial, segment in zip(recording.trials, raw.segments, strict=True):
        np.testing.assert_allclose(trial.eeg, segment.eeg, atol=1e-4)


def test_after_it_no_mark_is_left_to_complain_of() -> None:
    facts = as_signal(HEAD.recording(), ("Cz",)).facts
    plan = Interpolate().plan(facts)
    assert facts.bads_marked and not plan.facts.bads_marked
    assert plan.warning is None


def test_one_good_channel_rebuilds_nothing() -> None:
    signal = as_signal(HEAD.recording(), CHANNELS[1:])
    with pytest.raises(RecordingError, match=r"Only 1 of the 19 channels of sub-05 is good, .*: leave"):
        Interpolate().treat(signal)
