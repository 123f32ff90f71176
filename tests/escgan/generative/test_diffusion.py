import numpy as np
import pytest
import torch

from escgan.generative.diffusion import Diffusion, add_noise, step_variances, waves

every_schedule = pytest.mark.parametrize("schedule", ["linear", "cosine"])


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@every_schedule
@pytest.mark.parametrize("noise_steps", [10, 100, 1000])
def test_the_steps_variances_rise_until_only_noise_is_left(schedule, noise_steps):
    variance = step_variances(noise_steps, schedule)
    assert variance.shape == (noise_steps,) and (variance.diff() >= 0).all()
    assert ((variance > 0) & (variance < 1)).all()
    assert (1 - variance).prod() < 1e-3


def test_a_thousand_linear_steps_are_the_papers():
    np.testing.assert_allclose(step_variances(1000, "linear"), np.linspace(1e-4, 0.02, 1000))


def test_what_the_cosine_leaves_of_a_window_is_a_squared_cosine():
    kept = (1 - step_variances(100, "cosine")).cumprod(0).numpy()
    expected = (
        np.cos((np.arange(1, 100) / 100 + 0.008) / 1.008 * np.pi / 2) ** 2 / np.cos(0.008 / 1.008 * np.pi / 2) ** 2
    )
    np.testing.assert_allclose(kept[:-1], expected, rtol=1e-9)


@every_schedule
def test_noise_added_at_once_has_the_moments_of_noise_added_step_by_step(schedule):
    n, variance = 20_000, step_variances(20, schedule).float()
    start = torch.full((n, 1), 3.0)
    x = start
    for step in range(12):
        x = (1 - variance[step]).sqrt() * x + variance[step].sqrt() * normal(n, 1, seed=step)
    at_once = add_noise(start, normal(n, 1, seed=99), (1 - variance).cumprod(0)[11].expand(n))
    assert at_once.mean().item() == pytest.approx(x.mean().item(), abs=0.03)
    assert at_once.std().item() == pytest.approx(x.std().item(), abs=0.03)


def test_noise_added_at_once_is_the_closed_form():
    kept = torch.tensor([0.25, 0.81])
    noised = add_noise(torch.tensor([[4.0], [10.0]]), torch.tensor([[2.0], [-1.0]]), kept)
    np.testing.assert_allclose(noised, [[0.5 * 4 + 0.75**0.5 * 2], [0.9 * 10 - 0.19**0.5]], rtol=1e-6)


@every_schedule
@pytest.mark.parametrize(("mean", "deviation"), [(0.0, 1.0), (1.5, 0.6)])
def test_with_the_right_noise_told_the_windows_distribution_comes_back(schedule, mean, deviation):
    """Of normal windows the expected noise is known, so sampling can be tried without training."""

    class Exact(Diffusion):
        def tell_noise(self, x, t, label):
            kept = self.kept[t][:, None]
            return (1 - kept).sqrt() * (x - kept.sqrt() * mean) / (kept * deviation**2 + 1 - kept)

    made = Exact(2, 2, 4, 1, 100, schedule).sample(
        torch.zeros(20_000, dtype=torch.long), torch.Generator().manual_seed(0)
    )
    np.testing.assert_allclose(made.mean(dim=0), mean, atol=0.02)
    np.testing.assert_allclose(made.std(dim=0), deviation, rtol=0.06)


def test_untrained_it_makes_the_noise_that_standardised_windows_without_structure_are():
    model = Diffusion(3, 2, 8, 2, 50, "linear")
    model.draw_weights(torch.Generator().manual_seed(0))
    with torch.no_grad():
        made = model.sample(torch.zeros(5_000, dtype=torch.long), torch.Generator().manual_seed(0))
    np.testing.assert_allclose(made.mean(dim=0), 0, atol=0.06)
    np.testing.assert_allclose(made.std(dim=0), 1, atol=0.06)


def test_every_step_has_waves_of_its_own():
    told = waves(torch.arange(1000))
    assert told.shape == (1000, 64) and told.abs().max() <= 1
    assert torch.cdist(told, told).fill_diagonal_(9).min() > 0.05
