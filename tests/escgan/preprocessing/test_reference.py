"""Every reference is what its name says, for channels and mastoids alike, and bad channels stay out of it."""

from __future__ import annotations

import mne
import numpy as np
import pytest
from numpy.typing import NDArray

from escgan.errors import RecordingError
from escgan.preprocessing import Reference, preprocess
from escgan.preprocessing.electrodes import recording_info
from escgan.preprocessing.sphere import head_sphere
from escgan.preprocessing.step import SignalFacts
from escgan.recording import RawRecording
from tests.escgan.preprocessing.scalp import CHANNELS, SFREQ, as_signal, joined_trials, scalp_of, simulate

HEAD = simulate(4.0)
EEG = HEAD.brain + HEAD.blinks
RNG = np.random.default_rng(5)
M1, M2 = RNG.normal(0, 9, (2, EEG.shape[1]))


def with_mastoids(reference: str = "Cz", **aux: tuple[str, NDArray[np.float64]]) -> RawRecording:
    return HEAD.recording(aux={"VEO": ("eog", HEAD.veo), "M1": ("mastoid", M1), "M2": ("mastoid", M2), **aux},
                          reference=reference)  # fmt: skip


def test_the_mastoid_reference_subtracts_the_mean_of_the_mastoids() -> None:
    recording = preprocess(with_mastoids(), (Reference(to="mastoids"),))
    np.testing.assert_allclose(joined_trials(recording), EEG - (M1 + M2) / 2, atol=1e-4)
    assert (recording.channels, recording.reference) == (CHANNELS, "mean of M1, M2")
    assert recording.log[0]["decision"] == "mean of M1, M2, instead of Cz"


def test_a_mastoid_can_be_named_alone_and_no_scalp_channel_is_lost() -> None:
    recording = preprocess(with_mastoids(), (Reference(to=("M2",)),))
    np.testing.assert_allclose(joined_trials(recording), EEG - M2, atol=1e-4)
    assert (recording.channels, recording.reference) == (CHANNELS, "M2")


@pytest.mark.parametrize("first", ["average", "rest", "mastoids", ("M1",), ("Cz",)])
def test_the_mastoids_move_with_the_scalp_so_that_the_last_reference_counts(first: str | tuple[str, ...]) -> None:
    recording = preprocess(with_mastoids("left ear"), (Reference(to=first), Reference(to="mastoids")))
    kept = [i for i, channel in enumerate(CHANNELS) if channel in recording.channels]
    np.testing.assert_allclose(joined_trials(recording), (EEG - (M1 + M2) / 2)[kept], atol=1e-4)


def test_the_eog_keeps_its_own_reference() -> None:
    signal = as_signal(with_mastoids())
    before = [part.get_data(picks=["VEO"]) for part in signal.segments]
    Reference().treat(signal)
    for part, values in zip(signal.segments, before, strict=True):
        np.testing.assert_array_equal(part.get_data(picks=["VEO"]), values)


def test_rest_is_what_mne_computes_on_the_same_sphere() -> None:
    origin, radius = head_sphere()
    raw = mne.io.RawArray(EEG * 1e-6, recording_info(CHANNELS, {}, SFREQ, "x"), verbose="error")
    sphere = mne.make_sphere_model(origin, radius, raw.info, verbose="error")
    sources = mne.setup_volume_source_space(sphere=sphere, pos=15.0, exclude=30.0, verbose="error")
    forward = mne.make_forward_solution(raw.info, None, sources, sphere, meg=False, verbose="error")
    raw.set_eeg_reference("REST", forward=forward, verbose="error")
    recording = preprocess(HEAD.recording(), (Reference(to="rest"),))
    np.testing.assert_allclose(joined_trials(recording), raw.get_data() * 1e6, atol=1e-4)
    assert recording.reference == "REST"


