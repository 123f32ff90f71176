import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from escgan.gan.config import LossWeights
from escgan.gan.losses import (
    boundary_loss,
    discriminator_terms,
    diversity_loss,
    generator_terms,
    realness_loss,
    reconstruction_loss,
    total,
)


def test_realness_loss_of_zero_logits_is_ln_2_whatever_is_told():
    logits = torch.zeros(5)
    for told in (0.0, 0.85, 1.0):
        assert realness_loss(logits, told).item() == pytest.approx(math.log(2))


def test_realness_loss_is_lowest_where_the_logit_says_what_was_told():
    told = 0.85
    best = math.log(told / (1 - told))
    values = [realness_loss(torch.tensor([best + d]), told).item() for d in (-0.5, 0.0, 0.5)]
    assert values[1] == min(values)


def test_reconstruction_is_the_mean_square():
    x, own = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, 4.0]])
    assert reconstruction_loss(x, own).item() == pytest.approx((1 + 4) / 2)


def test_diversity_equals_the_formula_worked_out_by_hand():
    edited = torch.tensor([[0.0, 0.0], [1.0, 3.0]])
    code = torch.tensor([[0.0], [4.0]])
    partner = torch.tensor([1, 0])
    # |G_i - G_j| has mean 2, |z_i - z_j| is 4, for both pairs.
    assert diversity_loss(edited, code, partner).item() == pytest.approx(math.exp(-2 / (4 + 1e-6)))


def test_collapsed_edits_cost_most_and_the_gradient_drives_them_apart():
    code = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    partner = torch.arange(6).roll(1)
    assert diversity_loss(torch.ones(6, 3), code, partner).item() == pytest.approx(1)
    edited = torch.tensor([[0.0], [1.0]], requires_grad=True)
    diversity_loss(edited, torch.tensor([[0.0], [1.0]]), torch.tensor([1, 0])).backward()
    # Descending moves the lower edit down and the upper one up.
    assert edited.grad[0] > 0 > edited.grad[1]


def test_the_uniform_boundary_loss_vanishes_exactly_at_indecision():
    label, target = torch.tensor([0]), torch.tensor([1])
    assert boundary_loss(torch.zeros(1, 3), label, target, "uniform").item() == pytest.approx(0, abs=1e-7)
    logits = torch.tensor([[2.0, 0.0, -1.0]])
    c = functional.softmax(logits, 1).numpy()[0]
    truth = 0.5 * np.sum(1 / 3 * np.log((1 / 3) / c))
    assert boundary_loss(logits, label, target, "uniform").item() == pytest.approx(truth, rel=1e-5)


def test_the_half_boundary_loss_equals_the_formula_worked_out_by_hand():
    logits = torch.tensor([[0.3, 1.1, -0.4]])
    c = functional.softmax(logits, 1).numpy()[0]
    truth = 0.25 * (0.5 * np.log(0.5 / c[0]) + 0.5 * np.log(0.5 / c[2])) - 0.5 * np.log(c[2])
    got = boundary_loss(logits, torch.tensor([0]), torch.tensor([2]), "half").item()
    assert got == pytest.approx(truth, rel=1e-5)


def test_discriminator_terms_add_up_to_the_published_sum():
    g = torch.Generator().manual_seed(1)
    r, r2 = torch.randn(4, generator=g), torch.randn(4, generator=g)
    c, c2 = torch.randn(4, 3, generator=g), torch.randn(4, 3, generator=g)
    y, t = torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 1])
    terms = discriminator_terms((r, c), (r2, c2), y, t, 0.85, adversarial=True)
    bce, ce = functional.binary_cross_entropy_with_logits, functional.cross_entropy
    real = 0.5 * bce(r, torch.zeros(4)) + 0.5 * ce(c, y)
    fake = 0.5 * bce(r2, torch.full((4,), 0.85)) + 0.5 * ce(c2, t)
    assert total(terms).item() == pytest.approx((0.5 * real + 0.5 * fake).item(), rel=1e-6)
    assert set(discriminator_terms((r, c), (r2, c2), y, t, 0.85, adversarial=False)) == {"class_real", "class_edited"}


def test_generator_terms_carry_their_names_and_weights():
    g = torch.Generator().manual_seed(2)
    x, own, edited = (torch.randn(4, 2, 9, 9, generator=g) for _ in range(3))
    code, judged = torch.randn(4, 8, 3, 3, generator=g), (torch.randn(4, generator=g), torch.randn(4, 2, generator=g))
    y, t, partner = torch.tensor([0, 1, 0, 1]), torch.tensor([1, 0, 1, 0]), torch.tensor([1, 2, 3, 0])
    once = generator_terms(x, y, t, own, edited, code, judged, partner, LossWeights(1, 1, 1))
    thrice = generator_terms(x, y, t, own, edited, code, judged, partner, LossWeights(3, 3, 3))
    assert list(once) == ["reconstruction", "realness", "control", "diversity", "boundary"]
    for name in ("reconstruction", "diversity", "boundary"):
        assert thrice[name].item() == pytest.approx(3 * once[name].item(), rel=1e-6)
    assert once["realness"].item() == pytest.approx(0.5 * realness_loss(judged[0], 0.0).item())
