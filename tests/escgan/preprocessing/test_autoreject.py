"""Windows with bursts are dropped or repaired, clean ones are kept, and no window crosses a trial's border."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from escgan.errors import ConfigError, RecordingError
from escgan.preprocessing import Autoreject, Step, preprocess
from escgan.preprocessing.step import Findings, Plan, Signal, SignalFacts
from escgan.preprocessing.trial_windows import TrialWindow, cut_windows, merged_stretches
from escgan.recording import TrialSpan
from tests.escgan.preprocessing.bursts import SFREQ, burst, recording, steady
from tests.escgan.preprocessing.scalp import CHANNELS

CLEAN = steady(60.0)
BURSTS = burst(CLEAN.shape[1], (0.0, 10.0, 25.0, 44.0, 59.0))
WORKING: dict[str, Any] = {"cv": 5}


def one_loud_channel(start_s: float, channel: str) -> NDArray[np.float64]:
    """A second in which a single electrode moves."""
    eeg = np.zeros_like(CLEAN)
    part = slice(round(start_s * SFREQ), round((start_s + 1) * SFREQ))
    eeg[CHANNELS.index(channel), part] = 300 * np.sin(2 * np.pi * 3 * np.arange(128) / SFREQ)
    return eeg


def seconds(eeg: NDArray[np.floating]) -> NDArray[np.floating]:
    """(n_channels, n_times) to (n_seconds, n_channels, 128)."""
    return eeg.reshape(len(eeg), -1, 128).swapaxes(0, 1)


@pytest.mark.parametrize("mode", ["local", "global"])
def test_exactly_the_windows_with_bursts_are_dropped(mode: str) -> None:
    result = preprocess(recording(CLEAN + BURSTS, n_segments=2), (Autoreject(mode=mode, **WORKING),))
    first, second = result.trials
    assert first.rejected == ((0.0, 1.0), (10.0, 11.0), (25.0, 26.0))
    assert second.rejected == ((14.0, 15.0), (29.0, 30.0))
    details = result.log[0]["details"]
    assert details["segments"] == [
        [0, 0.0, 1.0], [0, 10.0, 11.0], [0, 25.0, 26.0], [1, 14.0, 15.0], [1, 29.0, 30.0]
    ]  # fmt: skip
    assert details["windows"] == 60
    assert result.log[0]["decision"].split(": ")[1].startswith("5 of 60 windows dropped (8.3 %)")


def test_the_global_mode_changes_no_sample_and_its_threshold_lies_between_clean_and_burst() -> None:
    raw = recording(CLEAN + BURSTS)
    result = preprocess(raw, (Autoreject(mode="global", **WORKING),))
    np.testing.assert_array_equal(result.trials[0].eeg, raw.segments[0].eeg.astype(np.float32))
    sizes = np.sort(np.ptp(seconds(CLEAN + BURSTS), axis=2).max(axis=1))
    assert sizes[-6] <= result.log[0]["details"]["thresholds_uv"]["median"] + 0.01 < sizes[-5]


def test_a_single_loud_channel_is_repaired_from_its_neighbours_in_that_window_alone() -> None:
    artefact = one_loud_channel(20.0, "C3")
    result = preprocess(recording(CLEAN + BURSTS + artefact), (Autoreject(**WORKING),))
    (trial,) = result.trials
    told = {(start, stop): channels for _, start, stop, channels in result.log[0]["details"]["repaired"]}
    assert "C3" in told[20.0, 21.0]
    assert (20.0, 21.0) not in trial.rejected
    c3, window = CHANNELS.index("C3"), slice(20 * 128, 21 * 128)
    assert np.abs(trial.eeg[c3, window]).max() < 0.3 * np.abs((CLEAN + artefact)[c3, window]).max()
    # Every channel in every window is either named as repaired or has the samples that it had.
    changed = np.abs(seconds(trial.eeg) - seconds((CLEAN + BURSTS + artefact).astype(np.float32))).max(axis=2) > 0
    named = np.zeros_like(changed)
    for (start, _), channels in told.items():
        named[round(start), [CHANNELS.index(channel) for channel in channels]] = True
    np.testing.assert_array_equal(changed, named)


def test_without_repair_no_sample_changes_and_bursts_are_still_dropped() -> None:
    raw = recording(CLEAN + BURSTS)
    result = preprocess(raw, (Autoreject(repair=False, **WORKING),))
    np.testing.assert_array_equal(result.trials[0].eeg, raw.segments[0].eeg.astype(np.float32))
    assert result.trials[0].rejected[1] == (10.0, 11.0)
    assert "repaired" not in result.log[0]["decision"]


def test_a_burst_in_the_baseline_and_one_in_the_rest_of_a_trial_are_found_there() -> None:
    spans = (TrialSpan(0, 1, "a", 4.0, 30.5, baseline_s=3.0), TrialSpan(0, 2, "b", 36.0, 23.0))
    loud = burst(CLEAN.shape[1], (2.0,)) + burst(CLEAN.shape[1], (34.1,), length_s=0.3)
    # Between the trials, where nobody looks.
    loud += burst(CLEAN.shape[1], (35.0,), length_s=0.9)
    first, second = preprocess(recording(CLEAN + loud, spans=spans), (Autoreject(mode="global", **WORKING),)).trials
    # The last window begins at 29.5 s, but what it decides holds for the half second that no other covers.
    assert first.rejected == ((-2.0, -1.0), (30.0, 30.5))
    assert second.rejected == ()


def test_fitting_on_a_few_windows_still_judges_all() -> None:
    result = preprocess(recording(CLEAN + BURSTS), (Autoreject(mode="global", fit_windows=30, **WORKING),))
    assert result.log[0]["details"]["windows"] == 60
    # Two of the five bursts are among every other window.
    for start in (0.0, 10.0, 25.0, 44.0, 59.0):
        assert any(begin <= start and start + 1 <= end for begin, end in result.trials[0].rejected)


def test_windows_that_an_earlier_step_marked_are_neither_learnt_from_nor_judged() -> None:
    class Marking(Step):
        kind: str = "marking"

        def plan(self, facts: SignalFacts) -> Plan:
            return Plan(facts, "marked")

        def treat(self, signal: Signal) -> Findings | None:
            signal.segments[0].annotations.append(9.5, 2.0, "BAD_seen")
            return None

    result = preprocess(recording(CLEAN + BURSTS), (Marking(), Autoreject(mode="global", **WORKING)))
    assert result.log[1]["details"]["windows"] == 57
    assert [10.0, 11.0] not in [part[1:] for part in result.log[1]["details"]["segments"]]
    assert (9.5, 11.5) in result.trials[0].rejected


def test_the_seed_decides_and_equal_seeds_agree() -> None:
    raw = recording(CLEAN + BURSTS)
    one, same = (preprocess(raw, (Autoreject(seed=3, **WORKING),)) for _ in range(2))
    assert (one.log, one.trials[0].eeg.tobytes()) == (same.log, same.trials[0].eeg.tobytes())


def test_a_recording_that_would_lose_too_much_is_refused() -> None:
    step = Autoreject(mode="global", most=0.05, **WORKING)
    with pytest.raises(RecordingError, match="drop 8 % of the 60 windows of sub-05, more than the 5 %"):
        preprocess(recording(CLEAN + BURSTS), (step,))


@pytest.mark.parametrize("mode", ["local", "global"])
def test_windows_without_signal_are_dropped_and_draw_no_threshold_down(mode: str) -> None:
    lost = (CLEAN + BURSTS).copy()
    # Padding at the end of a recording, and one electrode that loses contact for two seconds.
    lost[:, 57 * 128 : 59 * 128] *= 1e-3
    lost[CHANNELS.index("Pz"), 30 * 128 : 32 * 128] *= 1e-2
    whole, treated = (preprocess(recording(x), (Autoreject(mode=mode, **WORKING),)) for x in (CLEAN + BURSTS, lost))
    stretches = treated.trials[0].rejected
    assert (30.0, 32.0) in stretches
    assert stretches[-1] == (57.0, 60.0)
    details = treated.log[0]["details"]
    assert details["windows_without_signal"] == 4
    assert "4 of them because a channel loses its signal" in treated.log[0]["decision"]
    lowest = whole.log[0]["details"]["thresholds_uv"]["lowest"]
    assert details["thresholds_uv"]["lowest"] == pytest.approx(lowest, rel=0.3)


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    preprocess(recording((CLEAN + BURSTS)[:, :3840]), (Autoreject(**WORKING),))
    assert capfd.readouterr() == ("", "")


def test_the_package_is_not_shadowed_by_the_module_of_the_same_name() -> None:
    code = (
        "import sys, escgan.preprocessing.autoreject as ours; assert 'autoreject' not in sys.modules;"
        "import autoreject; sys.exit(autoreject is ours or not hasattr(autoreject, 'AutoReject'))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_the_package_the_plan_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("escgan.extras.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"Step 'autoreject' needs the package autoreject: pip install"):
        preprocess(recording(CLEAN), (Autoreject(),))


def test_what_cannot_be_judged_is_refused_with_a_remedy() -> None:
    raw = recording(CLEAN)
    with pytest.raises(RecordingError, match=r"Trial 1 of sub-05 lasts 60 s, less than .* 90 s: shorten window_s"):
        preprocess(raw, (Autoreject(window_s=90),))
    with pytest.raises(
        RecordingError, match="at least 10 windows, one a fold, but the trials of sub-05 hold 6 of 10 s"
    ):
        preprocess(raw, (Autoreject(window_s=10),))
    few = replace(raw, channels=raw.channels[:3], segments=(replace(raw.segments[0], eeg=CLEAN[:3]),))
    with pytest.raises(RecordingError, match="needs 4 good channels, but sub-05 has 3"):
        preprocess(few, (Autoreject(),))
    with pytest.raises(RecordingError, match="cannot interpolate 12 of 19 channels of sub-05: list"):
        preprocess(raw, (Autoreject(n_interpolate=(12, 16)),))


def test_a_baseline_shorter_than_a_window_is_a_warning() -> None:
    raw = recording(CLEAN, spans=(TrialSpan(0, 1, "a", 4.0, 30.0, baseline_s=0.5),))
    (entry,) = preprocess(raw, (Autoreject(mode="global", **WORKING),)).log
    assert entry["warning"] == "1 baselines are shorter than a window and are not judged"


@pytest.mark.parametrize(
    "settings",
    [
        {"mode": "global", "repair": True},
        {"mode": "global", "consensus": (0.5,)},
        {"mode": "global", "n_interpolate": (2,)},
        {"mode": "local", "consensus": ()},
        {"repair": False, "n_interpolate": (2,)},
        {"repair": True, "n_interpolate": ()},
        {"n_interpolate": (0,)},
        {"consensus": (0.0,)},
        {"window_s": 0},
        {"mode": "both"},
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Autoreject(**settings)


def test_each_mode_states_only_settings_that_it_uses() -> None:
    stated = Autoreject(mode="global").model_dump()
    assert (stated["repair"], stated["n_interpolate"], stated["consensus"]) == (False, (), ())
    assert Autoreject(repair=False).n_interpolate == ()


def test_windows_lie_inside_trials_and_baselines_and_leave_no_sample_out() -> None:
    spans = (TrialSpan(0, 1, "a", 1.5, 2.25, baseline_s=1.25), TrialSpan(1, 2, "b", 0.0, 1.0))
    facts = SignalFacts("sub-05", ("Cz",), 8.0, (1, 4), "Cz", 4.0, spans)
    assert cut_windows(facts, 8) == [
        TrialWindow(0, 2, 10, 2), TrialWindow(0, 4, 12, 10),
        TrialWindow(0, 12, 20, 12), TrialWindow(0, 20, 28, 20), TrialWindow(0, 22, 30, 28),
        TrialWindow(1, 0, 8, 0),
    ]  # fmt: skip
    # Rounded times may name one sample more than the segment has.
    assert cut_windows(facts, 8, lengths=(29, 8))[-2] == TrialWindow(0, 21, 29, 28)


def test_dropped_windows_that_follow_each_other_are_one_stretch() -> None:
    windows = [
        TrialWindow(0, 0, 8, 0),
        TrialWindow(0, 8, 16, 8),
        TrialWindow(0, 10, 18, 16),
        TrialWindow(1, 18, 26, 18),
    ]
    assert merged_stretches(windows) == [(0, 0, 18), (1, 18, 26)]
