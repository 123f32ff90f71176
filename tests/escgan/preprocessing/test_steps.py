"""Each step does to the signal what its name says, and says in the log what it did."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from escgan.errors import RecordingError
from escgan.preprocessing import (
    PREPROCESSORS,
    Asr,
    Autoreject,
    BadChannels,
    Bandpass,
    Crop,
    EogRegression,
    Ica,
    Interpolate,
    Notch,
    PreprocessingStep,
    Reference,
    Resample,
    preprocess,
)
from escgan.recording import RawRecording
from tests.escgan.preprocessing.scalp import simulate

MakeRaw = Callable[..., RawRecording]
EXAMPLES = {
    "asr": Asr(),
    "autoreject": Autoreject(cv=3),
    "bad_channels": BadChannels(),
    "bandpass": Bandpass(low_hz=4, high_hz=45),
    "crop": Crop(last_s=20),
    "eog_regression": EogRegression(),
    "ica": Ica(labels="correlation", method="fastica"),
    "interpolate": Interpolate(),
    "notch": Notch(freqs_hz=(50.0, 100.0)),
    "reference": Reference(),
    "resample": Resample(sfreq_hz=128.0),
}
# What a step asks of a recording.
RECORDINGS: dict[str, dict[str, object]] = {"asr": {"passband_hz": (1.0, 250.0)}}
# Steps that are nothing without channels that have something in common, or without EOG.
ON_A_HEAD = {"bad_channels", "eog_regression", "ica", "interpolate"}
# Steps that are nothing without each other.
CHAINS = dict.fromkeys(("bad_channels", "interpolate"), (EXAMPLES["bad_channels"], EXAMPLES["interpolate"]))


def sine(freq_hz: float, seconds: float = 30.0, sfreq: float = 500.0, amplitude: float = 10.0) -> NDArray[np.float64]:
    return amplitude * np.sin(2 * np.pi * freq_hz * np.arange(round(seconds * sfreq)) / sfreq)


def rows(*signals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Four channels: the signals, repeated, each with its own strength."""
    return np.array([(1 + i) * signals[i % len(signals)] for i in range(4)])


def middle(eeg: NDArray[np.floating]) -> NDArray[np.floating]:
    """Leave out the edges, where any filter has an artefact."""
    n = eeg.shape[-1]
    return eeg[..., n // 4 : 3 * n // 4]


def test_every_registered_step_has_an_example_here() -> None:
    assert EXAMPLES.keys() == PREPROCESSORS.keys()


@pytest.mark.parametrize("kind", PREPROCESSORS)
def test_every_step_keeps_the_contract(kind: str, make_raw: MakeRaw) -> None:
    step = EXAMPLES[kind]
    assert (type(step), step.kind) == (PREPROCESSORS[kind], kind)
    assert TypeAdapter(PreprocessingStep).validate_python(step.model_dump(mode="json")) == step
    if kind in ON_A_HEAD:
        raw = simulate(20.0).recording(n_segments=1, reference="linked ears", eog=True)
    else:
        raw = make_raw(**RECORDINGS.get(kind, {}))
    before = raw.segments[0].eeg.copy()
    first, second = (preprocess(raw, CHAINS.get(kind, (step,))) for _ in range(2))
    np.testing.assert_array_equal(raw.segments[0].eeg, before)
    (trial,) = first.trials
    assert trial.eeg.dtype == np.float32
    assert trial.eeg.tobytes() == second.trials[0].eeg.tobytes()
    assert (first.log, first.quality, first.spectra) == (second.log, second.quality, second.spectra)
    (entry,) = (entry for entry in first.log if entry["step"] == kind)
    assert entry["settings"] == step.model_dump(mode="json", exclude={"kind"})
    assert entry["decision"]
    assert "warning" not in entry


def test_an_unknown_step_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValidationError, match=r"bandpass.*notch.*reference.*resample"):
        TypeAdapter(PreprocessingStep).validate_python({"kind": "bandpas"})


def test_a_band_pass_keeps_amplitude_and_phase_inside_and_removes_the_rest(make_raw: MakeRaw) -> None:
    inside, below, above = sine(10.0), sine(1.0), sine(90.0)
    recording = preprocess(make_raw(rows(inside + below + above)), (Bandpass(low_hz=4, high_hz=45),))
    np.testing.assert_allclose(middle(recording.trials[0].eeg), middle(rows(inside)), atol=0.2)
    assert recording.passband_hz == (4.0, 45.0)


def test_one_sided_filters_leave_the_other_side(make_raw: MakeRaw) -> None:
    low, high = sine(2.0), sine(60.0)
    kept_low = preprocess(make_raw(rows(low + high)), (Bandpass(high_hz=30),))
    kept_high = preprocess(make_raw(rows(low + high)), (Bandpass(low_hz=30),))
    np.testing.assert_allclose(middle(kept_low.trials[0].eeg), middle(rows(low)), atol=0.2)
    np.testing.assert_allclose(middle(kept_high.trials[0].eeg), middle(rows(high)), atol=0.2)
    assert (kept_low.passband_hz, kept_high.passband_hz) == ((0.1, 30.0), (30.0, 250.0))


def test_a_notch_removes_its_line_and_nothing_beside_it(make_raw: MakeRaw) -> None:
    kept, mains = sine(44.0), sine(50.0)
    recording = preprocess(make_raw(rows(kept + mains)), (Notch(freqs_hz=(50.0,)),))
    np.testing.assert_allclose(middle(recording.trials[0].eeg), middle(rows(kept)), atol=0.3)


