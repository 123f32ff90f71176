import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from escgan.normalization import normalize_test, normalize_train
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


@pytest.mark.parametrize("scheme", ["none", "global", "per_subject"])
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


def test_no_normalisation_changes_nothing():
    train, test = make_windows(seed=1), make_windows(seed=2)
    assert normalize_train(train, "none").de is train.de
    assert normalize_test(train, test, "none").de is test.de
