"""Regression finds how much of the eyes every channel holds, and subtracts that."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from escgan.errors import RecordingError
from escgan.preprocessing import EogRegression, preprocess
from escgan.recording import RawRecording, Segment
from tests.escgan.preprocessing.scalp import CHANNELS, SFREQ, as_signal, joined_trials, scalp_of, simulate

HEAD = simulate(40.0)
N_TIMES = HEAD.eye.size
RNG = np.random.default_rng(4)
# Vertical and horizontal eye movements, which have nothing to do with each other or the brain.
VEO = 150 * HEAD.eye
HEO = 80 * np.repeat(RNG.choice([-1.0, 0.0, 1.0], 40), round(SFREQ))
TRUTH = RNG.uniform(-0.4, 0.6, (2, len(CHANNELS)))
DRIFT = 2000 * np.sin(2 * np.pi * 0.02 * np.arange(N_TIMES) / SFREQ)


def with_eyes(
    eeg: NDArray[np.float64] | None = None, veo: NDArray[np.float64] = VEO, heo: NDArray[np.float64] = HEO, **given
) -> RawRecording:
    eeg = HEAD.brain + TRUTH.T @ np.array([veo, heo]) if eeg is None else eeg
    return HEAD.recording(eeg=eeg, aux={"VEO": ("eog", veo), "HEO": ("eog", heo)}, **given)


def coefficients(findings: object) -> NDArray[np.float64]:
    found = findings.details["coefficients"]
    assert [list(values) for values in found.values()] == [list(CHANNELS)] * 2
    return np.array([list(found[name].values()) for name in ("VEO", "HEO")])


def centred(eeg: NDArray[np.floating]) -> NDArray[np.floating]:
    """Take the mean of each of the two segments away: the offset of an EOG channel tells nothing of the brain."""
    parts = eeg.reshape(len(CHANNELS), 2, -1)
    return (parts - parts.mean(axis=2, keepdims=True)).reshape(len(CHANNELS), -1)


def test_known_coefficients_are_found_and_the_brain_is_left() -> None:
    signal = as_signal(with_eyes())
    findings = EogRegression().treat(signal)
    np.testing.assert_allclose(coefficients(findings), TRUTH, atol=0.03)
    error = centred(scalp_of(signal) - HEAD.brain)
    before = TRUTH.T @ np.array([VEO, HEO])
    assert error.std() < 0.06 * before.std()
    strongest = CHANNELS[int(np.abs(TRUTH[0]).argmax())]
    assert findings.decision.startswith(f"VEO enters most at {strongest} (")


def test_the_coefficients_are_those_of_least_squares() -> None:
    raw = with_eyes(passband_hz=(1.0, 100.0))
    findings = EogRegression().treat(as_signal(raw))
    eyes = np.array([VEO, HEO])
    design = np.vstack([eyes, np.ones(N_TIMES)]).T
    solution = np.linalg.lstsq(design, np.concatenate([part.eeg for part in raw.segments], axis=1).T)[0]
    np.testing.assert_allclose(coefficients(findings), solution[:2], atol=6e-5)


def test_slow_drifts_do_not_bend_the_coefficients() -> None:
    eeg = HEAD.brain + TRUTH.T @ np.array([VEO, HEO]) - 0.5 * DRIFT
    findings = EogRegression().treat(as_signal(with_eyes(eeg, veo=VEO + DRIFT)))
    np.testing.assert_allclose(coefficients(findings), TRUTH, atol=0.05)
    wide = EogRegression(fit_low_hz=0.001).treat(as_signal(with_eyes(eeg, veo=VEO + DRIFT, passband_hz=(0.01, 100.0))))
    assert np.abs(coefficients(wide) - TRUTH).max() > 0.5


def test_all_segments_share_one_set_of_coefficients() -> None:
    raw = with_eyes()
    # In the second segment the eyes rest, so that it alone could tell nothing.
    still = replace(raw.segments[1], auxiliary=1e-3 * RNG.normal(size=(2, N_TIMES // 2)))
    still = replace(still, eeg=HEAD.brain[:, N_TIMES // 2 :])
    recording = preprocess(replace(raw, segments=(raw.segments[0], still)), (EogRegression(),))
    np.testing.assert_allclose(recording.trials[1].eeg, still.eeg, atol=0.01)
    rest = recording.trials[0].eeg - HEAD.brain[:, : N_TIMES // 2]
    assert rest.std(axis=1).max() < 0.1 * VEO.std()


def test_marked_channels_are_left_alone() -> None:
    raw = with_eyes()
    signal = as_signal(raw, ("T7",))
    findings = EogRegression().treat(signal)
    assert "T7" not in findings.details["coefficients"]["VEO"]
    row = CHANNELS.index("T7")
    np.testing.assert_allclose(scalp_of(signal)[row], np.concatenate([part.eeg for part in raw.segments], axis=1)[row])


def test_the_chain_logs_what_was_done_and_knows_it_was_done() -> None:
    recording = preprocess(with_eyes(), (EogRegression(), EogRegression()))
    first, second = recording.log
    assert first["decision"].startswith("VEO, HEO regressed out of every channel, fitted above 1 Hz: VEO enters most")
    assert "warning" not in first
    assert "artefacts of the eyes were removed already" in second["warning"]
    np.testing.assert_allclose(centred(joined_trials(recording)).std(), HEAD.brain.std(), rtol=0.05)


def test_a_recording_without_eog_is_refused() -> None:
    with pytest.raises(RecordingError, match=r"sub-05 has no EOG channel to regress on: remove .* 'iclabel'"):
        preprocess(HEAD.recording(aux={"ECG": ("ecg", VEO)}), (EogRegression(),))


@pytest.mark.parametrize(
    ("heo", "message"),
    [
        (np.full(N_TIMES, 7.0), r"The EOG channel 'HEO' of sub-05 is flat and tells nothing of the eyes: leave"),
        (-2 * VEO, r"The EOG channels VEO, HEO of sub-05 depend on each other, .*: check"),
    ],
)
def test_eog_channels_that_cannot_predict_are_refused(heo: NDArray[np.float64], message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        EogRegression().treat(as_signal(with_eyes(HEAD.brain, heo=heo)))


def test_segments_shorter_than_the_fit_s_filter_are_refused() -> None:
    raw = with_eyes()
    part = raw.segments[0]
    short = replace(raw, segments=(Segment(part.eeg[:, :700], SFREQ, part.auxiliary[:, :700]), part))
    with pytest.raises(RecordingError, match=r"'eog_regression' needs segments of at least 3\.3 s, but one .* 2\.8 s"):
        EogRegression().plan(as_signal(short).facts)


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    EogRegression().treat(as_signal(with_eyes()))
    assert capfd.readouterr() == ("", "")
