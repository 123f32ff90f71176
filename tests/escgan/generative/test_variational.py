import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from escgan.generative.loop import Passes, train_model
from escgan.generative.variational import ConditionalVae, divergence, log_likelihood


@settings(max_examples=15, deadline=None)
@given(mean=st.floats(-3, 3), deviation=st.floats(0.2, 3))
def test_the_divergence_is_the_integral_that_defines_it(mean, deviation):
    own, prior = stats.norm(mean, deviation), stats.norm()
    reach = (mean - 10 * deviation, mean + 10 * deviation)
    expected, _ = integrate.quad(lambda z: own.pdf(z) * (own.logpdf(z) - prior.logpdf(z)), *reach)
    told = divergence(torch.tensor([[mean]]).double(), 2 * torch.tensor([[deviation]]).double().log())
    assert told.item() == pytest.approx(expected, abs=1e-6)


def test_the_divergence_is_zero_at_the_prior_and_sums_over_the_code():
    assert divergence(torch.zeros(2, 3), torch.zeros(2, 3)).tolist() == [0, 0]
    each = divergence(torch.tensor([[1.0], [2.0]]), torch.tensor([[0.5], [-1.0]]))
    assert divergence(torch.tensor([[1.0, 2.0]]), torch.tensor([[0.5, -1.0]])).item() == pytest.approx(
        each.sum().item()
    )


def test_the_likelihood_is_that_of_independent_normals():
    rng = np.random.default_rng(0)
    x, mean, log_variance = rng.standard_normal((5, 4)), rng.standard_normal((5, 4)), rng.standard_normal(4)
    expected = stats.norm(mean, np.exp(log_variance / 2)).logpdf(x).sum(axis=1)
    np.testing.assert_allclose(log_likelihood(*map(torch.from_numpy, (x, mean, log_variance))), expected)


def test_windows_share_what_features_share_and_keep_their_own_noise():
    """One hidden value in all features, and noise: a correlation of 0.5 between any two."""
    rng = np.random.default_rng(0)
    flat = (rng.standard_normal((1500, 1)) + rng.standard_normal((1500, 6))).astype(np.float32)
    model = ConditionalVae(6, 2, (32,), 2, 1.0)
    train_model(model, flat, np.arange(1500) % 2, Passes(12, 64, 1e-2), seed=0)
    with torch.no_grad():
        made = model.eval().sample(torch.arange(4000) % 2, torch.Generator().manual_seed(0)).numpy()
    np.testing.assert_allclose(made.std(axis=0), 1, atol=0.12)
    np.testing.assert_allclose(np.corrcoef(made.T)[~np.eye(6, dtype=bool)], 0.5, atol=0.12)


def test_a_heavy_divergence_leaves_nothing_in_the_code():
    rng = np.random.default_rng(0)
    flat = (rng.standard_normal((300, 1)) + 0.3 * rng.standard_normal((300, 6))).astype(np.float32)
    left = {}
    for beta in (1.0, 50.0):
        model = ConditionalVae(6, 2, (16,), 2, beta)
        left[beta] = train_model(model, flat, np.arange(300) % 2, Passes(30, 64, 1e-2), seed=0)[-1]["divergence"] / beta
    assert left[50.0] < 0.02 < 0.1 < left[1.0]
