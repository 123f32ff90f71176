"""Edits made while a classifier trains: they are the GAN's, drawn anew each epoch, whoever loads them."""

import threading
from copy import deepcopy
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader, TensorDataset

from escgan.errors import ConfigError
from escgan.gan import EditedWindows, EditTransform, NetworkConfig, TrainingConfig, edit_windows, train_gan
from escgan.layout import rows_layout
from escgan.montage import scalp_grid
from tests.conftest import CHANNELS, make_windows

GENEROUS = 1e6


def windows(counts=(40, 12)):
    made = make_windows(counts=counts, separation=2.0)
    return scalp_grid(CHANNELS).to_grid(made.de), made.labels


@cache
def gan(counts=(40, 12)):
    training = TrainingConfig(epochs=12, batch_size=32, learning_rate=3e-3, target="other")
    mask = scalp_grid(CHANNELS).mask
    return train_gan(*windows(counts), len(counts), mask, network=NetworkConfig(hidden=4), training=training)


def forget(worker):
    """In a worker, forget what other tests of this process would do at its end: Prefect's clients fail there."""
    threading._threading_atexits.clear()


def dataset(counts=(40, 12), **options):
    return EditedWindows(*windows(counts), gan(counts), **{"delta": GENEROUS, "target": "other"} | options)


def everything(data, epoch=0, **options):
    data.set_epoch(epoch)
    batches = list(DataLoader(data, batch_size=32, **options))
    return torch.cat([x for x, _ in batches]), torch.cat([y for _, y in batches])


def edited_rows(x, grid):
    return np.flatnonzero((x.numpy() != grid).any(axis=(1, 2, 3)))


@pytest.mark.parametrize(("counts", "target"), [((40, 12), "other"), ((40, 12), 1), ((30, 30, 8), "other")])
def test_windows_and_labels_are_those_of_edit_windows_for_the_same_reference_and_target(counts, target):
    grid, labels = windows(counts)
    x, y = everything(dataset(counts, p=0.5, target=target))
    rows = edited_rows(x, grid)
    assert 20 < len(rows) < len(grid) - 20 and x.dtype == torch.float32 and y.dtype == torch.int64
    assert (y.numpy()[rows] != labels[rows]).all()
    truth = edit_windows(gan(counts), grid[rows], y.numpy()[rows], GENEROUS)
    # A batch of another size may round differently.
    np.testing.assert_allclose(x.numpy()[rows], truth.grid, atol=1e-5)
    assert truth.accepted.all()
    left = np.setdiff1d(np.arange(len(grid)), rows)
    np.testing.assert_array_equal(y.numpy()[left], labels[left])


def test_edits_that_are_not_accepted_leave_the_window_and_its_label():
    grid, labels = windows()
    realness = edit_windows(gan(), grid, 1 - labels, GENEROUS).realness
    delta = float(np.median(realness))
    x, y = everything(dataset(p=1.0, delta=delta))
    accepted = edit_windows(gan(), grid, 1 - labels, delta).accepted
    clear = np.abs(realness - delta) > 1e-4
    assert 20 < accepted.sum() < len(grid) - 20
    np.testing.assert_array_equal((y.numpy() != labels)[clear], accepted[clear])
    np.testing.assert_array_equal(np.isin(np.arange(len(grid)), edited_rows(x, grid))[clear], accepted[clear])
    nothing, same = everything(dataset(p=1.0, delta=-GENEROUS))
    assert nothing.numpy().tobytes() == grid.tobytes() and same.numpy().tobytes() == labels.tobytes()


@pytest.mark.parametrize("target", ["rare", "other", 1])
def test_with_p_0_nothing_is_changed(target):
    grid, labels = windows()
    x, y = everything(dataset(p=0.0, target=target))
    assert x.numpy().tobytes() == grid.tobytes() and y.numpy().tobytes() == labels.tobytes()
    batch = torch.from_numpy(grid), torch.from_numpy(labels)
    edited = EditTransform(gan(), p=0.0, target=target, delta=GENEROUS)(*batch)
    assert torch.equal(edited[0], batch[0]) and torch.equal(edited[1], batch[1])


