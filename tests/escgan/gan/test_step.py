"""The step against the longer way that was published: two passes of the generator, two of the discriminator."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from escgan.gan import LossWeights, NetworkConfig, TrainingConfig
from escgan.gan.batches import Batch
from escgan.gan.step import make_learner, take_step
from escgan.gan.training import build_gan

N_BANDS, N_CLASSES, RATE = 3, 3, 1e-3
WEIGHTS = LossWeights(reconstruction=2.0, diversity=0.5, boundary=3.0)
CONFIG = TrainingConfig(learning_rate=RATE)


def networks():
    # Without dropout: the longer way draws other masks for its second judgement.
    mask = np.ones((9, 9), bool)
    mask[0, 0] = False
    return build_gan(N_BANDS, N_CLASSES, mask, NetworkConfig(hidden=4, dropout=0.0, attention=True), seed=3)


def batch(seed=0, size=16):
    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(size, N_BANDS, 9, 9, generator=draw).contiguous(memory_format=torch.channels_last)
    label = torch.randint(N_CLASSES, (size,), generator=draw)
    return Batch(x, label, (label + 1) % N_CLASSES, (torch.arange(size) + 5) % size)


def published_step(gan, optimizers, b, adversarial):
    """Each loss as it is written in the paper, on networks and optimisers in the usual layout."""
    generator, discriminator = gan.generator.train(), gan.discriminator.train()
    x, y, t = b.x.contiguous(), b.label, b.target
    own, edited, code = generator(x, y), generator(x, t), generator.encode(x)
    real_logit, class_logits = discriminator(edited)
    bce, cross = functional.binary_cross_entropy_with_logits, functional.cross_entropy
    log_c = class_logits.log_softmax(1)
    half = 0.5 * (functional.one_hot(y, N_CLASSES) + functional.one_hot(t, N_CLASSES))
    apart = (edited - edited[b.partner]).abs().mean((1, 2, 3))
    scale = (code - code[b.partner]).abs().mean((1, 2, 3))
    edit = {
        "reconstruction": 2.0 * ((own - x) ** 2).mean(),
        "realness": 0.5 * bce(real_logit, torch.zeros(len(x))),
        "control": cross(class_logits, t),
        "diversity": 0.5 * torch.exp(-apart / (scale + 1e-6)).mean(),
        "boundary": 3.0 * (0.25 * functional.kl_div(log_c, half, reduction="batchmean") + 0.5 * cross(class_logits, t)),
    }
    optimizers[0].zero_grad()
    sum(edit.values()).backward()
    optimizers[0].step()
    on_real, on_edited = discriminator(x), discriminator(edited.detach())
    judge = {"class_real": 0.25 * cross(on_real[1], y), "class_edited": 0.25 * cross(on_edited[1], t)}
    if adversarial:
        judge["judge_real"] = 0.25 * bce(on_real[0], torch.zeros(len(x)))
        judge["judge_edited"] = 0.25 * bce(on_edited[0], torch.full((len(x),), 0.85))
    optimizers[1].zero_grad()
    sum(judge.values()).backward()
    optimizers[1].step()
    return edit | judge


def adams(gan):
    return [torch.optim.Adam(net.parameters(), lr=RATE) for net in (gan.generator, gan.discriminator)]


@pytest.mark.parametrize("adversarial", [True, False])
def test_a_step_gives_the_losses_and_the_gradients_of_the_published_one(adversarial):
    ours, theirs = networks(), networks()
    learner = make_learner(ours.generator, ours.discriminator, RATE, "cpu")
    terms = take_step(learner, batch(), WEIGHTS, CONFIG, adversarial)
    expected = published_step(theirs, adams(theirs), batch(), adversarial)
    assert set(terms) == set(expected)
    for name, value in expected.items():
        torch.testing.assert_close(terms[name], value.detach(), rtol=1e-5, atol=1e-6, msg=name)
    compared = 0
    for mine, other in ((ours.generator, theirs.generator), (ours.discriminator, theirs.discriminator)):
        for (name, weight), reference in zip(mine.named_parameters(), other.parameters(), strict=True):
            if name.startswith("realness") and not adversarial:
                # Adam leaves a weight alone that has no gradient; a zero one would still spend its momentum.
                assert weight.grad is None
                continue
            torch.testing.assert_close(weight.grad, reference.grad, rtol=1e-3, atol=1e-5, msg=name)
            compared += int(reference.grad.abs().max() > 1e-4)
    assert compared > 30


def test_five_steps_follow_the_published_losses():
    ours, theirs = networks(), networks()
    learner = make_learner(ours.generator, ours.discriminator, RATE, "cpu")
    optimizers = adams(theirs)
    for step in range(5):
        terms = take_step(learner, batch(step), WEIGHTS, CONFIG, step % 2 == 0)
        expected = published_step(theirs, optimizers, batch(step), step % 2 == 0)
        for name, value in expected.items():
            torch.testing.assert_close(terms[name], value.detach(), rtol=2e-3, atol=1e-4, msg=f"{name} in step {step}")
