"""Editing that starts from how the classes of another training subject differ."""

import numpy as np
import pytest
import torch

from escgan.errors import ConfigError
from escgan.gan import LossWeights, NetworkConfig, TrainingConfig, loop, train_gan, train_gans
from escgan.gan.batches import Batches
from escgan.gan.layout import ChannelColumn
from escgan.gan.lenders import lenders_of
from escgan.gan.loop import FoldWindows
from escgan.gan.step import make_learner, take_step
from escgan.gan.training import build_gan
from escgan.montage import PaintedRows, scalp_grid
from tests.conftest import CHANNELS, make_windows

COLUMN = ChannelColumn(2)
DENSE = NetworkConfig(hidden=2, form="channels", residual=True, dropout=0.0)
BORROWING = TrainingConfig(epochs=4, batch_size=16, learning_rate=1e-3, borrow=1.0, shrinkage=2.0, target="other")


def cohort(n=60, n_classes=3, seed=0):
    """Windows of three subjects; subject 2 has none of the last class."""
    draw = np.random.default_rng(seed)
    labels, subjects = np.arange(n) % n_classes, np.arange(n) // n_classes % 3
    kept = (subjects != 2) | (labels != n_classes - 1)
    labels, subjects = labels[kept], subjects[kept]
    de = draw.standard_normal((len(labels), 2, 1)) + 10 * subjects[:, None, None] * labels[:, None, None]
    return COLUMN.to_grid(de.astype(np.float32)), labels, subjects


def test_a_shrunk_difference_is_the_one_worked_out_by_hand():
    grid = np.array([0, 2, 10, 12, 14, 5, 105], np.float32).reshape(7, 1, 1, 1)
    labels, subjects = np.array([0, 0, 1, 1, 1, 0, 1]), np.array([4, 4, 4, 4, 4, 9, 9])
    lenders = lenders_of(grid, labels, subjects, 2, shrinkage=3.0)
    table = lenders.differences.reshape(2, 2, 2)
    everyone = (10 + 12 + 14 + 105) / 4 - (0 + 2 + 5) / 3
    # Two windows of the rarer class against a shrinkage of three; one against three.
    np.testing.assert_allclose(table[:, 0, 1], [0.4 * 11 + 0.6 * everyone, 0.25 * 100 + 0.75 * everyone], rtol=1e-6)
    np.testing.assert_allclose(table[:, 1, 0], -table[:, 0, 1])
    assert (table[:, [0, 1], [0, 1]] == 0).all()
    bare = lenders_of(grid, labels, subjects, 2, shrinkage=0.0).differences.reshape(2, 2, 2)
    np.testing.assert_allclose(bare[:, 0, 1], [11, 100])


