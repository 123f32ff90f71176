import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from escgan.normalization import is_transductive, normalize_test, normalize_train
from tests.conftest import make_windows


def test_global_scores_equal_scikit_learns_scaler_fitted_on_training_windows():
    train, test = make_windows(seed=1), make_windows(seed=2)
    scaler = StandardScaler().fit(train.flat().astype(np.float64))
    np.testing.assert_allclose(
        normalize_test(train, test, "global").flat(), scaler.transform(test.flat()), rtol=1e-5, atol=1e-5
    )
    np.testing.assert_allclose(normalize_train(train, "global").flat(), scaler.transform(train.flat()), atol=1e-5)


def test_per_subject_scores_of_one_subject_ignore_all_others():
    train, test = make_windows(seed=1), make_windows(seed=2)
    other = train.with_de(train.de * 100 + 3)
    np.testing.assert_array_equal(
        normalize_test(train, test, "per_subject").de, normalize_test(other, test, "per_subject").de
    )
    own = normalize_train(train, "per_subject")
    for subject in np.unique(train.subjects):
        part = own.de[train.subjects == subject]
        np.testing.assert_allclose(part.mean(axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(part.std(axis=0), 1, atol=1e-5)


@pytest.mark.parametrize("scheme", ["none", "global", "per_subject", "coral"])
def test_training_windows_are_normalised_without_any_test_window(scheme):
    """The signature is the proof: there is nothing but training windows to depend on."""
    train = make_windows(seed=1)
    first = normalize_train(train, scheme).de
    normalize_test(train, make_windows(seed=2), scheme)
    np.testing.assert_array_equal(normalize_train(train, scheme).de, first)


@pytest.mark.parametrize("scheme", ["global", "per_subject"])
def test_a_constant_feature_becomes_zero_not_infinite(scheme):
    train = make_windows()
    de = train.de.copy()
    de[:, 3, 1] = 7.25
    assert (normalize_train(train.with_de(de), scheme).de[:, 3, 1] == 0).all()


def test_a_constant_feature_stays_out_of_the_alignment():
    train = make_windows()
    de = train.de.copy()
    de[:, 3, 1] = 7.25
    aligned = normalize_train(train.with_de(de), "coral").de
    np.testing.assert_allclose(aligned[:, 3, 1], 0, atol=1e-6)
    # Constant in one subject alone, it may be filled in from the others' covariance, but not blown up.
    de = train.de.copy()
    de[train.subjects == "01", 3, 1] = 7.25
    assert np.abs(normalize_train(train.with_de(de), "coral").de).max() < 10


def test_no_normalisation_changes_nothing():
    train, test = make_windows(seed=1), make_windows(seed=2)
    assert normalize_train(train, "none").de is train.de
    assert normalize_test(train, test, "none").de is test.de


def mixed(mixings, seed, n=4000):
    """A subject a mixing matrix; latent features of unit variance, the first of which tells the class."""
    windows = make_windows(counts=(n // 2, n // 2), n_subjects=len(mixings), separation=0, seed=seed)
    size = len(mixings[0])
    latent = windows.de.reshape(len(windows), -1)[:, :size].astype(np.float64)
    latent[:, 0] = np.sqrt(0.19) * latent[:, 0] + 0.9 * np.where(windows.labels == 1, 1, -1)
    de = np.concatenate([latent[windows.subjects == f"{s:02d}"] @ m for s, m in enumerate(mixings)])
    return latent, windows.with_de((3 + 2 * de[:, :, None]).astype(np.float32))


def coupled(strength):
    """Every feature a little of its neighbour's: symmetric, with equal rows."""
    return np.eye(4) + strength * np.array([[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]]) / 2


def test_aligned_subjects_have_the_training_subjects_common_covariance():
    draw = np.random.default_rng(0)
    # Far from singular: shrinking fills up directions that hardly vary.
    mixings = [np.eye(4) + 0.3 * draw.standard_normal((4, 4)) for _ in range(5)]
    (_, train), (_, test) = mixed(mixings[:3], seed=0), mixed(mixings[3:], seed=1)
    scores = normalize_train(train, "per_subject").flat().astype(np.float64)
    common = scores.T @ scores / len(scores)
    for windows in (normalize_train(train, "coral"), normalize_test(train, test, "coral")):
        for subject in np.unique(windows.subjects):
            own = windows.flat()[windows.subjects == subject].astype(np.float64)
            np.testing.assert_allclose(own.mean(axis=0), 0, atol=1e-5)
            # What shrinking takes away at 4000 windows.
            np.testing.assert_allclose(np.cov(own.T, bias=True), common, atol=0.02)


def test_a_mixing_of_each_subject_is_undone_up_to_one_that_all_share():
    latent, windows = mixed([coupled(0.8), coupled(-0.7), coupled(0.2)], seed=0)
    aligned = normalize_train(windows, "coral").flat()
    fitted, *_ = np.linalg.lstsq(latent, aligned, rcond=None)
    residue = aligned - latent @ fitted
    assert np.abs(residue).std() < 0.05
    plain = normalize_train(windows, "per_subject").flat()
    fitted, *_ = np.linalg.lstsq(latent, plain, rcond=None)
    assert np.abs(plain - latent @ fitted).std() > 0.2


def test_a_classifier_transfers_to_people_whose_features_mix_otherwise_which_z_scores_do_not_give():
    _, train = mixed([coupled(strength) for strength in (0.9, 0.8, 0.85)], seed=0, n=600)
    _, test = mixed([coupled(-0.9), coupled(-0.8)], seed=1, n=600)
    right = {}
    for scheme in ("per_subject", "coral"):
        own, other = normalize_train(train, scheme), normalize_test(train, test, scheme)
        model = LogisticRegression().fit(own.flat(), own.labels)
        right[scheme] = model.score(other.flat(), other.labels)
    assert right["coral"] > 0.95 and right["per_subject"] < 0.8


@settings(max_examples=20, deadline=None)
@given(n=st.integers(1, 12), seed=st.integers(0, 2**31))
def test_fewer_windows_than_features_are_aligned_without_being_blown_up(n, seed):
    train, test = make_windows(), make_windows(counts=(n, 0), n_subjects=2, seed=seed)
    aligned = normalize_test(train, test, "coral").de
    assert np.isfinite(aligned).all() and np.abs(aligned).max() < 30
    if n == 1:
        np.testing.assert_array_equal(aligned, 0)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_aligning_knows_no_unit_of_a_feature_and_no_other_test_subject(seed):
    draw = np.random.default_rng(seed)
    train, test = make_windows(seed=1), make_windows(seed=2)
    aligned = normalize_test(train, test, "coral").de
    scale, offset = draw.uniform(0.5, 3, (1, *test.de.shape[1:])), draw.normal(0, 5, (1, *test.de.shape[1:]))
    other = test.with_de((test.de * scale + offset).astype(np.float32))
    np.testing.assert_allclose(normalize_test(train, other, "coral").de, aligned, atol=2e-3)
    alone = test.take(np.flatnonzero(test.subjects == "01"))
    np.testing.assert_array_equal(normalize_test(train, alone, "coral").de, aligned[test.subjects == "01"])


def test_windows_may_be_normalised_in_their_own_place():
    train = make_windows(seed=1)
    for scheme in ("global", "per_subject", "coral"):
        place = train.with_de(train.de.copy())
        normalize_train(place, scheme, out=place.de)
        np.testing.assert_array_equal(place.de, normalize_train(train, scheme).de)


def test_what_looks_at_the_test_subjects_windows_is_named_transductive():
    train, test = make_windows(seed=1), make_windows(seed=2)
    shifted = test.with_de(test.de + 5)
    for scheme in ("none", "global", "per_subject", "coral"):
        moved = normalize_test(train, shifted, scheme).de - normalize_test(train, test, scheme).de
        # Who knows the test windows takes their common offset out.
        assert is_transductive(scheme) == bool(np.abs(moved).max() < 1e-3)
