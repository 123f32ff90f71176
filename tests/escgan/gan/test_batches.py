import numpy as np
import pytest
import torch

from escgan.gan import TrainingConfig
from escgan.gan.batches import Batches, steps_per_epoch


def batches(n=100, n_classes=2, seed=0, **settings):
    """Every window holds its own number, so that what was drawn can be told."""
    grid = np.arange(n, dtype=np.float32)[:, None, None, None] * np.ones((1, 2, 9, 9), np.float32)
    grid[:, 1] += 0.5
    config = TrainingConfig(**{"epochs": 2, "batch_size": 30} | settings)
    return Batches([grid], [np.arange(n) % n_classes], n_classes, config, seed, "cpu")


def rows(batch):
    return batch.x[:, 0, 0, 0].to(torch.int64)


@pytest.mark.parametrize("kind", ["next", "other"])
def test_targets_are_never_the_own_class_and_reach_every_other(kind):
    pairs = set()
    for batch in batches(300, 3, batch_size=100, target=kind).draw(0, 3):
        assert (batch.target != batch.label).all() and (batch.partner != torch.arange(100)).all()
        pairs |= set(zip(batch.label.tolist(), batch.target.tolist(), strict=True))
    assert pairs == (
        {(0, 1), (1, 2), (2, 0)} if kind == "next" else {(a, b) for a in range(3) for b in range(3) if a != b}
    )


def test_a_pass_visits_every_window_at_most_once_and_the_next_one_in_another_order():
    drawn = batches()
    assert steps_per_epoch(100, 30) == 3 and steps_per_epoch(7, 30) == 1
    first, second = (torch.cat([rows(batch) for batch in drawn.draw(start, start + 3)]) for start in (0, 3))
    assert len(first.unique()) == len(second.unique()) == 90
    assert not torch.equal(first, second)


def test_a_batch_holds_its_windows_with_their_labels_channels_last():
    for batch in batches().draw(0, 6):
        assert batch.x.shape == (30, 2, 9, 9) and batch.x.is_contiguous(memory_format=torch.channels_last)
        assert torch.equal(batch.label, rows(batch) % 2)
        expected = rows(batch).float()[:, None, None, None] + torch.tensor([0.0, 0.5])[:, None, None]
        assert torch.equal(batch.x, expected.expand_as(batch.x))


def test_a_step_draws_the_same_batch_wherever_drawing_began():
    whole = list(batches().draw(0, 6))
    for start in range(6):
        # In two pieces, and by another object: as after a kill.
        for step, batch in enumerate(batches().draw(start, 6), start=start):
            for name in ("x", "label", "target", "partner"):
                assert torch.equal(getattr(batch, name), getattr(whole[step], name))


def test_another_seed_draws_other_batches():
    assert not torch.equal(rows(next(batches().draw(0, 1))), rows(next(batches(seed=1).draw(0, 1))))


def test_fewer_windows_than_a_batch_are_one_batch():
    drawn = batches(n=10)
    assert sorted(rows(next(drawn.draw(0, 1))).tolist()) == list(range(10))


def test_folds_draw_together_what_each_draws_alone():
    sizes = (40, 55, 31)
    grids = [np.random.default_rng(n).standard_normal((n, 2, 9, 9)).astype(np.float32) for n in sizes]
    labels = [np.arange(n) % 3 for n in sizes]
    config = TrainingConfig(epochs=4, batch_size=10, target="other")
    together = Batches(grids, labels, 3, config, 7, "cpu")
    # Passes end at different steps, and a fold that is left out leaves the others as they are.
    for folds in ((0, 1, 2), (0, 2)):
        alone = [Batches([grids[f]], [labels[f]], 3, config, 7, "cpu").draw(2, 9) for f in folds]
        for joined, *parts in zip(together.draw(2, 9, folds), *alone, strict=True):
            assert joined.x.is_contiguous(memory_format=torch.channels_last)
            assert torch.equal(joined.x, torch.cat([part.x for part in parts], dim=1))
            for name in ("label", "target"):
                assert torch.equal(getattr(joined, name), torch.stack([getattr(p, name) for p in parts], dim=1))
            assert all(torch.equal(joined.partner, part.partner) for part in parts)