@pytest.mark.parametrize("target", [0, 1])
def test_with_p_1_and_judges_that_accept_everything_every_window_is_edited(target):
    grid, labels = windows()
    agreeable = deepcopy(gan())
    last = agreeable.discriminator.classes[-1]
    torch.nn.init.zeros_(last.weight)
    last.bias.data = 10.0 * torch.eye(2)[target]
    x, y = everything(EditedWindows(grid, labels, agreeable, target=target, p=1.0, delta=GENEROUS))
    assert (y == target).all()
    # Those that are of the class already stay.
    np.testing.assert_array_equal(edited_rows(x, grid), np.flatnonzero(labels != target))


def test_with_p_1_into_other_classes_every_window_is_edited_whose_edit_is_accepted():
    grid, labels = windows()
    accepted = edit_windows(gan(), grid, 1 - labels, GENEROUS).accepted
    x, y = everything(dataset(p=1.0))
    assert accepted.mean() > 0.9
    np.testing.assert_array_equal(y.numpy(), np.where(accepted, 1 - labels, labels))
    np.testing.assert_array_equal(edited_rows(x, grid), np.flatnonzero(accepted))


def test_every_epoch_draws_anew_and_the_same_epoch_the_same():
    data = dataset(p=0.5)
    first, again, other = everything(data, 0), everything(dataset(p=0.5), 0), everything(data, 1)
    assert torch.equal(first[0], again[0]) and torch.equal(first[1], again[1])
    assert not torch.equal(first[1], other[1])
    assert not torch.equal(first[1], everything(dataset(p=0.5, seed=1))[1])


def test_neither_order_nor_batches_nor_asking_singly_matters():
    data = dataset(p=0.5)
    x, y = everything(data, 3)
    order = np.random.default_rng(0).permutation(len(data))
    singly = [data[int(i)] for i in order]
    np.testing.assert_array_equal([int(label) for _, label in singly], y.numpy()[order])
    np.testing.assert_allclose(torch.stack([one for one, _ in singly]).numpy(), x.numpy()[order], atol=1e-5)


def test_a_batch_is_one_pass_through_the_generator():
    data, passes = dataset(p=1.0), []
    hook = data.transform.gan.generator.register_forward_hook(lambda *_: passes.append(1))
    try:
        batches = len(list(DataLoader(data, batch_size=32)))
    finally:
        hook.remove()
    assert len(passes) == batches == 5


@pytest.mark.parametrize("persistent", [False, True])
def test_workers_load_what_the_main_process_would(persistent):
    """Also those that outlive an epoch, and are told of the next one."""
    data = dataset(p=0.5)
    loader = DataLoader(data, batch_size=32, num_workers=2, persistent_workers=persistent, worker_init_fn=forget)
    for epoch in (0, 1):
        alone = everything(dataset(p=0.5), epoch)
        data.set_epoch(epoch)
        loaded = list(loader)
        assert torch.equal(torch.cat([y for _, y in loaded]), alone[1])
        torch.testing.assert_close(torch.cat([x for x, _ in loaded]), alone[0], atol=1e-5, rtol=0)


@pytest.mark.parametrize("n_workers", [1, 2])
def test_a_loaders_collate_draws_the_same_however_many_workers_there_are(n_workers):
    grid, labels = windows()
    plain = TensorDataset(torch.from_numpy(grid), torch.from_numpy(labels))

    def loaded(workers, epoch):
        edit = EditTransform(gan(), p=0.5, target="other", delta=GENEROUS, seed=4)
        edit.set_epoch(epoch)
        loader = DataLoader(plain, batch_size=20, num_workers=workers, collate_fn=edit.collate, worker_init_fn=forget)
        batches = list(loader)
        return torch.cat([y for _, y in batches])

    assert torch.equal(loaded(n_workers, 0), loaded(0, 0))
    assert not torch.equal(loaded(n_workers, 1), loaded(0, 0)) and not torch.equal(
        loaded(0, 0), torch.from_numpy(labels)
    )


def test_a_training_loop_sees_other_edits_in_every_batch_and_the_same_ones_when_it_is_repeated():
    grid, labels = (torch.from_numpy(a) for a in windows())

    def run():
        edit = EditTransform(gan(), p=0.5, target="other", delta=GENEROUS, seed=1)
        return [edit(grid, labels)[1] for _ in range(3)]

    first, again = run(), run()
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], first[1]) and not torch.equal(first[1], first[2])