def test_rest_comes_nearer_to_a_reference_at_infinity_than_the_average() -> None:
    # Dipoles in a homogeneous sphere, in closed form: nothing is shared with MNE's three shells. Against infinity the
    # potential is zero on average over the whole sphere, and not over the electrodes, which cover its upper part. The
    # sources are deep, because this sphere has no skull to smooth the potential for its 19 electrodes.
    origin, _ = head_sphere()
    info = recording_info(CHANNELS, {}, SFREQ, "x")
    places = np.array([channel["loc"][:3] for channel in info["chs"]]) - origin
    places /= np.linalg.norm(places, axis=1, keepdims=True)
    rng = np.random.default_rng(2)
    errors: dict[str, list[float]] = {"average": [], "rest": []}
    for _ in range(20):
        at = rng.normal(size=3)
        at[2] = abs(at[2])
        at *= rng.uniform(0.1, 0.45) / np.linalg.norm(at)
        field = homogeneous_sphere(places, at, rng.normal(size=3))
        truth = 10 * np.outer(field / np.abs(field).max(), np.sin(np.arange(500)))
        for to, list_of_errors in errors.items():
            signal = as_signal(HEAD.recording(eeg=truth - truth[9], reference="Cz"))
            Reference(to=to).treat(signal)
            error = scalp_of(signal) - truth
            list_of_errors.append(float(np.linalg.norm(error) / np.linalg.norm(truth)))
    assert np.median(errors["rest"]) < 0.6 * np.median(errors["average"])


def homogeneous_sphere(places: NDArray[np.float64], at: NDArray[np.float64], moment: NDArray[np.float64]) -> NDArray:
    """Potential of a dipole in a homogeneous unit sphere at places on its surface (Brody et al. 1973)."""
    apart = places - at
    distance = np.linalg.norm(apart, axis=1, keepdims=True)
    along = (places * apart).sum(axis=1, keepdims=True)
    # Neumann's function of the sphere for a source inside and an observer on the surface, differentiated by place.
    gradient = 2 * apart / distance**3 + (places + apart / distance) / (distance + along)
    return gradient @ moment


@pytest.mark.parametrize("to", ["average", "rest"])
def test_a_marked_channel_does_not_enter_the_reference(to: str) -> None:
    wild = EEG.copy()
    wild[7] += 1e4 * RNG.normal(size=wild.shape[1])
    clean, marked = as_signal(HEAD.recording(eeg=EEG), ("T7",)), as_signal(HEAD.recording(eeg=wild), ("T7",))
    step = Reference(to=to)
    step.treat(clean)
    findings = step.treat(marked)
    others = [i for i in range(len(CHANNELS)) if i != 7]
    np.testing.assert_allclose(scalp_of(marked)[others], scalp_of(clean)[others], atol=1e-6)
    assert findings is not None
    assert findings.decision == "T7 left out, being marked as bad"
    assert findings.details == {"channels": ["T7"]}
    if to == "average":
        np.testing.assert_allclose(scalp_of(marked)[others], EEG[others] - EEG[others].mean(axis=0), atol=1e-6)


def test_a_bad_channel_cannot_be_the_reference() -> None:
    with pytest.raises(RecordingError, match=r"The reference channel 'Cz' of sub-05 is bad, .*: name another"):
        Reference(to=("Cz",)).treat(as_signal(HEAD.recording(), ("Cz", "O1")))


def facts(**given: object) -> SignalFacts:
    return SignalFacts("sub-05", ("Fz", "Cz"), 250.0, (0.1, 100.0), **{"reference": "Cz", "shortest_s": 9.0, **given})


def test_a_recording_without_mastoids_is_refused() -> None:
    with pytest.raises(RecordingError, match=r"sub-05 has no mastoid channels to refer to: choose 'average' or 'rest'"):
        Reference(to="mastoids").plan(facts(auxiliary={"VEO": "eog"}))


def test_an_unknown_reference_channel_is_answered_with_the_mastoids_among_the_known() -> None:
    with pytest.raises(RecordingError, match=r"no reference channel 'M2': choose among Fz, Cz, M1, or 'average'"):
        Reference(to=("M1", "M2")).plan(facts(auxiliary={"M1": "mastoid", "VEO": "eog"}))


@pytest.mark.parametrize(
    ("to", "given", "warning"),
    [
        ("average", {"reference": "average"}, "already average-referenced: this step changes nothing"),
        ("rest", {"reference": "REST"}, "already referenced by REST: this step changes nothing"),
        ("mastoids", {"reference": "mean of M1, M2"}, "already referenced to the mean of M1, M2: this step"),
        # Leaving a marked channel out does change the average.
        ("average", {"reference": "average", "bads_marked": True}, None),
        ("average", {"reference": "mean of M1, M2"}, None),
    ],
)
def test_the_same_reference_again_is_warned_of(to: str, given: dict[str, object], warning: str | None) -> None:
    plan = Reference(to=to).plan(facts(auxiliary={"M1": "mastoid", "M2": "mastoid"}, **given))
    assert (warning is None and plan.warning is None) or (warning is not None and warning in str(plan.warning))
