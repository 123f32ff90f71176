"""Several folds as one program against each alone."""

import numpy as np
import pytest
import torch

from escgan.errors import ConfigError, DivergedError
from escgan.gan import LossWeights, NetworkConfig, TrainingConfig, loop, train_gan, train_gans
from escgan.gan.batches import Batches
from escgan.gan.loop import FoldWindows
from escgan.gan.stacking import split_learner, stack_learners
from escgan.gan.step import make_learner, take_step
from escgan.gan.training import build_gan, build_networks

MASK = np.ones((9, 9), bool)
MASK[0, 0] = False
NETWORK = NetworkConfig(hidden=4, attention=True)
TRAINING = TrainingConfig(epochs=3, batch_size=16, learning_rate=1e-3, target="other")
OPTIONS = {"network": NETWORK, "training": TRAINING, "losses": LossWeights(boundary_form="half"), "seed": 5}


def windows(n, seed, n_classes=3):
    draw = np.random.default_rng(seed)
    return FoldWindows(draw.standard_normal((n, 2, 9, 9)).astype(np.float32), np.arange(n) % n_classes)


def weights(gan):
    return {**gan.generator.state_dict(), **{f"d.{k}": v for k, v in gan.discriminator.state_dict().items()}}


def assert_close(ours, alone, **tolerance):
    for name, tensor in weights(alone).items():
        torch.testing.assert_close(weights(ours)[name], tensor, msg=name, **tolerance)
    assert [row["step"] for row in ours.history] == [row["step"] for row in alone.history]
    for mine, other in zip(ours.history, alone.history, strict=True):
        assert mine.keys() == other.keys()
        for name, value in other.items():
            assert mine[name] == pytest.approx(value, rel=1e-3), name


@pytest.mark.parametrize("form", ["half", "uniform"])
def test_one_step_of_three_folds_has_each_folds_losses_and_gradients(form):
    folds = [windows(40, 1), windows(50, 2), windows(45, 3)]
    losses = LossWeights(boundary_form=form)

    def build(n):
        return build_networks(2, 3, MASK, NETWORK, n)

    def learner(seed):
        gan = build_gan(2, 3, MASK, NETWORK, seed)
        return make_learner(gan.generator, gan.discriminator, 1e-3, "cpu")

    def seeded(one):
        from escgan.gan.trunk import seed_dropout

        seed_dropout(one.discriminator, torch.Generator().manual_seed(9))
        return one

    together = seeded(stack_learners([learner(seed) for seed in (1, 2, 3)], build, 1e-3, "cpu"))
    joined = Batches([f.grid for f in folds], [f.labels for f in folds], 3, TRAINING, 0, "cpu")
    (batch,) = joined.draw(0, 1, (0, 1, 2))
    terms = take_step(together, batch, losses, TRAINING, adversarial=True)
    gradients = [p.grad for p in together.generator.parameters()] + [
        p.grad for p in together.discriminator.parameters()
    ]
    for place, fold in enumerate(folds):
        alone = seeded(learner(place + 1))
        (own,) = Batches([fold.grid], [fold.labels], 3, TRAINING, 0, "cpu").draw(0, 1)
        expected = take_step(alone, own, losses, TRAINING, adversarial=True)
        assert set(terms) == set(expected)
        for name, value in expected.items():
            torch.testing.assert_close(terms[name][place], value, rtol=1e-5, atol=1e-6, msg=name)
        singles = [*alone.generator.parameters(), *alone.discriminator.parameters()]
        for gradient, single in zip(gradients, singles, strict=True):
            torch.testing.assert_close(gradient.chunk(3)[place], single.grad, rtol=1e-3, atol=1e-5)