def test_neither_the_batch_nor_the_global_stream_is_touched():
    grid, labels = (torch.from_numpy(a) for a in windows())
    x, y = grid.clone(), labels.clone()
    torch.manual_seed(3)
    before = torch.get_rng_state()
    made = EditTransform(gan(), p=1.0, target="other", delta=GENEROUS)(x, y)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(x, grid) and torch.equal(y, labels) and not torch.equal(made[1], labels)


@pytest.mark.parametrize("p", [0.2, 0.5, 1.0])
def test_towards_rare_classes_frequencies_come_as_close_to_equal_as_p_allows(p):
    counts = (60, 20, 10)
    data = dataset(counts, p=p, target="rare")
    found = np.mean([np.bincount(everything(data, epoch)[1], minlength=3) for epoch in range(20)], axis=0)
    # All edits of this toy GAN into rare classes are accepted, or nearly so: a third each is 90 of 270 windows.
    moved = min(90, p * 180)
    truth = [180 - moved, 60 + moved * 30 / 90, 30 + moved * 60 / 90]
    np.testing.assert_allclose(found, truth, atol=8)
    assert np.ptp(found) < np.ptp([180, 60, 30])


def test_towards_rare_classes_only_windows_of_common_ones_are_edited():
    grid, labels = windows((60, 20, 10))
    x, _ = everything(dataset((60, 20, 10), p=1.0, target="rare"))
    rows = edited_rows(x, grid)
    assert len(rows) > 20 and (labels[rows] == 0).all()
    balanced, same = everything(EditedWindows(*windows((20, 20)), gan(), p=1.0, delta=GENEROUS))
    assert torch.equal(balanced, torch.from_numpy(windows((20, 20))[0])) and same.sum() == 60


@settings(max_examples=100, deadline=None)
@given(
    counts=st.lists(st.integers(0, 400), min_size=3, max_size=3).filter(lambda c: sum(n > 0 for n in c) > 1),
    p=st.floats(0, 1),
    target=st.sampled_from(["rare", "other"]),
)
def test_expected_frequencies_never_overshoot_and_unknown_classes_stay_so(counts, p, target):
    edit = EditTransform(gan((60, 20, 10)), target=target, p=p, counts=counts)
    chance = edit._chances(edit.counts).numpy()
    share = np.array(counts) / sum(counts)
    assert (chance >= 0).all() and (chance.sum(axis=1) <= p + 1e-9).all() and (np.diag(chance) == 0).all()
    assert (chance[:, np.array(counts) == 0] == 0).all()
    if target == "other":
        np.testing.assert_allclose(chance.sum(axis=1)[share > 0], p, atol=1e-12)
        return
    after = share - share * chance.sum(axis=1) + share @ chance
    equal = (share > 0) / (share > 0).sum()
    # Every class comes nearer to its equal share, and none passes it.
    assert (np.abs(after - equal) <= np.abs(share - equal) + 1e-9).all()
    assert ((after - equal) * (share - equal) >= -1e-9).all()
    if p == 1:
        np.testing.assert_allclose(after, equal, atol=1e-9)


def test_rows_are_edited_through_their_layout():
    made = make_windows(counts=(40, 12), separation=2.0)
    layout = rows_layout(made.flat().shape[1], CHANNELS)
    rows = EditedWindows(made.flat(), made.labels, gan(), target="other", p=0.5, delta=GENEROUS, layout=layout)
    x, y = everything(rows)
    grids, labels = everything(dataset(p=0.5))
    assert torch.equal(y, labels) and not torch.equal(y, torch.from_numpy(made.labels))
    np.testing.assert_array_equal(x.numpy(), layout.to_rows(grids.numpy()))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"p": 1.5}, "p is 1.5: give a probability"),
        ({"p": float("nan")}, "p is nan"),
        ({"target": 2}, "target is 2: give 'rare', 'other' or a class from 0 to 1"),
        ({"target": "next"}, "target is 'next'"),
        ({"target": 0.5}, "target is 0.5"),
        ({"counts": [1, 2, 3]}, "give one for each of the 2 classes"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_reason(options, message):
    with pytest.raises(ConfigError, match=message):
        EditTransform(gan(), **options)


def test_a_label_too_few_is_refused():
    grid, labels = windows()
    with pytest.raises(ConfigError, match="156 windows but 155 labels"):
        EditedWindows(grid, labels[1:], gan())
