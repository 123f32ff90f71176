"""Dead, noisy and strange channels are found, for the whole recording, and a recording full of them is refused."""

from __future__ import annotations

from dataclasses import replace

import mne
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError
from pyprep import NoisyChannels
from scipy.signal import butter, sosfiltfilt

from escgan.errors import ConfigError, RecordingError
from escgan.preprocessing import BadChannels, Interpolate, preprocess
from escgan.preprocessing.electrodes import recording_info
from escgan.recording import RawRecording
from tests.escgan.preprocessing.scalp import CHANNELS, SFREQ, Scalp, as_signal, correlation, joined_trials, simulate

N_TIMES = round(40 * SFREQ)
NOISE = np.random.default_rng(3).normal(size=(3, N_TIMES))
FAST = sosfiltfilt(butter(4, [70, 110], "bandpass", fs=SFREQ, output="sos"), NOISE[1])
HEAD = simulate(40.0)


def spoilt(**signals: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Replace channels of the simulated head."""
    eeg = HEAD.brain + HEAD.blinks
    for channel, values in signals.items():
        eeg[CHANNELS.index(channel)] = values
    return eeg


def row(channel: str, head: Scalp = HEAD) -> NDArray[np.float64]:
    return head.brain[CHANNELS.index(channel)]


def recording(eeg: NDArray[np.float64], **given: object) -> RawRecording:
    return HEAD.recording(eeg=eeg, **{"reference": "linked ears", **given})


def reasons(raw: RawRecording, **settings: object) -> dict[str, list[str]]:
    signal = as_signal(raw)
    details = BadChannels(**settings).treat(signal).details
    for segment in signal.segments:
        assert segment.info["bads"] == details["channels"] == list(details["reasons"])
    return details["reasons"]


def test_a_clean_head_has_no_bad_channel() -> None:
    assert reasons(recording(spoilt())) == {}


def test_dead_and_noisy_channels_are_found_and_nothing_beside_them() -> None:
    found = reasons(recording(spoilt(F3=5.0, P7=row("P7") + 80 * NOISE[0])))
    assert list(found) == ["F3", "P7"]
    assert found["F3"] == ["flat"]
    assert "deviation" in found["P7"]


def test_each_detector_finds_what_it_is_for() -> None:
    strong, hissing = 12 * row("C4"), row("O1") + 6 * FAST / FAST.std()
    # As strong as its neighbours and as smooth, but of another head.
    strange = row("T8", simulate(40.0, seed=8))
    eeg = spoilt(C4=strong, O1=hissing, T8=strange)
    assert reasons(recording(eeg), detectors=("deviation",)) == {"C4": ["deviation"]}
    assert reasons(recording(eeg), detectors=("hf_noise",)) == {"O1": ["hf_noise"]}
    assert reasons(recording(eeg), detectors=("correlation",), uncorrelated_share=0.3) == {"T8": ["correlation"]}
    assert reasons(recording(eeg), detectors=()) == {}


def test_the_share_of_strange_seconds_decides() -> None:
    eeg = spoilt()
    eeg[CHANNELS.index("Pz"), 3000:4000] = 10 * NOISE[0, 3000:4000]
    assert "correlation" in reasons(recording(eeg))["Pz"]
    assert reasons(recording(eeg), uncorrelated_share=0.2) == {}


def test_the_verdict_is_that_of_pyprep_on_one_segment() -> None:
    raw = recording(spoilt(C4=6 * row("C4"), O1=row("O1") + 4 * NOISE[0], T8=8 * NOISE[2]), n_segments=1)
    info = recording_info(CHANNELS, {}, SFREQ, "x")
    with mne.use_log_level("error"):
        noisy = NoisyChannels(mne.io.RawArray(raw.segments[0].eeg * 1e-6, info), do_detrend=True)
        noisy.find_bad_by_deviation()
        noisy.find_bad_by_correlation()
        noisy.find_bad_by_hfnoise()
    found = reasons(raw)
    assert len(found) >= 3
    for detector, theirs in {
        "deviation": noisy.bad_by_deviation,
        "correlation": noisy.bad_by_correlation,
        "hf_noise": noisy.bad_by_hf_noise,
    }.items():
        assert {channel for channel, why in found.items() if detector in why} == set(theirs)


def test_a_channel_that_is_dead_in_one_segment_is_bad_in_all() -> None:
    eeg = spoilt()
    eeg[CHANNELS.index("Fz"), :500] = 3.0
    raw = recording(eeg, n_segments=20, passband_hz=(1.0, 125.0))
    assert reasons(raw, detectors=()) == {"Fz": ["flat"]}


def test_ransac_finds_what_does_not_fit_its_place() -> None:
    # Fp1 records the back of the head: like another channel, but not like its neighbours.
    eeg = spoilt(Fp1=row("O2") + 0.5 * NOISE[0])
    assert "Fp1" not in reasons(recording(eeg))
    ransac = {"detectors": ("deviation", "correlation", "ransac"), "uncorrelated_share": 0.1}
    found = reasons(recording(eeg), **ransac)
    assert found["Fp1"] == ["ransac"]
    assert reasons(recording(eeg), **ransac) == found


def test_stretches_found_unusable_are_not_judged() -> None:
    eeg = spoilt()
    eeg[CHANNELS.index("Pz"), 1000:2000] += 300 * NOISE[0, 1000:2000]
    signal = as_signal(recording(eeg, n_segments=1))
    assert BadChannels().treat(signal).details["channels"] == ["Pz"]
    signal = as_signal(recording(eeg, n_segments=1))
    # The high-pass smears the burst by less than two seconds.
    signal.segments[0].set_annotations(mne.Annotations([2.0], [8.0], ["BAD_burst"]))
    assert BadChannels().treat(signal).details["channels"] == []


def test_a_pause_filled_with_one_value_condemns_nobody() -> None:
    eeg = spoilt()
    eeg[:, 4000:5500] = -12.0
    assert reasons(recording(eeg, n_segments=1, passband_hz=(1.0, 125.0))) == {}
    assert reasons(recording(eeg, n_segments=1)) == {}


def test_auxiliary_channels_are_never_judged() -> None:
    aux = {"M1": ("mastoid", np.zeros(N_TIMES)), "VEO": ("eog", 1e4 * NOISE[0])}
    assert reasons(recording(spoilt(), aux=aux)) == {}


def test_channels_marked_before_stay_marked() -> None:
    signal = as_signal(recording(spoilt(F3=5.0)), bads=("O2",))
    findings = BadChannels().treat(signal)
    assert findings.details["channels"] == ["F3"]
    assert [segment.info["bads"] for segment in signal.segments] == [["F3", "O2"]] * 2


def test_in_the_chain_a_dead_and_a_noisy_channel_are_rebuilt_close_to_the_truth() -> None:
    truth = HEAD.brain + HEAD.blinks
    raw = recording(spoilt(F3=5.0, P7=row("P7") + 80 * NOISE[0]))
    treated = preprocess(raw, (BadChannels(), Interpolate()))
    out = joined_trials(treated)
    for channel in ("F3", "P7"):
        i = CHANNELS.index(channel)
        assert correlation(out[i], truth[i]) > 0.9
    others = [i for i, channel in enumerate(CHANNELS) if channel not in ("F3", "P7")]
    np.testing.assert_allclose(out[others], truth[others], atol=1e-4)
    entry = treated.log[0]
    assert entry["decision"].startswith(
        "channels judged together by flat, deviation, correlation, hf_noise (PREP): F3 (flat), P7 (deviation"
    )
    assert entry["details"]["channels"] == ["F3", "P7"]


def test_the_chain_wants_marked_channels_rebuilt() -> None:
    with pytest.raises(ConfigError, match="add the step 'interpolate'"):
        preprocess(recording(spoilt()), (BadChannels(),))


def test_a_recording_with_too_many_bad_channels_is_refused() -> None:
    raw = recording(spoilt(F3=5.0, P7=row("P7") + 80 * NOISE[0], O2=0.0))
    with pytest.raises(
        RecordingError,
        match=r"3 of the 19 channels of sub-05 are bad \(F3: flat; P7: deviation.*; O2: flat\), more than the share of "
        r"0.15 that may be rebuilt: leave",
    ):
        BadChannels(most=0.15).treat(as_signal(raw))
    assert len(reasons(raw, most=0.16)) == 3


def test_a_dead_recording_is_refused() -> None:
    with pytest.raises(RecordingError, match="19 of the 19 channels of sub-05 are bad"):
        BadChannels().treat(as_signal(recording(np.zeros_like(HEAD.brain))))


def test_what_is_left_without_bad_stretches_must_be_enough() -> None:
    signal = as_signal(recording(spoilt(), n_segments=1))
    signal.segments[0].set_annotations(mne.Annotations([0.0], [31.5], ["BAD_burst"]))
    with pytest.raises(RecordingError, match=r"Only 8.5 s of sub-05 are usable, .*: leave"):
        BadChannels().treat(signal)


def test_high_frequencies_are_not_judged_where_there_are_none() -> None:
    facts = as_signal(recording(spoilt(), passband_hz=(0.5, 45.0))).facts
    plan = BadChannels().plan(facts)
    assert "ends at 45 Hz, so 'hf_noise', which looks above 50 Hz, is left out" in str(plan.warning)
    assert plan.decision == "channels judged together by flat, deviation, correlation (PREP)"
    assert plan.facts.bads_marked
    assert BadChannels(detectors=("deviation",)).plan(facts).warning is None
    hissing = recording(spoilt(O1=row("O1") + 6 * FAST / FAST.std()), passband_hz=(0.5, 45.0))
    assert reasons(hissing, detectors=("hf_noise",)) == {}


def test_an_average_reference_before_is_warned_of() -> None:
    plan = BadChannels().plan(as_signal(recording(spoilt(), reference="average")).facts)
    assert "spreads a bad channel over all others" in str(plan.warning)


@pytest.mark.parametrize(
    ("settings", "given", "message"),
    [
        ({}, {"shortest_s": 3.0}, r"needs segments of at least 3.3 s, but one of sub-05 lasts 3.0 s: remove"),
        (
            {"detectors": ("deviation", "correlation", "ransac")},
            {"channels": CHANNELS[:13]},
            "RANSAC needs at least 14 channels, but sub-05 has 13: remove 'ransac'",
        ),
        ({}, {"channels": CHANNELS[:3]}, "by comparison, but sub-05 has only 3 channels: remove"),
    ],
)
def test_what_cannot_be_judged_is_refused(settings: dict[str, object], given: dict[str, object], message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        BadChannels(**settings).plan(replace(as_signal(recording(spoilt())).facts, **given))


def test_fourteen_channels_are_enough_for_ransac_until_one_is_dead() -> None:
    raw = recording(spoilt())
    few = replace(
        raw,
        channels=CHANNELS[:14],
        segments=tuple(replace(segment, eeg=segment.eeg[:14].copy()) for segment in raw.segments),
    )
    step = BadChannels(detectors=("deviation", "correlation", "ransac"), uncorrelated_share=0.2)
    assert "RANSAC left out" not in step.treat(as_signal(few)).decision
    for segment in few.segments:
        segment.eeg[3] = 0.0
    assert step.treat(as_signal(few)).decision.endswith("RANSAC left out, because too few channels are good")


def test_a_missing_package_is_named_before_anything_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("escgan.extras.find_spec", lambda module: None)
    with pytest.raises(
        ConfigError, match=r"^Step 'bad_channels' needs the package pyprep: pip install 'escgan\[preprocessing\]'\.$"
    ):
        BadChannels().plan(as_signal(recording(spoilt())).facts)


@pytest.mark.parametrize(
    "settings",
    [{"detectors": ["ransac"]}, {"detectors": ["deviation", "deviation"]}, {"most": 0.6}, {"uncorrelated_share": 0}],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        BadChannels(**settings)


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    step = BadChannels(detectors=("deviation", "correlation", "hf_noise", "ransac"))
    step.treat(as_signal(recording(spoilt())))
    assert capfd.readouterr() == ("", "")
