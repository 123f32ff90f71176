"""The sampler by imbalanced-learn's own rules, in its pipelines, and against the GAN that it wraps."""

import numpy as np
import pytest
from imblearn.pipeline import make_pipeline
from imblearn.utils.estimator_checks import parametrize_with_checks
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_validate
from sklearn.preprocessing import StandardScaler

import escgan
from escgan import ESCGANSampler
from escgan.gan import NetworkConfig, TrainingConfig, train_gan
from escgan.gan.config import LossWeights
from escgan.gan.editing import edit_windows
from escgan.montage import scalp_grid
from tests.conftest import CHANNELS, make_windows

QUICK = {"hidden": 2, "epochs": 1, "random_state": 0}


# pytest wants a list where imbalanced-learn hands it a generator.
CHECKS = parametrize_with_checks([ESCGANSampler(**QUICK)])
CHECKS_RUN = list(CHECKS.args[1])


@pytest.mark.parametrize(CHECKS.args[0], CHECKS_RUN, **CHECKS.kwargs)
def test_it_is_a_sampler_by_imbalanced_learns_own_checks(estimator, check):
    check(estimator)


def test_imbalanced_learns_checks_are_really_there():
    """An empty list of checks would pass without a word."""
    names = {getattr(check, "func", check).__name__ for _, check in CHECKS_RUN}
    assert {"check_samplers_fit_resample", "check_samplers_sampling_strategy_fit_resample"} <= names
    assert {"check_samplers_sparse", "check_samplers_pandas", "check_samplers_list"} <= names and len(names) >= 15


@pytest.fixture(scope="module")
def windows():
    return make_windows(counts=(60, 20), n_subjects=4, separation=2.0)


def test_real_windows_come_first_and_untouched_and_every_class_is_filled(windows):
    x, y = ESCGANSampler(**QUICK, channels=CHANNELS).fit_resample(windows.flat(), windows.labels)
    np.testing.assert_array_equal(x[: len(windows)], windows.flat())
    np.testing.assert_array_equal(y[: len(windows)], windows.labels)
    assert np.bincount(y).tolist() == [240, 240] and x.dtype == np.float32 and (y[len(windows) :] == 1).all()


def test_with_channels_the_windows_are_the_gans_edits_on_the_scalp(windows):
    flat = windows.flat().astype(np.float64)
    sampler = ESCGANSampler(hidden=4, epochs=3, learning_rate=1e-3, batch_size=32, random_state=5, channels=CHANNELS)
    x, _ = sampler.fit_resample(flat, windows.labels)
    scalp = scalp_grid(CHANNELS)
    z = (flat - flat.mean(axis=0)) / flat.std(axis=0)
    grid = scalp.to_grid(z.reshape(len(z), len(CHANNELS), 2))
    seed = int(np.random.RandomState(5).randint(2**31 - 1))
    gan = train_gan(
        grid, windows.labels, 2, scalp.mask, network=NetworkConfig(hidden=4), losses=LossWeights(),
        training=TrainingConfig(3, 32, 1e-3), seed=seed,
    )  # fmt: skip
    references = np.flatnonzero(windows.labels == 0)
    edits = edit_windows(gan, grid[references], np.ones(len(references), np.int64), 0.0)
    every = scalp.to_channels(edits.grid).reshape(len(references), -1) * flat.std(axis=0) + flat.mean(axis=0)
    made = x[len(flat) :]
    assert len(made) == 160
    for row in made[:20]:
        assert np.abs(every - row).max(axis=1).min() < 1e-5


def test_accepted_edits_come_first_and_without_filling_they_are_all_there_is(windows):
    options = {**QUICK, "hidden": 4, "channels": CHANNELS, "delta": 0.0}
    filled = ESCGANSampler(**options)
    x, _ = filled.fit_resample(windows.flat(), windows.labels)
    strict = ESCGANSampler(**options, fill=False)
    short, y = strict.fit_resample(windows.flat(), windows.labels)
    assert strict.n_accepted_ == filled.n_accepted_ == {1: len(short) - len(windows)}
    np.testing.assert_array_equal(short, x[: len(short)])
    assert (y[len(windows) :] == 1).all()
    everything = ESCGANSampler(**{**options, "delta": -1e9}, fill=False)
    x, _ = everything.fit_resample(windows.flat(), windows.labels)
    assert len(x) == len(windows) and everything.n_accepted_ == {1: 0}


def test_columns_without_names_keep_their_places_whatever_their_number():
    draw = np.random.default_rng(0)
    for n_columns in (1, 80, 81, 82, 200):
        x, y = draw.standard_normal((60, n_columns)), np.repeat(["a", "b"], [45, 15])
        # A column apart from the others must stay apart in what is made.
        x[:, -1] += 1000
        made = ESCGANSampler(**QUICK).fit_resample(x, y)[0][60:]
        assert made.shape == (30, n_columns) and np.abs(made[:, -1] - 1000).max() < 100
        assert np.abs(made[:, :-1]).max(initial=0) < 100


def test_the_same_seed_gives_the_same_windows_and_another_gives_others(windows):
    def made(seed):
        return ESCGANSampler(hidden=2, epochs=1, random_state=seed).fit_resample(windows.flat(), windows.labels)[0]

    np.testing.assert_array_equal(made(3), made(3))
    assert not np.array_equal(made(3), made(4))


def test_in_a_pipeline_with_groups_only_training_folds_are_resampled(windows):
    model = make_pipeline(StandardScaler(), ESCGANSampler(**QUICK, channels=CHANNELS), LogisticRegression())
    scores = cross_validate(
        model,
        windows.flat(),
        windows.labels,
        groups=windows.subjects,
        cv=GroupKFold(n_splits=4),
        scoring="balanced_accuracy",
        return_estimator=True,
        error_score="raise",
    )
    assert (scores["test_score"] > 0.8).all()
    # Three subjects train: 180 windows of the first class and 60 of the second.
    assert all(fitted[1].sampling_strategy_ == {1: 120} for fitted in scores["estimator"])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"channels": CHANNELS[:-1]}, "cannot be .* channels times some bands"),
        ({"sampling_strategy": {1: 500}}, "only 240 windows of other classes to edit into it: lower sampling_strategy"),
        ({"epochs": 0}, "'epochs' parameter"),
        ({"device": "gpu"}, "'device' parameter"),
    ],
)
def test_what_cannot_work_is_refused_with_a_reason(windows, changed, message):
    with pytest.raises(ValueError, match=message):
        ESCGANSampler(**QUICK | changed).fit_resample(windows.flat(), windows.labels)


def test_the_package_offers_nothing_that_is_not_there():
    assert escgan.ESCGANSampler is ESCGANSampler
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = escgan.nonsense
