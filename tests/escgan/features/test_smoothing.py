import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from escgan.features import SMOOTHING, FeatureConfig
from escgan.features.smoothing import LinearDynamicalSystem, MovingAverage, NoSmoothing, SmoothingConfig

# One of each kind, and both modes of the dynamical system, with constants that leave something to see.
EXAMPLES = [
    NoSmoothing(),
    MovingAverage(windows=5),
    LinearDynamicalSystem(),
    LinearDynamicalSystem(mode="filter"),
    LinearDynamicalSystem(process_variance=0.3, observation_variance=0.7, initial_variance=2.0),
    LinearDynamicalSystem(mode="filter", process_variance=0.3, observation_variance=0.7, initial_variance=2.0),
]
every_example = pytest.mark.parametrize("smoothing", EXAMPLES, ids=lambda s: f"{s.kind}-{getattr(s, 'mode', '')}")


@st.composite
def trials(draw):
    """Values of 1 to 12 kept windows, 2 channels and 3 bands, and the windows' places with gaps between them."""
    places = sorted(draw(st.sets(st.integers(0, 25), min_size=1, max_size=12)))
    seed = draw(st.integers(0, 2**16))
    return np.random.default_rng(seed).normal(3, 2, (len(places), 2, 3)), np.array(places)


def posterior_mean(system, values, places, upto=None):
    """Solve for the states of one feature by dense Gaussian algebra: the whole precision matrix at once."""
    n_states = places[-1] - places[0] + 1
    precision, pull = np.zeros((n_states, n_states)), np.zeros(n_states)
    precision[0, 0] += 1 / system.initial_variance
    pull[0] += values.mean() / system.initial_variance
    for i in range(n_states - 1):
        precision[i : i + 2, i : i + 2] += np.array([[1, -1], [-1, 1]]) / system.process_variance
    for place, value in list(zip(places - places[0], values, strict=True))[:upto]:
        precision[place, place] += 1 / system.observation_variance
        pull[place] += value / system.observation_variance
    return np.linalg.solve(precision, pull)[places - places[0]]


def test_every_kind_has_an_example():
    assert {type(example) for example in EXAMPLES} == set(SMOOTHING.values())
    assert all(SMOOTHING[example.kind] is type(example) for example in EXAMPLES)


@every_example
@settings(max_examples=25, deadline=None)
@given(level=st.floats(-50, 50), trial=trials())
def test_a_constant_stays_a_constant(smoothing, level, trial):
    values, places = trial
    np.testing.assert_allclose(smoothing.apply(np.full_like(values, level), places), level, atol=1e-9)


@every_example
@settings(max_examples=25, deadline=None)
@given(shift=st.floats(-50, 50), scale=st.floats(-4, 4), trial=trials())
def test_shifted_and_scaled_values_are_smoothed_to_shifted_and_scaled_ones(smoothing, shift, scale, trial):
    values, places = trial
    got = smoothing.apply(shift + scale * values, places)
    np.testing.assert_allclose(got, shift + scale * smoothing.apply(values, places), atol=1e-9)


@every_example
@settings(max_examples=25, deadline=None)
@given(trial=trials())
def test_channels_and_bands_are_smoothed_apart_and_the_input_is_left_alone(smoothing, trial):
    values, places = trial
    before = values.copy()
    got = smoothing.apply(values, places)
    np.testing.assert_array_equal(values, before)
    np.testing.assert_allclose(got[:, 1, 2], smoothing.apply(values[:, 1, 2], places), atol=1e-12)


@every_example
@settings(max_examples=10, deadline=None)
@given(trial=trials())
def test_only_distances_between_places_count(smoothing, trial):
    values, places = trial
    np.testing.assert_array_equal(smoothing.apply(values, places), smoothing.apply(values, places + 40))


