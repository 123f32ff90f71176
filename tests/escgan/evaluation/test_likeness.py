import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.linalg import sqrtm
from torch import nn

from escgan.evaluation.likeness import frechet_distance, inception_score, kernel_distance, overlap


def normal(n, d, seed, mean=0.0, scale=1.0):
    return mean + scale * np.random.default_rng(seed).standard_normal((n, d))


class Same(nn.Module):
    """Lets torchmetrics measure features as they are."""

    num_features = 6

    def forward(self, x):
        return x


def test_the_kernel_distance_of_two_pairs_of_numbers_is_what_a_hand_computes():
    # d = 1, k(x, y) = (xy + 1)^3. Pairs within {0, 1}: k = 1; within {1, 2}: 27; between: 1, 1, 8, 27.
    found = kernel_distance(np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]]))
    assert found == pytest.approx(1 + 27 - 2 * (1 + 1 + 8 + 27) / 4)


def test_the_kernel_distance_is_0_on_average_for_one_distribution_at_any_sizes():
    values = [kernel_distance(normal(30, 4, seed), normal(70, 4, 1000 + seed)) for seed in range(300)]
    mean, error = np.mean(values), np.std(values) / np.sqrt(len(values))
    assert abs(mean) < 4 * error
    assert min(values) < 0
    # The biased estimate, which counts each window's likeness to itself, would not be.
    assert kernel_distance(normal(300, 4, 0), normal(300, 4, 1, mean=1.0)) > 20 * error


def test_the_kernel_distance_agrees_with_torchmetrics():
    kid = pytest.importorskip("torchmetrics.image.kid")
    one, other = normal(40, 6, 0), normal(40, 6, 1, mean=0.5)
    with pytest.warns(UserWarning, match="buffer"):
        metric = kid.KernelInceptionDistance(feature=Same(), subsets=1, subset_size=40)
    metric.update(torch.from_numpy(one), real=True)
    metric.update(torch.from_numpy(other), real=False)
    assert kernel_distance(one, other) == pytest.approx(metric.compute()[0].item(), rel=1e-5)


@pytest.mark.parametrize(("n", "m"), [(200, 150), (5, 9), (4, 300), (300, 4)])
def test_the_frechet_distance_of_samples_is_the_closed_form_of_their_moments(n, m):
    """Also with fewer windows than features, where the covariances are singular."""
    one, other = normal(n, 6, 0), normal(m, 6, 1, mean=0.3) @ np.diag([1, 2, 3, 0.1, 1, 1])
    covariances = np.cov(one.T), np.cov(other.T)
    # SciPy's root of a singular product has an imaginary part of rounding.
    root = np.real(sqrtm(covariances[0] @ covariances[1] + 0j))
    expected = ((one.mean(axis=0) - other.mean(axis=0)) ** 2).sum() + np.trace(sum(covariances) - 2 * root)
    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-4)


def test_the_frechet_distance_of_two_normal_distributions_is_found_from_large_samples():
    # Independent features: the sum of (m1 - m2)^2 + (s1 - s2)^2.
    one = normal(40_000, 3, 0, mean=np.array([0, 1, 2]), scale=np.array([1, 2, 3]))
    other = normal(40_000, 3, 1, mean=np.array([1, 1, 0]), scale=np.array([2, 2, 1]))
    assert frechet_distance(one, other) == pytest.approx((1 + 4) + (1 + 4), rel=0.03)


def test_the_frechet_distance_agrees_with_torchmetrics():
    fid = pytest.importorskip("torchmetrics.image.fid")
    one, other = normal(80, 6, 0), normal(60, 6, 1, mean=0.5, scale=2.0)
    metric = fid.FrechetInceptionDistance(feature=Same(), input_img_size=(6,)).set_dtype(torch.float64)
    metric.update(torch.from_numpy(one), real=True)
    metric.update(torch.from_numpy(other), real=False)
    assert frechet_distance(one, other) == pytest.approx(metric.compute().item(), rel=1e-5)


def test_a_sample_has_no_frechet_distance_from_itself():
    for n in (4, 50):
        assert frechet_distance(normal(n, 6, 0), normal(n, 6, 0)) == pytest.approx(0, abs=1e-9)