def test_learners_that_were_joined_come_apart_as_they_were():
    def build(n):
        return build_networks(2, 3, MASK, NETWORK, n)

    singles = []
    for seed in (1, 2):
        gan = build_gan(2, 3, MASK, NETWORK, seed)
        singles.append(make_learner(gan.generator, gan.discriminator, 1e-3, "cpu"))
        fold = windows(32, seed)
        for batch in Batches([fold.grid], [fold.labels], 3, TRAINING, seed, "cpu").draw(0, 2):
            take_step(singles[-1], batch, LossWeights(), TRAINING, adversarial=True)
    parts = split_learner(stack_learners(singles, build, 1e-3, "cpu"), build, 1e-3, "cpu")
    for one, part in zip(singles, parts, strict=True):
        for name in one.networks:
            for key, value in one.networks[name].state_dict().items():
                assert torch.equal(part.networks[name].state_dict()[key], value), key
            mine, theirs = (learner.optimizers[name].state_dict()["state"] for learner in (part, one))
            assert mine.keys() == theirs.keys() and len(theirs) > 10
            for index, moments in theirs.items():
                for key, value in moments.items():
                    assert torch.equal(mine[index][key], value), (index, key)


def test_folds_of_different_lengths_train_together_as_alone():
    """Nine, six and six steps: one fold ends later, in the middle of nothing the others did."""
    folds = [windows(48, 1), windows(33, 2), windows(40, 3)]
    for fold, ours in zip(folds, train_gans(folds, 3, MASK, **OPTIONS), strict=True):
        alone = train_gan(fold.grid, fold.labels, 3, MASK, **OPTIONS)
        assert_close(ours, alone, rtol=1e-2, atol=2e-4)


def test_what_a_fold_holds_does_not_reach_another():
    """Not by a single bit: the second fold's windows are replaced, and the first learns the same."""
    first, _ = train_gans([windows(40, 1), windows(40, 2)], 3, MASK, **OPTIONS)
    again, _ = train_gans([windows(40, 1), windows(40, 99)], 3, MASK, **OPTIONS)
    for name, tensor in weights(first).items():
        assert torch.equal(weights(again)[name], tensor), name
    assert first.history == again.history


def test_a_fold_that_cannot_be_trained_leaves_the_others_alone():
    broken, single = windows(40, 2), windows(40, 3, n_classes=1)
    broken.grid[3, 0, 4, 4] = np.inf
    good, diverged, refused = train_gans([windows(40, 1), broken, single], 3, MASK, **OPTIONS)
    assert isinstance(diverged, DivergedError) and isinstance(refused, ConfigError)
    fold = windows(40, 1)
    assert_close(good, train_gan(fold.grid, fold.labels, 3, MASK, **OPTIONS), rtol=1e-2, atol=2e-4)


class Killed(Exception):
    pass


@pytest.mark.parametrize(("at", "first", "tolerance"), [(40, 40, 0), (60, 60, 1e-2)])
def test_folds_that_were_stopped_together_go_on_from_their_checkpoints(tmp_path, monkeypatch, at, first, tolerance):
    """To the same bytes where both stood at one step; a fold that had ended before the others goes on alone."""
    monkeypatch.setattr(loop, "CHECKPOINT_REST", 0)
    options = {**OPTIONS, "training": TrainingConfig(epochs=20, batch_size=16, learning_rate=1e-3)}
    # 40 and 60 steps.
    data = [windows(40, 1), windows(60, 2)]

    def run(on_step):
        pairs = zip(data, (None, on_step), strict=True)
        folds = [FoldWindows(w.grid, w.labels, tmp_path / str(i), on) for i, (w, on) in enumerate(pairs)]
        return train_gans(folds, 3, MASK, checkpoint_s=0, **options)

    def stop(done, total):
        if done == at:
            raise Killed

    with pytest.raises(Killed):
        run(stop)
    steps = []
    resumed = run(lambda done, total: steps.append((done, total)))
    assert steps[0] == (first, 60)
    for ours, other in zip(resumed, train_gans(data, 3, MASK, **options), strict=True):
        assert_close(ours, other, rtol=tolerance, atol=tolerance / 50)
