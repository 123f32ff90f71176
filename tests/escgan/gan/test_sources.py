"""Windows read while training against windows held by the device."""

import threading

import numpy as np
import pytest
import torch

from escgan.gan import NetworkConfig, TrainingConfig, train_gan
from escgan.gan.batches import Batches
from escgan.gan.sources import AHEAD, Streamed
from escgan.montage import PaintedRows, scalp_grid
from tests.conftest import make_windows

CONFIG = TrainingConfig(epochs=4, batch_size=32, learning_rate=1e-3, target="other")


@pytest.fixture
def on_disk(tmp_path):
    """Windows whose values lie in a file, and the same in memory."""
    windows = make_windows(counts=(60, 40), seed=3)
    path = tmp_path / "de.bin"
    windows.de.tofile(path)
    return windows, np.memmap(path, np.float32, "r", shape=windows.de.shape)


def painted(windows, de):
    return scalp_grid(windows.channels).paint(de)


def test_painted_rows_are_the_bytes_of_painting_all(on_disk):
    windows, de = on_disk
    rows = painted(windows, de)
    whole = scalp_grid(windows.channels).to_grid(windows.de)
    assert isinstance(rows, PaintedRows) and isinstance(painted(windows, windows.de), np.ndarray)
    assert rows.shape == whole.shape
    for some in (np.array([5, 0, 299, 5]), slice(10, 13), np.array([7])):
        np.testing.assert_array_equal(rows[some], whole[some])


@pytest.mark.parametrize("folds", [(0,), (0, 1), (1,)])
def test_batches_are_the_same_wherever_windows_lie(on_disk, folds):
    windows, de = on_disk
    whole = scalp_grid(windows.channels).to_grid(windows.de)
    labels = [windows.labels, windows.labels[:200]]
    resident = Batches([whole, whole[:200]], labels, 2, CONFIG, 5, "cpu")
    streamed = Batches([painted(windows, de), painted(windows, de[:200])], labels, 2, CONFIG, 5, "cpu")
    # Over the ends of passes, which the folds reach at different steps, from the middle, and back.
    for start, stop in ((0, 20), (20, 31), (5, 9), (9, 12)):
        for ours, theirs in zip(streamed.draw(start, stop, folds), resident.draw(start, stop, folds), strict=True):
            assert torch.equal(ours.x, theirs.x) and ours.x.is_contiguous(memory_format=torch.channels_last)
            assert torch.equal(ours.label, theirs.label) and torch.equal(ours.partner, theirs.partner)


def test_training_ends_with_the_same_bytes_and_takes_up_the_others_checkpoint(on_disk, tmp_path):
    windows, de = on_disk
    scalp = scalp_grid(windows.channels)
    options = {"network": NetworkConfig(hidden=4), "training": CONFIG, "seed": 2}

    def train(grid, **more):
        return train_gan(grid, windows.labels, 2, scalp.mask, **options, **more)

    resident, streamed = train(scalp.to_grid(windows.de)), train(painted(windows, de))
    for name, tensor in resident.generator.state_dict().items():
        assert torch.equal(streamed.generator.state_dict()[name], tensor), name
    assert streamed.history == resident.history

    class Stop(Exception):
        pass

    def stop(done, total):
        raise Stop

    with pytest.raises(Stop):
        train(painted(windows, de), checkpoints=tmp_path, checkpoint_s=0, on_step=stop)
    told = []
    resumed = train(
        scalp.to_grid(windows.de), checkpoints=tmp_path, checkpoint_s=0, on_step=lambda done, _: told.append(done)
    )
    assert resumed.history == resident.history


def test_batches_are_read_before_they_are_asked_for():
    read, all_read = [], threading.Event()

    class Counted:
        shape = (1000, 2, 9, 9)

        def __getitem__(self, rows):
            read.append(int(rows[0]))
            if len(read) == AHEAD:
                all_read.set()
            return np.zeros((len(rows), 2, 9, 9), np.float32)

    source = Streamed([Counted()], lambda step, folds: np.arange(8)[:, None] + step, "cpu")
    source.take(0, [0])
    assert all_read.wait(timeout=60) and sorted(read) == list(range(AHEAD))
    source.take(1, [0])
    # What was read ahead and is not wanted after all is forgotten.
    source.take(500, [0])
    source.take(0, [0])


def test_an_error_while_reading_reaches_the_loop():
    class Broken:
        shape = (1000, 2, 9, 9)

        def __getitem__(self, rows):
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        Streamed([Broken()], lambda step, folds: np.zeros((8, 1), int), "cpu").take(0, [0])