def test_the_inception_score_is_1_for_windows_judged_alike_and_the_number_of_classes_without_doubt():
    assert inception_score(np.full((8, 4), 0.25)) == pytest.approx(1)
    assert inception_score(np.tile([0.7, 0.3], (5, 1))) == pytest.approx(1)
    assert inception_score(np.tile(np.eye(3), (4, 1))) == pytest.approx(3)
    # The exponential of the entropy of the overall shares 3/4 and 1/4.
    one_class_scarce = np.eye(2)[[0, 0, 0, 1]]
    assert inception_score(one_class_scarce) == pytest.approx(np.exp(-0.75 * np.log(0.75) - 0.25 * np.log(0.25)))


def test_weights_of_the_inception_score_stand_for_repetitions():
    probability = np.random.default_rng(0).dirichlet(np.ones(3), 5)
    times = np.array([1, 2, 3, 1, 4])
    repeated = np.repeat(probability, times, axis=0)
    assert inception_score(probability, times) == pytest.approx(inception_score(repeated))


def test_the_inception_score_agrees_with_torchmetrics():
    inception = pytest.importorskip("torchmetrics.image.inception")
    scores = normal(50, 6, 0, scale=2.0)
    with pytest.warns(UserWarning, match="buffer"):
        metric = inception.InceptionScore(feature=Same(), splits=1)
    metric.update(torch.from_numpy(scores))
    # With one split its deviation, which is not asked for, is undefined.
    with pytest.warns(UserWarning, match="degrees of freedom"):
        expected = metric.compute()[0].item()
    probability = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert inception_score(probability) == pytest.approx(expected, rel=1e-5)


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.lists(st.integers(0, 5), min_size=3, max_size=3).filter(any), min_size=1, max_size=10))
def test_the_inception_score_lies_between_1_and_the_number_of_classes(rows):
    counts = np.array(rows, dtype=np.float64)
    score = inception_score(counts / counts.sum(axis=1, keepdims=True))
    assert 1 - 1e-9 <= score <= 3 + 1e-9


def test_overlap_counts_what_lies_in_which_balls():
    # On a line, one neighbour: the real balls are [-1, 1], [0, 2] and [1, 11].
    real = np.array([[0.0], [1.0], [6.0]])
    made = np.array([[0.5], [2.5], [20.0], [21.0]])
    # The balls of the made are [-1.5, 2.5], [0.5, 4.5], [19, 21] and [20, 22].
    found = overlap(real, made, 1)
    # 0.5 lies in the balls of 0 and 1, 2.5 in that of 6; in those of the made lie 0 and 1.
    assert found.precision == 2 / 4
    assert found.recall == 2 / 3
    assert found.density == (2 + 1) / 4
    assert found.coverage == 3 / 3


def test_a_second_neighbour_widens_the_balls():
    real = np.array([[0.0], [1.0], [3.0]])
    # The balls are [-3, 3], [-1, 3] and [0, 6]; that of 5.5 reaches as far as 31 and thus over all real ones.
    found = overlap(real, np.array([[5.5], [30.0], [31.0]]), 2)
    assert (found.precision, found.recall) == (1 / 3, 1)
    assert found.density == 1 / (2 * 3)
    assert found.coverage == 1 / 3


def test_copies_have_full_precision_recall_and_coverage():
    real = normal(60, 5, 0)
    found = overlap(real, real.copy(), 5)
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)
    # Each lies in its own ball and in those of the about five others whose neighbour it is.
    assert found.density == pytest.approx((5 + 1) / 5)


def test_what_stays_in_one_corner_is_precise_but_misses_the_rest_and_what_is_far_away_is_neither():
    real = np.concatenate([normal(50, 2, 0), normal(50, 2, 1, mean=100.0)])
    corner = overlap(real, normal(100, 2, 2), 5)
    assert corner.precision > 0.9 and corner.recall < 0.6 and 0.4 < corner.coverage < 0.6
    far = overlap(real, normal(100, 2, 3, mean=1000.0), 5)
    assert (far.precision, far.recall, far.density, far.coverage) == (0, 0, 0, 0)


def test_samples_of_one_distribution_have_a_density_of_about_1():
    found = [overlap(normal(200, 3, seed), normal(200, 3, 500 + seed), 5) for seed in range(20)]
    assert_allclose(np.mean([one.density for one in found]), 1, atol=0.03)
    # Naeem et al. 2020, Eq. 5: 1 - ((N - 1)...(N - k)) / ((N + M - 1)...(N + M - k)).
    n = np.arange(1, 6)
    assert_allclose(np.mean([one.coverage for one in found]), 1 - np.prod((200 - n) / (400 - n)), atol=0.01)
