import subprocess
import sys
from collections import Counter
from functools import cache

import numpy as np
import pytest
import torch

from escgan.errors import DivergedError
from escgan.generative import loop
from escgan.generative.diffusion import Diffusion
from escgan.generative.loop import Drawn, Passes, train_model
from escgan.generative.restoration import Restorer
from escgan.generative.variational import ConditionalVae
from escgan.generative.wasserstein import ConditionalWgan

N_CHANNELS, N_BANDS = 4, 2
N_FEATURES = N_CHANNELS * N_BANDS
CELLS = np.array([10, 16, 64, 70])
MODELS = {
    "cwgan_gp": lambda: ConditionalWgan(N_FEATURES, 2, (6,), 3, 10.0, 5),
    "cvae": lambda: ConditionalVae(N_FEATURES, 2, (6,), 3, 1.0),
    "ddpm": lambda: Diffusion(N_FEATURES, 2, 6, 1, 10, "linear"),
    "ganser": lambda: Restorer(CELLS, N_BANDS, 2, (6,), 0.5, 10.0, 10.0),
}
TERMS = {
    "cwgan_gp": {"critic_real", "critic_made", "penalty", "generator"},
    "cvae": {"likelihood", "divergence"},
    "ddpm": {"noise"},
    "ganser": {"critic_real", "critic_made", "penalty", "generator", "reconstruction"},
}
every_model = pytest.mark.parametrize("kind", MODELS)


def windows(n=90):
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, N_FEATURES)).astype(np.float32), rng.integers(0, 2, n)


def train(kind, epochs=9, seed=0, flat=None, **options):
    own, labels = windows()
    model = MODELS[kind]()
    flat = own if flat is None else flat
    return model, train_model(model, flat, labels, Passes(epochs, 16, 1e-3), seed=seed, **options)


def assert_equal_bytes(first, second):
    (model, history), (other, other_history) = first, second
    assert history == other_history
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name]), name


@cache
def undisturbed(kind):
    return train(kind)


class Killed(Exception):
    pass


def kill_after(step):
    def on_step(done, total):
        if done == step:
            raise Killed

    return on_step


