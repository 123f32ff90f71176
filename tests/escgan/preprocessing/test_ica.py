"""Components of eyes and heart are found and removed, by one decomposition a recording; the rest is left alone."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import mne
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from escgan.datasets.eegmat import EegmatConfig
from escgan.errors import ConfigError, RecordingError
from escgan.preprocessing import BadChannels, Ica, Interpolate, Reference, preprocess
from escgan.recording import RawRecording
from tests.escgan.preprocessing.scalp import CHANNELS, SFREQ, as_signal, correlation, joined_trials, scalp_of, simulate

# FastICA settles in a second on so little signal; extended infomax, the default, takes many.
FAST = {"labels": "correlation", "method": "fastica"}
HEAD = simulate(30.0)
EEG = HEAD.brain + HEAD.blinks
FRONTAL = [CHANNELS.index("Fp1"), CHANNELS.index("Fp2")]


def with_eyes(eeg: NDArray[np.float64] | None = None, **given: object) -> RawRecording:
    return HEAD.recording(eeg=eeg, eog=True, **given)


def blink_height(eeg: NDArray[np.float64], eye: NDArray[np.float64] = HEAD.eye) -> NDArray[np.float64]:
    """How high a blink stands in each channel in microvolts, by regression on the true pulses."""
    pulses = eye - eye.mean()
    return (eeg - eeg.mean(axis=1, keepdims=True)) @ pulses / (pulses @ pulses)


def test_the_blink_is_removed_and_the_brain_comes_out() -> None:
    recording = preprocess(with_eyes(), (Ica(**FAST),))
    out = joined_trials(recording)
    chance = blink_height(HEAD.brain)
    before, after = blink_height(EEG) - chance, blink_height(out) - chance
    assert before[FRONTAL].min() > 50
    assert np.abs(after).max() < before[FRONTAL].min() / 15
    assert correlation(EEG, HEAD.brain) < 0.85
    assert correlation(out, HEAD.brain) > 0.98
    (entry,) = recording.log
    assert entry["decision"].startswith(
        "FastICA above 1 Hz, less the components that correlate with VEO as eye blink (0.5 or more): 1 of 18"
    )
    (component,) = entry["details"]["components"]
    assert {**component, "component": 0, "explained_variance": 0, "correlation": 0} == {
        "component": 0, "label": "eye blink", "channel": "VEO", "correlation": 0, "explained_variance": 0
    }  # fmt: skip
    assert component["correlation"] > 0.9


def test_the_explained_variance_is_what_the_signal_has_lost() -> None:
    eeg = EEG - EEG.mean(axis=1, keepdims=True)
    recording = preprocess(with_eyes(eeg, n_segments=1, passband_hz=(1.0, 125.0)), (Ica(**FAST),))
    (component,) = recording.log[0]["details"]["components"]
    lost = np.var(eeg - joined_trials(recording), axis=0).mean()
    left = np.var(joined_trials(recording), axis=0).mean()
    total = np.var(eeg, axis=0).mean()
    assert component["explained_variance"] == pytest.approx(1 - left / total, abs=2e-4)
    blinks = HEAD.blinks - HEAD.blinks.mean(axis=1, keepdims=True)
    assert lost == pytest.approx(np.var(blinks, axis=0).mean(), rel=0.1)


def test_iclabel_knows_a_blink_without_eog_and_equal_input_gives_equal_bytes() -> None:
    step = Ica(fit_every=4)
    first, second = (preprocess(HEAD.recording(), (step,)) for _ in range(2))
    out = joined_trials(first)
    assert correlation(out, HEAD.brain) > 0.97
    assert [trial.eeg.tobytes() for trial in first.trials] == [trial.eeg.tobytes() for trial in second.trials]
    assert first.log == second.log
    (entry,) = first.log
    assert "warning" not in entry
    assert entry["decision"].startswith(
        "extended infomax above 1 Hz, less the components that ICLabel takes for eye blink (0.8 or more): "
    )
    components = entry["details"]["components"]
    assert {component["label"] for component in components} == {"eye blink"}
    assert max(component["probability"] for component in components) > 0.9
    assert entry["details"]["n_fitted"] == 18
    assert entry["details"]["n_samples"] == round(30 * SFREQ / 4)


def test_a_heartbeat_is_found_by_the_ecg() -> None:
    heart = np.outer(30 * np.linspace(-1, 1, len(CHANNELS)), HEAD.heart)
    aux = {"ECG": ("ecg", 800 * HEAD.heart), "VEO": ("eog", HEAD.veo)}
    raw = HEAD.recording(eeg=EEG + heart, aux=aux)
    recording = preprocess(raw, (Ica(**FAST, reject=("eye blink", "heart beat")),))
    components = recording.log[0]["details"]["components"]
    assert [(one["label"], one["channel"]) for one in components].count(("heart beat", "ECG")) == 1
    out = joined_trials(recording)
    chance = blink_height(EEG, HEAD.heart)
    before = blink_height(EEG + heart, HEAD.heart) - chance
    after = blink_height(out, HEAD.heart) - blink_height(HEAD.brain, HEAD.heart)
    assert np.abs(after).max() < np.abs(before).max() / 5
    assert Ica(**FAST, reject=("eye blink", "heart beat")).plan(as_signal(raw).facts).facts.cleaned == {"cardiac"}


def test_one_decomposition_serves_all_segments() -> None:
    raw = with_eyes(n_segments=3)
    recording = preprocess(raw, (Ica(**FAST),))
    first = raw.segments[0].eeg
    # What takes the first segment to its cleaned form takes the others to theirs (to rank 18, and but for an offset).
    kept = slice(0, 18)
    design = np.vstack([first[kept], np.ones(first.shape[1])])
    matrix = np.linalg.lstsq(design.T, recording.trials[0].eeg.T.astype(np.float64))[0]
    for part, trial in list(zip(raw.segments, recording.trials, strict=True))[1:]:
        predicted = np.vstack([part.eeg[kept], np.ones(part.eeg.shape[1])]).T @ matrix
        np.testing.assert_allclose(predicted.T, trial.eeg, atol=0.02)


def test_slow_potentials_are_kept_although_the_fit_does_not_see_them() -> None:
    drift = np.outer(np.linspace(-40, 40, len(CHANNELS)), np.sin(2 * np.pi * 0.05 * np.arange(EEG.shape[1]) / SFREQ))
    recording = preprocess(with_eyes(EEG + drift, n_segments=1), (Ica(**FAST),))
    out = joined_trials(recording)
    rows = [CHANNELS.index(channel) for channel in ("O1", "O2", "P8", "P4")]
    assert correlation(out[rows], (HEAD.brain + drift)[rows]) > 0.98


def test_where_nothing_is_found_no_sample_is_changed() -> None:
    raw = HEAD.recording(eeg=HEAD.brain, eog=True)
    recording = preprocess(raw, (Ica(**FAST, threshold=0.99),))
    for trial, part in zip(recording.trials, raw.segments, strict=True):
        np.testing.assert_array_equal(trial.eeg, (part.eeg / 1e6 * 1e6).astype(np.float32))
    (entry,) = recording.log
    assert "0 of 18 components removed: none" in entry["decision"]
    assert entry["details"]["components"] == []


def test_components_are_as_many_as_the_signal_s_rank() -> None:
    def fitted(*steps: object, eeg: NDArray[np.float64] = EEG, reference: str = "left ear") -> int:
        return preprocess(with_eyes(eeg, reference=reference), (*steps,)).log[-1]["details"]["n_fitted"]

    quick = {**FAST, "fit_every": 8}
    own = np.random.default_rng(6).normal(0, 1, EEG.shape)
    assert fitted(Ica(**quick), eeg=EEG + own) == 19
    # Of an average reference that was rounded when it was written, only the facts tell.
    assert fitted(Ica(**quick), eeg=EEG + own, reference="average") == 18
    assert fitted(Reference(), Ica(**quick), eeg=EEG + own) == 18
    dead = EEG + own
    dead[5] = 0.0
    rebuilt = (BadChannels(detectors=()), Interpolate())
    assert fitted(*rebuilt, Ica(**quick), eeg=dead) == 18
    assert fitted(*rebuilt, Reference(), Ica(**quick), eeg=dead) == 17
    assert fitted(Ica(**quick, n_components=7), eeg=EEG + own) == 7
    assert fitted(Reference(), Ica(**quick, n_components=19), eeg=EEG + own) == 18


def test_marked_channels_take_no_part() -> None:
    wild = EEG.copy()
    wild[7] = 1e4 * np.random.default_rng(1).normal(size=wild.shape[1])
    signal = as_signal(with_eyes(wild), ("T7",))
    findings = Ica(**FAST).treat(signal)
    out = scalp_of(signal)
    np.testing.assert_allclose(out[7], wild[7])
    assert findings.details["n_fitted"] == 18
    assert findings.details["components"][0]["explained_variance"] > 0.05
    others = [i for i in range(len(CHANNELS)) if i != 7]
    assert correlation(out[others], HEAD.brain[others]) > 0.97


def test_stretches_found_unusable_take_no_part_in_the_fit() -> None:
    wild = EEG.copy()
    wild[:, 1000:2000] += 3e3 * np.random.default_rng(1).normal(size=(len(CHANNELS), 1000))
    signal = as_signal(with_eyes(wild, n_segments=1))
    signal.segments[0].set_annotations(mne.Annotations([2.0], [8.0], ["BAD_burst"]))
    findings = Ica(**FAST).treat(signal)
    assert findings.details["n_samples"] == EEG.shape[1] - round(8 * SFREQ)
    clean = np.r_[0:500, 2500 : EEG.shape[1]]
    assert correlation(scalp_of(signal)[:, clean], HEAD.brain[:, clean]) > 0.97


@pytest.mark.parametrize(
    ("settings", "given", "warning"),
    [
        ({}, {}, None),
        ({}, {"reference": "left ear"}, "this one is referenced to left ear and not to the average"),
        ({}, {"passband_hz": (4.0, 45.0)}, "this one reaches from 4 to 45 Hz and not from 1 to 100 Hz"),
        ({"fit_low_hz": 2.0}, {}, "reaches from 2 to 100 Hz"),
        ({"method": "fastica"}, {}, "is decomposed by fastica and not by extended infomax"),
        (FAST, {"reference": "left ear", "passband_hz": (4.0, 45.0)}, None),
    ],
)
def test_where_iclabel_was_trained_on_other_signals_it_is_said(
    settings: dict[str, object], given: dict[str, object], warning: str | None
) -> None:
    plan = Ica(**settings).plan(as_signal(with_eyes(**given)).facts)
    assert (plan.warning is None) if warning is None else (warning in str(plan.warning))


@pytest.mark.parametrize(
    ("settings", "given", "message"),
    [
        (FAST, {"auxiliary": {"ECG": "ecg"}}, "sub-05 has no EOG channel to find 'eye blink' by: use labels 'iclabel'"),
        (
            {**FAST, "reject": ("eye blink", "heart beat")},
            {"auxiliary": {"VEO": "eog"}},
            "sub-05 has no ECG channel to find 'heart beat' by",
        ),
        ({"n_components": 20}, {}, "sub-05 has 19 channels and cannot give 20 components: lower"),
        ({}, {"shortest_s": 2.0}, r"'ica' needs segments of at least 3\.3 s, but one of sub-05 lasts 2\.0 s"),
        ({"fit_low_hz": 60.0}, {"passband_hz": (4.0, 45.0)}, "decides from what lies above 60 Hz, .* ends at 45 Hz"),
    ],
)
def test_what_cannot_be_fitted_or_labelled_is_refused_from_the_facts(
    settings: dict[str, object], given: dict[str, object], message: str
) -> None:
    with pytest.raises(RecordingError, match=message):
        Ica(**settings).plan(replace(as_signal(with_eyes()).facts, **given))


def test_one_signal_in_all_channels_is_nothing_to_decompose() -> None:
    same = np.tile(EEG[:1], (len(CHANNELS), 1))
    with pytest.raises(RecordingError, match="sub-05 hold fewer than two independent signals"):
        Ica(**FAST).treat(as_signal(with_eyes(same, reference="left ear")))


@pytest.mark.parametrize(("missing", "package"), [("mne_icalabel", "mne-icalabel"), ("onnxruntime", "onnxruntime")])
def test_a_missing_package_is_named_before_anything_is_computed(
    missing: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("escgan.extras.find_spec", lambda module: None if module == missing else True)
    facts = as_signal(with_eyes()).facts
    with pytest.raises(
        ConfigError,
        match=rf"^Step 'ica' with ICLabel needs the package {package}: pip install 'escgan\[preprocessing\]'\.$",
    ):
        Ica().plan(facts)
    assert Ica(**FAST).plan(facts).decision


@pytest.mark.parametrize(
    "settings",
    [
        {"labels": "correlation", "reject": ["eye blink", "muscle artifact"]},
        {"reject": ["eye blink", "eye blink"]},
        {"reject": []},
        {"reject": ["brain"]},
        {"n_components": 1},
        {"threshold": 1.0},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Ica(**settings)


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    Ica(**FAST).treat(as_signal(with_eyes()))
    assert capfd.readouterr() == ("", "")


def test_a_decomposition_that_blows_up_is_the_recording_s_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(message: str) -> None:
        def fit(*_: object, **__: object) -> None:
            raise ValueError(message)

        monkeypatch.setattr(mne.preprocessing.ICA, "fit", fit)

    fail("Error in Infomax: unmixing_matrix matrix might not be invertible.")
    with pytest.raises(RecordingError, match="The decomposition of sub-05 into 18 components does not hold still"):
        Ica().treat(as_signal(with_eyes()))
    fail("something else")
    with pytest.raises(ValueError, match="something else"):
        Ica().treat(as_signal(with_eyes()))


@pytest.mark.eegmat
@pytest.mark.skipif("ESCGAN_EEGMAT" not in os.environ, reason="ESCGAN_EEGMAT names no folder")
def test_iclabel_takes_blinks_from_the_front_of_a_real_recording() -> None:
    corpus = EegmatConfig()
    raw = corpus.read(corpus.discover(Path(os.environ["ESCGAN_EEGMAT"]))[1])
    first = (BadChannels(), Interpolate(), Reference())
    before, after = preprocess(raw, first), preprocess(raw, (*first, Ica(fit_every=4)))
    (component,) = after.log[-1]["details"]["components"]
    assert component["label"] == "eye blink"
    rows = {channel: i for i, channel in enumerate(raw.channels)}
    left = joined_trials(after).std(axis=1) / joined_trials(before).std(axis=1)
    assert max(left[rows["Fp1"]], left[rows["Fp2"]]) < 0.97 < min(left[rows["O1"]], left[rows["Pz"]])
