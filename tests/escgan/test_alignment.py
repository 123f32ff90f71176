"""Shrunk covariances against scikit-learn's, their powers against SciPy's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import fractional_matrix_power
from sklearn.covariance import ledoit_wolf

from escgan.alignment import SecondMoments, covariance_power


@settings(max_examples=40, deadline=None)
@given(n=st.integers(2, 60), n_features=st.integers(2, 30), seed=st.integers(0, 2**31))
def test_a_shrunk_covariance_is_scikit_learns_ledoit_wolf(n, n_features, seed):
    draw = np.random.default_rng(seed)
    x = draw.standard_normal((n, n_features)) @ draw.standard_normal((n_features, n_features))
    expected, _ = ledoit_wolf(x, assume_centered=True)
    np.testing.assert_allclose(SecondMoments.of(x).shrunk(), expected, rtol=1e-8, atol=1e-8)


def test_moments_of_several_sets_add_up_to_those_of_all():
    x = np.random.default_rng(0).standard_normal((50, 4))
    parts = SecondMoments.of(x[:13]) + SecondMoments.of(x[13:])
    np.testing.assert_allclose(parts.shrunk(), SecondMoments.of(x).shrunk(), rtol=1e-12)


@pytest.mark.parametrize("exponent", [0.5, -0.5, 1.0, -1.0])
def test_powers_of_a_covariance_are_scipys(exponent):
    x = np.random.default_rng(0).standard_normal((40, 5))
    covariance = x.T @ x / 40
    np.testing.assert_allclose(
        covariance_power(covariance, exponent), fractional_matrix_power(covariance, exponent), rtol=1e-9, atol=1e-12
    )


def test_where_nothing_varies_nothing_is_mapped():
    np.testing.assert_array_equal(covariance_power(SecondMoments.of(np.zeros((1, 3))).shrunk(), -0.5), np.eye(3))


def test_a_direction_without_variance_does_not_blow_up():
    power = covariance_power(np.diag([1.0, 1.0, 0.0]), -0.5)
    assert np.isfinite(power).all() and power.max() < 2e3
