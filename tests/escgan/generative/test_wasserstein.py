import numpy as np
import pytest
import torch

from escgan.generative.model import Batch
from escgan.generative.wasserstein import ConditionalWgan, critic_terms, gradient_penalty


def points(n=50, width=6):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(0))


def linear(slope, width=6):
    weight = torch.zeros(width)
    weight[1], weight[4] = 0.6 * slope, 0.8 * slope
    return lambda x: (x @ weight)[:, None]


def test_a_critic_whose_slope_is_one_everywhere_is_not_penalised():
    assert gradient_penalty(linear(1.0), points()).item() == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("slope", [0.0, 0.5, 3.0])
def test_a_critic_of_another_slope_is_penalised_by_the_square_of_its_distance_from_one(slope):
    # A slope of zero has a norm without a derivative, but a value.
    assert gradient_penalty(linear(slope), points()).item() == pytest.approx((slope - 1) ** 2, rel=1e-5)


def test_the_penalty_looks_at_each_window_by_itself():
    """The slope of the squared norm is twice the point: by hand from the points' norms."""
    x = points()
    told = gradient_penalty(lambda x: (x**2).sum(dim=1, keepdim=True), x).item()
    assert told == pytest.approx(((2 * x.norm(dim=1) - 1) ** 2).mean().item(), rel=1e-5)


def test_the_penalty_reaches_the_critics_weights():
    """Of a linear critic, d(|w| - 1)^2 / dw = 2 (|w| - 1) w / |w|."""
    weight = torch.tensor([3.0, 0.0, 4.0], requires_grad=True)
    gradient_penalty(lambda x: (x @ weight)[:, None], points(width=3)).backward()
    np.testing.assert_allclose(weight.grad, 2 * 4 * np.array([0.6, 0, 0.8]), rtol=1e-5)


def test_the_critics_terms_are_the_means_of_its_judgements():
    x, made = points(), points() + 2
    terms = critic_terms(linear(2.0), x, made, 10.0, torch.Generator().manual_seed(0))
    assert terms["critic_real"].item() == pytest.approx(-linear(2.0)(x).mean().item())
    assert terms["critic_made"].item() == pytest.approx(linear(2.0)(made).mean().item())
    assert terms["penalty"].item() == pytest.approx(10.0, rel=1e-5)


def test_the_slope_is_taken_between_real_and_made_windows():
    """Of a critic that is flat below 0 and steep above, only points above 0 are what the penalty spares."""
    x, made = torch.full((4000, 1), -1.0), torch.full((4000, 1), 3.0)
    told = critic_terms(torch.relu, x, made, 1.0, torch.Generator().manual_seed(0))["penalty"].item()
    assert told == pytest.approx(1 / 4, abs=0.03)


def test_the_critic_steps_on_every_batch_and_the_generator_after_every_few():
    model = ConditionalWgan(6, 2, (5,), 3, 10.0, critic_steps=3)
    model.draw_weights(torch.Generator().manual_seed(0))
    optimizers = model.optimizers(0.01)
    moved = []
    for step in range(6):
        before = [part[0].weight.clone() for part in (model.critic, model.generator)]
        batch = Batch(points(8), torch.arange(8) % 2, step, torch.Generator().manual_seed(step))
        terms = model.step(batch, optimizers)
        after = (model.critic[0].weight, model.generator[0].weight)
        moved.append([not torch.equal(a, b) for a, b in zip(before, after, strict=True)])
        assert ("generator" in terms) == moved[-1][1]
    assert moved == [[True, step in (2, 5)] for step in range(6)]


def test_the_class_and_the_noise_change_what_is_made():
    model = ConditionalWgan(6, 3, (5,), 3, 10.0, 5)
    model.draw_weights(torch.Generator().manual_seed(0))

    def made(label, seed=0):
        return model.sample(torch.full((4,), label), torch.Generator().manual_seed(seed))

    assert torch.equal(made(1), made(1))
    assert not torch.allclose(made(1), made(2)) and not torch.allclose(made(1), made(1, seed=1))