def test_only_subjects_with_both_classes_lend_each_as_often_as_the_others():
    grid, labels, subjects = cohort()
    lenders = lenders_of(grid, labels, subjects, 3, 1.0)
    chance = (np.arange(600) + 0.5) / 600
    for target, expected in ((1, [200, 200, 200]), (2, [300, 300, 0])):
        rows = lenders.rows(np.zeros(600, int), np.full(600, target), chance)
        assert (rows % 9 == target).all()
        np.testing.assert_array_equal(np.bincount(rows // 9, minlength=3), expected)
    assert lenders.rows(np.zeros(1, int), np.ones(1, int), np.array([1 - 2**-53]))[0] // 9 == 2


def test_where_nobody_has_both_classes_the_difference_of_all_is_lent():
    grid, labels = np.array([1, 3, 9], np.float32).reshape(3, 1, 1, 1), np.array([0, 0, 1])
    lenders = lenders_of(grid, labels, np.array([0, 0, 1]), 2, 5.0)
    rows = lenders.rows(np.zeros(50, int), np.ones(50, int), np.linspace(0, 0.99, 50))
    np.testing.assert_allclose(lenders.differences[rows].ravel(), 9 - 2)


def test_windows_in_a_file_lend_what_windows_in_memory_do(tmp_path):
    windows = make_windows()
    windows.de.tofile(tmp_path / "de.bin")
    scalp = scalp_grid(CHANNELS)
    rows = scalp.paint(np.memmap(tmp_path / "de.bin", np.float32, "r", shape=windows.de.shape))
    whose = windows.subjects.astype(int)
    assert isinstance(rows, PaintedRows)
    ours, theirs = (lenders_of(grid, windows.labels, whose, 2, 10.0) for grid in (rows, scalp.to_grid(windows.de)))
    np.testing.assert_array_equal(ours.differences, theirs.differences)
    np.testing.assert_array_equal(ours.able, theirs.able)


def test_a_batch_starts_from_its_windows_moved_by_drawn_differences():
    grid, labels, subjects = cohort()
    lenders = lenders_of(grid, labels, subjects, 3, 2.0)
    table = lenders.differences.reshape(3, 3, 3, -1)
    config = TrainingConfig(epochs=9, batch_size=50, borrow=0.5, shrinkage=2.0, target="other")
    drawn = set()
    for batch in Batches([grid], [labels], 3, config, 0, "cpu", [subjects]).draw(0, 6):
        moved = ((batch.start - batch.x) / 0.5).flatten(1).numpy()
        for change, source, target in zip(moved, batch.label.tolist(), batch.target.tolist(), strict=True):
            off = np.abs(table[:, source, target] - change).max(axis=1)
            assert off.min() < 1e-3
            drawn.add((int(off.argmin()), source, target))
    # Subject 2 lends only between the classes that it has; everybody else lends between all.
    assert drawn == {
        (s, a, b) for s in range(3) for a in range(3) for b in range(3) if a != b and (s < 2 or 2 not in (a, b))
    }


def test_the_same_step_borrows_the_same_and_leaves_all_other_draws_as_they_are():
    grid, labels, subjects = cohort()
    plain = TrainingConfig(epochs=9, batch_size=16, target="other")
    steps = list(Batches([grid], [labels], 3, BORROWING, 0, "cpu", [subjects]).draw(0, 8))
    (again,) = Batches([grid], [labels], 3, BORROWING, 0, "cpu", [subjects]).draw(5, 6)
    assert torch.equal(again.start, steps[5].start)
    for ours, theirs in zip(steps, Batches([grid], [labels], 3, plain, 0, "cpu").draw(0, 8), strict=True):
        assert theirs.start is None
        for name in ("x", "label", "target", "partner"):
            assert torch.equal(getattr(ours, name), getattr(theirs, name))


def test_what_one_folds_subjects_lend_does_not_reach_another():
    first, other, changed = (cohort(seed=seed) for seed in (1, 2, 3))
    drawn = [
        next(
            Batches([first[0], two[0]], [first[1], two[1]], 3, BORROWING, 0, "cpu", [first[2], two[2]]).draw(
                0, 1, (0, 1)
            )
        )
        for two in (other, changed)
    ]
    alone = next(Batches([first[0]], [first[1]], 3, BORROWING, 0, "cpu", [first[2]]).draw(0, 1))
    for batch in drawn:
        assert torch.equal(batch.start[:, :1], alone.start)
    assert not torch.equal(drawn[0].start[:, 1:], drawn[1].start[:, 1:])


def test_residual_edits_begin_as_the_identity_and_change_nothing_outside_the_electrodes_hull():
    for form, mask in (("channels", COLUMN.mask), ("grid", scalp_grid(CHANNELS).mask)):
        net = build_gan(2, 3, mask, NetworkConfig(hidden=2, form=form, residual=True)).generator.eval()
        x = torch.randn(5, 2, *mask.shape, generator=torch.Generator().manual_seed(0))
        target = torch.tensor([0, 1, 2, 0, 1])
        # The last layer is of zeros.
        assert torch.equal(net(x, target), x)
        torch.nn.init.ones_(net.last_layer.weight)
        change = net(x, target) - x
        assert change.abs().max() > 1e-2
        assert torch.equal(change[:, :, ~torch.from_numpy(mask)], x.new_zeros(5, 2, int((~mask).sum())))


def test_the_reconstruction_drives_the_residual_change_into_the_own_class_to_zero():
    grid, labels, _ = cohort()
    gan = build_gan(1, 3, COLUMN.mask, DENSE)
    torch.nn.init.ones_(gan.generator.last_layer.weight)
    learner = make_learner(gan.generator, gan.discriminator, 3e-2, "cpu")
    losses = LossWeights(reconstruction=50, diversity=0, boundary=0, control=0)
    training = TrainingConfig(epochs=25, batch_size=16)
    terms = [
        take_step(learner, batch, losses, training, adversarial=False)["reconstruction"].item()
        for batch in Batches([grid], [labels], 3, training, 0, "cpu").draw(0, 60)
    ]
    assert terms[-1] < 0.05 * terms[0]


def test_a_step_reconstructs_the_window_and_judges_the_edit_of_where_it_starts():
    """A residual generator that has not learned yet returns what it is given."""
    grid, labels, subjects = cohort()
    gan = build_gan(1, 3, COLUMN.mask, DENSE)
    (batch,) = Batches([grid], [labels], 3, BORROWING, 0, "cpu", [subjects]).draw(0, 1)
    seen = []
    gan.discriminator.register_forward_hook(lambda module, args, answer: seen.append(args[0].detach()))
    learner = make_learner(gan.generator, gan.discriminator, 1e-3, "cpu")
    terms = take_step(learner, batch, LossWeights(), BORROWING, adversarial=True)
    assert terms["reconstruction"] == 0
    assert torch.equal(seen[0], batch.start) and torch.equal(seen[1], batch.x)


class Killed(Exception):
    pass


def test_training_that_was_stopped_resumes_to_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_REST", 0)
    grid, labels, subjects = cohort(120)
    options = {"network": DENSE, "training": TrainingConfig(epochs=8, batch_size=16, borrow=1.0, average=0.9)}

    def run(checkpoints=None, on_step=None):
        folds = [FoldWindows(grid, labels, checkpoints, on_step, subjects)]
        return train_gans(folds, 3, COLUMN.mask, checkpoint_s=0, **options)[0]

    def stop(done, total):
        if done == 40:
            raise Killed

    with pytest.raises(Killed):
        run(tmp_path, stop)
    steps = []
    resumed, undisturbed = run(tmp_path, lambda done, total: steps.append(done)), run()
    assert steps[0] == 40 and resumed.history == undisturbed.history
    for name, tensor in undisturbed.generator.state_dict().items():
        assert torch.equal(resumed.generator.state_dict()[name], tensor), name


def test_a_checkpoint_of_other_subjects_is_not_resumed(tmp_path):
    grid, labels, subjects = cohort()
    seen = []
    for whose in (subjects, subjects, subjects[::-1].copy()):
        first = []
        folds = [FoldWindows(grid, labels, tmp_path, lambda done, total, first=first: first.append(done), whose)]
        train_gans(
            folds,
            3,
            COLUMN.mask,
            network=DENSE,
            training=TrainingConfig(epochs=20, batch_size=16, borrow=1.0),
            checkpoint_s=0,
        )
        seen.append(first[0])
    assert seen[0] == seen[2] == 20 < seen[1]


def test_folds_together_learn_what_each_learns_alone():
    training = TrainingConfig(epochs=3, batch_size=16, learning_rate=1e-5, borrow=1.0, target="other")
    data = [cohort(n, seed=n) for n in (54, 40, 47)]
    folds = [FoldWindows(grid, labels, subjects=subjects) for grid, labels, subjects in data]
    for fold, ours in zip(folds, train_gans(folds, 3, COLUMN.mask, network=DENSE, training=training), strict=True):
        (alone,) = train_gans([fold], 3, COLUMN.mask, network=DENSE, training=training)
        for name, tensor in alone.generator.state_dict().items():
            torch.testing.assert_close(ours.generator.state_dict()[name], tensor, msg=name, rtol=1e-3, atol=2e-4)
        for mine, other in zip(ours.history, alone.history, strict=True):
            assert mine == pytest.approx(other, rel=1e-3, abs=1e-7)


def test_borrowing_without_knowing_whose_windows_they_are_is_refused():
    grid, labels, _ = cohort()
    with pytest.raises(ConfigError, match="name the subjects"):
        train_gan(grid, labels, 3, COLUMN.mask, network=DENSE, training=BORROWING)
    with pytest.raises(ConfigError, match="give 0 or more"):
        TrainingConfig(borrow=-1)
    with pytest.raises(TypeError, match="residual"):
        net = build_gan(1, 3, COLUMN.mask, DENSE).generator
        net.decode(net.encode(torch.zeros(2, 1, 2, 1)), torch.tensor([0, 1]))
