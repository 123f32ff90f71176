import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch

from escgan.errors import ConfigError, DivergedError
from escgan.gan import LossWeights, NetworkConfig, TrainingConfig, edit_windows, loop, train_gan
from escgan.montage import scalp_grid
from tests.conftest import CHANNELS, make_windows

SMALL = NetworkConfig(hidden=4)
SHORT = TrainingConfig(epochs=30, batch_size=32, learning_rate=2e-3)


def grid_and_labels(**options):
    windows = make_windows(**options)
    return scalp_grid(CHANNELS).to_grid(windows.de), windows.labels


def train(epochs=4, **options):
    grid, labels = grid_and_labels()
    config = TrainingConfig(epochs=epochs, batch_size=16, learning_rate=1e-3)
    return train_gan(grid, labels, 2, scalp_grid(CHANNELS).mask, network=SMALL, training=config, **options)


def weights(gan):
    return {**gan.generator.state_dict(), **{f"d.{k}": v for k, v in gan.discriminator.state_dict().items()}}


def assert_equal_bytes(first, second):
    for name, tensor in weights(first).items():
        assert torch.equal(tensor, weights(second)[name]), name
    assert first.history == second.history


class Killed(Exception):
    pass


@pytest.fixture(autouse=True)
def a_checkpoint_after_every_block(monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_REST", 0)


@pytest.mark.parametrize("at", [20, 40])
def test_training_that_was_stopped_resumes_to_the_same_bytes(tmp_path, at):
    undisturbed = train(epochs=7)

    def stop(done, total):
        assert total == 63
        if done == at + 20:
            raise Killed

    with pytest.raises(Killed):
        train(epochs=7, checkpoints=tmp_path, checkpoint_s=0, on_step=stop)
    # The stop came before that block's checkpoint was written, so the one before it remains.
    assert [p.name[:13] for p in tmp_path.glob("step-*.safetensors")] == [f"step-{at:08d}"]
    steps = []
    resumed = train(epochs=7, checkpoints=tmp_path, checkpoint_s=0, on_step=lambda done, total: steps.append(done))
    assert steps[0] == at + 20
    assert_equal_bytes(resumed, undisturbed)


def test_writing_checkpoints_does_not_change_the_result(tmp_path):
    assert_equal_bytes(train(checkpoints=tmp_path, checkpoint_s=0), train())


def test_a_damaged_checkpoint_is_passed_over(tmp_path):
    def stop(done, total):
        if done == 36:
            raise Killed

    with pytest.raises(Killed):
        train(checkpoints=tmp_path, checkpoint_s=0, on_step=stop)
    (path,) = tmp_path.glob("step-*.safetensors")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    steps = []
    assert_equal_bytes(train(checkpoints=tmp_path, on_step=lambda done, total: steps.append(done)), train())
    assert steps[0] == 20


def test_a_checkpoint_of_other_settings_is_not_resumed(tmp_path):
    def stop(done, total):
        if done == 36:
            raise Killed

    with pytest.raises(Killed):
        train(checkpoints=tmp_path, checkpoint_s=0, on_step=stop)
    assert_equal_bytes(train(checkpoints=tmp_path, seed=5), train(seed=5))


def test_the_state_of_the_global_random_generator_plays_no_part():
    torch.manual_seed(1)
    np.random.seed(1)
    first = train()
    torch.manual_seed(2)
    np.random.seed(2)
    assert_equal_bytes(train(), first)


def test_the_history_names_every_term_and_covers_every_step():
    gan = train(epochs=7)
    assert [row["step"] for row in gan.history] == [20, 40, 60, 63]
    names = {"step", "reconstruction", "realness", "control", "diversity", "boundary"}
    assert set(gan.history[0]) == names | {"class_real", "class_edited", "judge_real", "judge_edited"}


def test_a_trained_gan_moves_windows_to_where_the_target_class_lies():
    """Each class shifts its own channels up by two: an edit must carry that shift, which a class-blind one cannot.

    Without the boundary loss, whose purpose is to stop edits half-way.
    """
    grid, labels = grid_and_labels(counts=(60, 60), separation=2.0)
    scalp = scalp_grid(CHANNELS)
    training = TrainingConfig(epochs=40, batch_size=32, learning_rate=2e-3)
    losses = LossWeights(reconstruction=3, boundary=0)
    gan = train_gan(grid, labels, 2, scalp.mask, network=NetworkConfig(hidden=8), losses=losses, training=training)
    edits = edit_windows(gan, grid[labels == 0], np.ones(180, np.int64), delta=np.inf)
    moved = scalp.to_channels(edits.grid).mean((0, 2)) - scalp.to_channels(grid[labels == 0]).mean((0, 2))
    # make_windows raises even channels in class 0 and odd ones in class 1.
    assert moved[1::2].mean() > 1 and moved[0::2].mean() < -1


def test_only_edits_that_look_real_and_of_their_target_are_accepted():
    grid, labels = grid_and_labels()
    gan = train()
    target = 1 - labels
    edits = edit_windows(gan, grid, target, delta=0.05)
    right = edits.probability.argmax(1) == target
    np.testing.assert_array_equal(edits.accepted, (edits.realness < 0.05) & right)
    np.testing.assert_allclose(edits.probability.sum(1), 1, rtol=1e-5)
    assert edit_windows(gan, grid, target, delta=-np.inf).accepted.sum() == 0
    np.testing.assert_array_equal(edit_windows(gan, grid, target, delta=np.inf).accepted, right)


def test_editing_nothing_gives_nothing():
    edits = edit_windows(train(), np.zeros((0, 2, 9, 9), np.float32), np.zeros(0, np.int64), 0.0)
    assert edits.grid.shape == (0, 2, 9, 9) and edits.probability.shape == (0, 2) and len(edits.accepted) == 0


def test_extreme_features_end_in_a_sentence_that_names_term_and_step():
    grid, labels = grid_and_labels()
    grid[0, 0, 4, 4] = np.inf
    with pytest.raises(DivergedError, match=r"loss term '\w+' became \w+ by step \d+: lower"):
        train_gan(grid, labels, 2, scalp_grid(CHANNELS).mask, network=SMALL, training=SHORT)


def test_one_class_alone_is_refused():
    grid, _ = grid_and_labels()
    with pytest.raises(ConfigError, match="holds windows of 1 class, and ESC-GAN edits between two"):
        train_gan(grid, np.zeros(len(grid), np.int64), 2, scalp_grid(CHANNELS).mask, network=SMALL)


@pytest.mark.parametrize(
    "make",
    [
        lambda: NetworkConfig(hidden=0),
        lambda: NetworkConfig(dropout=1.0),
        lambda: LossWeights(boundary=-1),
        lambda: TrainingConfig(epochs=0),
        lambda: TrainingConfig(learning_rate=0),
        lambda: TrainingConfig(learning_rate=float("inf")),
        lambda: TrainingConfig(batch_size=1),
        lambda: TrainingConfig(label_smoothing=1.5),
    ],
)
def test_settings_that_cannot_work_are_refused(make):
    with pytest.raises(ConfigError, match="give"):
        make()


def test_the_gan_trains_where_only_torch_and_numpy_are_installed():
    """A loader that refuses every other package stands in for a bare GPU machine."""
    code = """
        import importlib.abc, importlib.machinery, sys
        class Refuse(importlib.abc.MetaPathFinder, importlib.abc.Loader):
            absent = {"pydantic", "pandas", "scipy", "sklearn", "mne", "h5py", "prefect", "safetensors"}
            def find_spec(self, name, path=None, target=None):
                return importlib.machinery.ModuleSpec(name, self) if name.split(".")[0] in self.absent else None
            def create_module(self, spec):
                raise ModuleNotFoundError(spec.name)
            def exec_module(self, module):
                pass
        sys.meta_path.insert(0, Refuse())
        import numpy as np
        from escgan.gan import NetworkConfig, TrainingConfig, edit_windows, train_gan
        grid = np.random.default_rng(0).standard_normal((12, 2, 9, 9)).astype("float32")
        gan = train_gan(grid, np.arange(12) % 2, 2, np.ones((9, 9), bool), network=NetworkConfig(hidden=2),
                        training=TrainingConfig(epochs=1, batch_size=8))
        print(edit_windows(gan, grid, np.ones(12, int), 0.0).grid.shape)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "(12, 2, 9, 9)", done.stderr


@pytest.mark.gpu
def test_training_on_cuda_gives_finite_edits_of_the_target():
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    grid, labels = grid_and_labels(counts=(60, 60), separation=2.0)
    gan = train_gan(grid, labels, 2, scalp_grid(CHANNELS).mask, network=SMALL, training=SHORT, device="cuda")
    edits = edit_windows(gan, grid, 1 - labels, np.inf, "cuda")
    assert np.isfinite(edits.grid).all() and edits.accepted.mean() > 0.5