@pytest.fixture(autouse=True)
def a_checkpoint_after_every_block(monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_REST", 0)


@every_model
def test_training_that_was_stopped_resumes_to_the_same_bytes(kind, tmp_path):
    with pytest.raises(Killed):
        train(kind, checkpoints=tmp_path, checkpoint_s=0, on_step=kill_after(40))
    # The stop came before that block's checkpoint was written, so the one before it remains.
    assert [p.name[:13] for p in tmp_path.glob("step-*")] == ["step-00000020"]
    steps = []
    resumed = train(kind, checkpoints=tmp_path, checkpoint_s=0, on_step=lambda done, total: steps.append(done))
    assert steps == [40, 45]
    assert_equal_bytes(resumed, undisturbed(kind))


@pytest.mark.parametrize("change", [{"seed": 5}, {"science": "other"}, {"flat": windows()[0] + 1}], ids=str)
def test_a_checkpoint_of_another_training_is_not_resumed(change, tmp_path):
    with pytest.raises(Killed):
        train("cvae", epochs=5, checkpoints=tmp_path, checkpoint_s=0, on_step=kill_after(25))
    assert [p.name[:13] for p in tmp_path.glob("step-*")] == ["step-00000020"]
    steps = []
    resumed = train("cvae", epochs=5, checkpoints=tmp_path, on_step=lambda done, total: steps.append(done), **change)
    assert steps[0] == 20
    assert_equal_bytes(resumed, train("cvae", epochs=5, **change))


def test_the_models_need_torch_and_numpy_only():
    """They train on a bare machine: only writing files needs safetensors besides."""
    names = ", ".join(f"escgan.generative.{name}" for name in ("loop", "restoration", "diffusion", "variational"))
    code = f"import sys, {names}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert "torch" in loaded
    assert not loaded & {"pandas", "scipy", "sklearn", "pydantic", "safetensors", "prefect"}


@every_model
def test_the_state_of_the_global_random_generator_plays_no_part(kind):
    torch.manual_seed(1)
    first = train(kind, epochs=2)
    torch.manual_seed(2)
    assert_equal_bytes(train(kind, epochs=2), first)


@every_model
def test_another_seed_trains_another_model(kind):
    first, other = (train(kind, epochs=2, seed=seed)[1] for seed in (0, 1))
    assert first[0]["step"] == other[0]["step"] and first != other


@every_model
def test_the_history_names_every_term_and_covers_every_step(kind):
    _, history = undisturbed(kind)
    assert [row["step"] for row in history] == [20, 40, 45]
    assert all(set(row) == TERMS[kind] | {"step"} for row in history)
    assert np.isfinite([list(row.values()) for row in history]).all()


@every_model
def test_extreme_features_end_in_a_sentence_that_names_term_and_step(kind):
    flat, _ = windows()
    flat[0, 0] = np.inf
    with pytest.raises(DivergedError, match=r"loss term '\w+' became nan by step 20: lower learning_rate"):
        train(kind, flat=flat)


def test_windows_in_a_mapped_file_train_the_same_model(tmp_path):
    flat, _ = windows()
    mapped = np.memmap(tmp_path / "flat", np.float32, "w+", shape=flat.shape)
    mapped[:] = flat
    assert_equal_bytes(train("cvae", epochs=2, flat=mapped), train("cvae", epochs=2))


def test_each_pass_shows_every_window_of_full_batches_once_and_in_another_order():
    flat, labels = windows(96)
    drawn = Drawn(flat, labels, 0)
    passes = [[drawn.rows(step, 16) for step in range(start, start + 6)] for start in (0, 6)]
    for batches in passes:
        assert Counter(np.concatenate(batches).tolist()) == Counter(range(96))
    assert not np.array_equal(passes[0][0], passes[1][0])
    # Asked for out of turn, a step draws the same.
    np.testing.assert_array_equal(drawn.rows(2, 16), passes[0][2])


def test_fewer_windows_than_a_batch_are_one_batch():
    flat, labels = windows(9)
    assert Drawn(flat, labels, 0).rows(7, 16).tolist() == list(range(9))


def test_the_step_size_falls_from_the_setting_to_nothing():
    passes = Passes(1, 16, 0.2)
    assert [passes.rate(share) for share in (0, 0.5, 1)] == pytest.approx([0.2, 0.1, 0])
    rates = []

    class Watched(ConditionalVae):
        def step(self, batch, optimizers):
            rates.append(optimizers["both"].param_groups[0]["lr"])
            return super().step(batch, optimizers)

    train_model(Watched(N_FEATURES, 2, (6,), 3, 1.0), *windows(), Passes(13, 16, 0.01), seed=0)
    assert rates[0] == 0.01 and (np.diff(rates) <= 0).all() and rates[-1] < 0.001


def test_every_step_has_draws_of_its_own():
    drawn = []

    class Watched(ConditionalVae):
        def step(self, batch, optimizers):
            drawn.append(torch.rand(1, generator=batch.draw).item())
            return super().step(batch, optimizers)

    train_model(Watched(N_FEATURES, 2, (6,), 3, 1.0), *windows(), Passes(9, 16, 0.01), seed=0)
    assert len(set(drawn)) == 45


@every_model
def test_models_see_standardised_features_and_undo_it(kind):
    flat, _ = windows()
    flat = (flat + 40) * np.geomspace(1e-6, 1e4, N_FEATURES, dtype=np.float32)
    flat[:, 3] = 7.25
    model = MODELS[kind]()
    model.learn_units(flat)
    seen = model.standardize(torch.from_numpy(flat))
    varied = np.delete(np.arange(N_FEATURES), 3)
    np.testing.assert_allclose(seen[:, varied].mean(0), 0, atol=1e-3)
    np.testing.assert_allclose(seen[:, varied].std(0, correction=0), 1, atol=1e-3)
    np.testing.assert_allclose(model.to_units(seen), flat, rtol=1e-5)
    # A constant stays what it is, whatever the networks say.
    assert (model.to_units(torch.randn(5, N_FEATURES, generator=torch.Generator().manual_seed(0)))[:, 3] == 7.25).all()


@pytest.mark.parametrize("size", [1e-12, 1.0, 1e9])
def test_units_of_any_size_train_the_same_way(size):
    flat, _ = windows()
    history = train("cvae", epochs=2, flat=flat * np.float32(size))[1]
    reference = train("cvae", epochs=2)[1]
    assert history[-1]["likelihood"] == pytest.approx(reference[-1]["likelihood"], abs=1e-3)