def test_the_average_reference_sums_to_zero_and_keeps_differences(make_raw: MakeRaw) -> None:
    raw = make_raw()
    recording = preprocess(raw, (Reference(),))
    (trial,) = recording.trials
    np.testing.assert_allclose(trial.eeg.sum(axis=0), 0.0, atol=1e-4)
    eeg = raw.segments[0].eeg
    np.testing.assert_allclose(trial.eeg[0] - trial.eeg[3], eeg[0] - eeg[3], atol=1e-4)
    assert recording.reference == "average"


def test_reference_channels_are_subtracted_and_dropped(make_raw: MakeRaw) -> None:
    raw = make_raw(channels=("Fz", "M1", "Cz", "M2"))
    recording = preprocess(raw, (Reference(to=("M1", "M2")),))
    eeg = raw.segments[0].eeg
    assert recording.channels == ("Fz", "Cz")
    assert recording.reference == "mean of M1, M2"
    np.testing.assert_allclose(recording.trials[0].eeg, eeg[[0, 2]] - (eeg[1] + eeg[3]) / 2, atol=1e-4)
    assert [row["channel"] for row in recording.quality] == ["Fz", "Cz"]


def test_resampling_keeps_the_signal_at_the_new_times_and_does_not_alias(make_raw: MakeRaw) -> None:
    # 100 Hz would fold to 28 Hz at 128 samples a second.
    recording = preprocess(make_raw(rows(sine(10.0) + sine(100.0))), (Resample(sfreq_hz=128.0),))
    eeg = recording.trials[0].eeg
    assert (recording.sfreq, eeg.shape) == (128.0, (4, 30 * 128))
    np.testing.assert_allclose(middle(eeg), middle(rows(sine(10.0, sfreq=128.0))), atol=0.1)
    assert recording.passband_hz == (0.1, 64.0)


@pytest.mark.parametrize(
    ("step", "facts", "warning"),
    [
        (Reference(), {"reference": "average"}, "already average-referenced"),
        (Resample(sfreq_hz=500.0), {}, "already has 500 Hz"),
        (Bandpass(low_hz=1, high_hz=100), {"passband_hz": (4.0, 45.0)}, "already ends at 4 and 45 Hz"),
        (Notch(freqs_hz=(50.0,)), {"passband_hz": (4.0, 45.0)}, "50 Hz lies outside the 4-45 Hz"),
    ],
)
def test_asking_for_what_the_corpus_already_did_is_a_warning_in_the_log(
    step: Bandpass | Notch | Reference | Resample, facts: dict[str, object], warning: str, make_raw: MakeRaw
) -> None:
    (entry,) = preprocess(make_raw(**facts), (step,)).log
    assert warning in entry["warning"]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (Bandpass(high_hz=250), "at 250 Hz is not below half the sampling rate of 500 Hz in sub-05: lower"),
        (Bandpass(low_hz=0.05), "needs segments of at least 66.0 s, but one of sub-05 lasts 30.0 s: raise"),
        (Bandpass(low_hz=201), "leaves nothing of sub-05, whose signal reaches from 0.1 to 200 Hz: choose"),
        (Notch(freqs_hz=(50.0, 250.0)), "notch at 250 Hz .* in sub-05: remove it or put it before"),
        (Reference(to=("Cz", "M1")), "sub-05 has no reference channel 'M1': choose among Fz, Cz, Pz, Oz"),
        (Reference(to=("Fz", "Cz", "Pz", "Oz")), "sub-05 has no channel left beside its reference: name fewer"),
        (Resample(sfreq_hz=512.0), "sub-05 was sampled at 500 Hz and cannot be resampled to 512 Hz: choose"),
    ],
)
def test_what_cannot_be_done_on_a_recording_is_refused_with_a_remedy(
    step: Bandpass | Notch | Reference | Resample, message: str, make_raw: MakeRaw
) -> None:
    with pytest.raises(RecordingError, match=message):
        preprocess(make_raw(passband_hz=(0.1, 200.0)), (step,))


def test_a_notch_needs_a_segment_as_long_as_its_filter(make_raw: MakeRaw) -> None:
    with pytest.raises(RecordingError, match=r"at least 6\.6 s, but one of sub-05 lasts 5.0 s"):
        preprocess(make_raw(rows(sine(10.0, seconds=5.0))), (Notch(freqs_hz=(50.0,)),))


def test_a_notch_after_resampling_is_measured_against_the_new_rate(make_raw: MakeRaw) -> None:
    steps = (Resample(sfreq_hz=90.0), Notch(freqs_hz=(50.0,)))
    with pytest.raises(RecordingError, match="half the sampling rate of 90 Hz"):
        preprocess(make_raw(), steps)


@pytest.mark.parametrize(
    "settings",
    [
        {"kind": "bandpass"},
        {"kind": "bandpass", "low_hz": 30, "high_hz": 4},
        {"kind": "bandpass", "low_hz": -1},
        {"kind": "notch", "freqs_hz": []},
        {"kind": "notch", "freqs_hz": [0]},
        {"kind": "reference", "to": []},
        {"kind": "reference", "to": ["M1", "M1"]},
        {"kind": "resample", "sfreq_hz": 0},
        {"kind": "resample", "rate": 128},
    ],
)
def test_settings_that_make_no_sense_are_refused_on_construction(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(PreprocessingStep).validate_python(settings)