@settings(max_examples=50, deadline=None)
@given(trial=trials(), process=st.floats(1e-4, 1), noise=st.floats(0.01, 10), initial=st.floats(0.01, 10))
def test_the_smoother_is_the_posterior_mean_given_all_windows(trial, process, noise, initial):
    values, places = trial
    system = LinearDynamicalSystem(process_variance=process, observation_variance=noise, initial_variance=initial)
    truth = posterior_mean(system, values[:, 0, 0], places)
    np.testing.assert_allclose(system.apply(values, places)[:, 0, 0], truth, atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(trial=trials(), process=st.floats(1e-4, 1), noise=st.floats(0.01, 10), initial=st.floats(0.01, 10))
def test_the_filter_is_the_posterior_mean_given_the_windows_so_far(trial, process, noise, initial):
    values, places = trial
    system = LinearDynamicalSystem(
        mode="filter", process_variance=process, observation_variance=noise, initial_variance=initial
    )
    got = system.apply(values, places)[:, 0, 0]
    truth = [posterior_mean(system, values[:, 0, 0], places, upto=n + 1)[n] for n in range(len(places))]
    np.testing.assert_allclose(got, truth, atol=1e-6)


def test_the_filters_first_steps_are_those_of_the_published_recursion():
    # V0 = 0.01, sigma = 1, T = 1e-4; the mean of the trial is 4.
    got = LinearDynamicalSystem(mode="filter").apply(np.array([1.0, 3.0, 8.0]), np.arange(3))
    k1 = 0.01 / 1.01
    u1, v1 = 4 + k1 * (1 - 4), (1 - k1) * 0.01
    k2 = (v1 + 1e-4) / (v1 + 1e-4 + 1)
    u2, v2 = u1 + k2 * (3 - u1), (1 - k2) * (v1 + 1e-4)
    k3 = (v2 + 1e-4) / (v2 + 1e-4 + 1)
    np.testing.assert_allclose(got, [u1, u2, u2 + k3 * (8 - u2)], rtol=1e-12)


def test_with_the_usual_constants_the_gain_settles_near_a_hundredth():
    step = np.r_[np.zeros(2000), np.ones(2000)]
    got = LinearDynamicalSystem(mode="filter").apply(step, np.arange(4000))
    assert (got[2000] - got[1999]) / (1 - got[1999]) == pytest.approx(0.01, rel=0.02)


@pytest.mark.parametrize("width", [3, 5, 9])
def test_the_average_is_numpys_convolution_over_the_windows_that_there_are(width):
    values, box = np.random.default_rng(0).normal(size=20), np.ones(width)
    truth = np.convolve(values, box, mode="same") / np.convolve(np.ones(20), box, mode="same")
    np.testing.assert_allclose(MovingAverage(windows=width).apply(values, np.arange(20)), truth, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(trial=trials())
def test_the_average_leaves_dropped_windows_out(trial):
    values, places = trial
    observed = np.full((26, 2, 3), np.nan)
    observed[places] = values
    truth = [np.nanmean(observed[max(0, place - 2) : place + 3], axis=0) for place in places]
    np.testing.assert_allclose(MovingAverage(windows=5).apply(values, places), truth, atol=1e-9)


def test_nothing_is_smoothed_unless_asked_for():
    assert FeatureConfig().smoothing == NoSmoothing()


@pytest.mark.parametrize("kind", ["none", "lds"])
def test_a_kind_may_be_given_by_its_name(kind):
    config = FeatureConfig(smoothing=kind)
    assert config.smoothing == SMOOTHING[kind]()
    assert FeatureConfig.model_validate(config.model_dump(mode="json")) == config


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"kind": "moving_average"}, "windows"),
        ({"kind": "moving_average", "windows": 4}, "an average of 4 windows has no window in the middle"),
        ({"kind": "moving_average", "windows": 1}, "greater than or equal to 3"),
        ({"kind": "lds", "process_variance": 0}, "greater than 0"),
        ({"kind": "lds", "mode": "both"}, "'smoother' or 'filter'"),
        ({"kind": "lds", "windows": 5}, "Extra inputs"),
        ({"kind": "savgol"}, "'none', 'moving_average', 'lds'"),
    ],
)
def test_settings_that_cannot_work_are_refused(given_, said):
    with pytest.raises(ValidationError, match=said):
        TypeAdapter(SmoothingConfig).validate_python(given_)


@pytest.mark.parametrize("kind", SMOOTHING)
def test_every_setting_has_a_description(kind):
    fields = SMOOTHING[kind].model_fields
    assert [name for name, field in fields.items() if name != "kind" and not field.description] == []
