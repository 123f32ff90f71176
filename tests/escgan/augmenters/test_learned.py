"""The augmenters that train a generative model, on windows whose distribution is known."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from escgan.augmenters import AUGMENTERS, Balance, learned
from escgan.augmenters.cvae import CvaeAugmenter
from escgan.augmenters.cwgan_gp import CwganGpAugmenter
from escgan.augmenters.ddpm import DdpmAugmenter
from escgan.augmenters.ganser import GanserAugmenter
from escgan.augmenters.learned import LearnedAugmenter
from escgan.errors import ConfigError
from tests.conftest import make_windows

SHORT = {
    "cwgan_gp": CwganGpAugmenter(hidden=(48, 48), latent=16, epochs=40, learning_rate=5e-3),
    "cvae": CvaeAugmenter(hidden=(32,), latent=4, epochs=25, learning_rate=5e-3),
    "ddpm": DdpmAugmenter(hidden=48, blocks=1, noise_steps=30, epochs=40, learning_rate=5e-3),
    "ganser": GanserAugmenter(width=4, critic=(16,), epochs=12, learning_rate=3e-3),
}
every_learned = pytest.mark.parametrize("kind", SHORT)
from_noise = pytest.mark.parametrize("kind", [kind for kind in SHORT if kind != "ganser"])

# Few, so that training takes seconds.
CHANNELS = ("Fp1", "Fp2", "C3", "C4", "P3", "P4", "O1", "O2")
# Far from standardised: every channel and band in a unit of its own.
SCALE = np.geomspace(0.01, 100, len(CHANNELS) * 2).reshape(len(CHANNELS), 2)
OFFSET = 5 * SCALE + 3


def labelled_windows(counts, seed=0):
    return make_windows(counts=counts, channels=CHANNELS, separation=1.5, seed=seed)


def in_units(windows):
    return replace(windows, de=(windows.de * SCALE + OFFSET).astype(np.float32))


def training_windows():
    return in_units(labelled_windows((130, 70)))


@cache
def fitted(kind):
    return SHORT[kind].fit(training_windows(), seed=1)


@cache
def made(kind, lacking):
    """Windows of one class, made for a training set that has few of it."""
    train = training_windows()
    rows = np.concatenate([np.flatnonzero(train.labels == 1 - lacking), np.flatnonzero(train.labels == lacking)[:15]])
    few = replace(train, de=train.de[rows], labels=train.labels[rows], table=train.table.iloc[rows])
    edited = SHORT[kind].generate(fitted(kind), few, Balance(), 0)
    assert set(edited.labels) == {lacking} and len(edited.labels) == edited.wanted[lacking] > 150
    return edited


def standard(de):
    return ((de - OFFSET) / SCALE).reshape(len(de), -1)


def test_every_augmenter_with_a_generative_model_is_tried_here():
    assert set(SHORT) == {kind for kind, cls in AUGMENTERS.items() if issubclass(cls, LearnedAugmenter)}


@from_noise
@pytest.mark.parametrize("label", [0, 1])
def test_windows_made_of_noise_have_their_classs_means_and_spread(kind, label):
    """Every class lifts its own channels by 1.5 deviations of 1."""
    expected = np.zeros((len(CHANNELS), 2))
    expected[label::2] = 1.5
    x = standard(made(kind, label).de)
    error = x.mean(axis=0) - expected.ravel()
    assert np.abs(error).mean() < 0.25 and np.abs(error).max() < 0.75
    assert 0.7 < np.median(x.std(axis=0)) < 1.3


@from_noise
def test_a_classifier_that_saw_only_made_windows_tells_fresh_real_ones_apart(kind):
    x = np.concatenate([standard(made(kind, label).de) for label in (0, 1)])
    y = np.concatenate([made(kind, label).labels for label in (0, 1)])
    fresh = labelled_windows((200, 200), seed=9)
    assert LogisticRegression(C=0.1, max_iter=1000).fit(x, y).score(fresh.flat(), fresh.labels) > 0.9


@from_noise
def test_no_two_windows_made_of_noise_are_alike(kind):
    x = standard(made(kind, 1).de)
    distance = np.linalg.norm(x[:, None] - x[None], axis=2) + 1e9 * np.eye(len(x))
    assert distance.min() > 0.5


def test_restored_windows_belong_to_references_of_their_class_and_differ_from_them():
    train = training_windows()
    edited = GanserAugmenter.generate(SHORT["ganser"], fitted("ganser"), train, Balance(), 0)
    names = ["subject", "session", "trial", "window"]
    places = {key: i for i, key in enumerate(train.table[names].itertuples(index=False, name=None))}
    keys = edited.edits[[f"reference_{name}" for name in names]].itertuples(index=False, name=None)
    rows = np.array([places[key] for key in keys])
    assert (train.labels[rows] == 1).all() and (edited.edits["source_label"] == 1).all()
    real, restored = standard(train.de[rows]), standard(edited.de)
    closeness = [np.corrcoef(a, b)[0, 1] for a, b in zip(real, restored, strict=True)]
    others = [np.corrcoef(a, b)[0, 1] for a, b in zip(real, np.roll(restored, 1, axis=0), strict=True)]
    assert np.mean(closeness) > np.mean(others) + 0.2
    assert np.abs(real - restored).mean() > 0.1


def test_restored_windows_tell_fresh_real_ones_apart():
    x = np.concatenate([standard(made("ganser", label).de) for label in (0, 1)])
    y = np.repeat([0, 1], [len(made("ganser", label).labels) for label in (0, 1)])
    fresh = labelled_windows((200, 200), seed=9)
    assert LogisticRegression(C=0.1, max_iter=1000).fit(x, y).score(fresh.flat(), fresh.labels) > 0.9


@every_learned
def test_what_was_saved_and_loaded_makes_identical_windows(kind, tmp_path):
    SHORT[kind].save(fitted(kind), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]
    loaded = SHORT[kind].load(tmp_path, training_windows())
    again, before = (SHORT[kind].generate(s, training_windows(), Balance(), 0) for s in (loaded, fitted(kind)))
    assert again.de.tobytes() == before.de.tobytes() and again.edits.equals(before.edits)
    assert SHORT[kind].history(loaded) == [] and len(SHORT[kind].history(fitted(kind))) > 1


@every_learned
def test_a_class_without_a_window_is_made_none(kind):
    augmenter = SHORT[kind].model_copy(update={"epochs": 1})
    train = make_windows(counts=(30, 0, 20))
    edited = augmenter.generate(augmenter.fit(train, 0), train, Balance(), 0)
    assert edited.wanted.tolist() == [0, 90, 30] and np.bincount(edited.labels).tolist() == [0, 0, 30]


@every_learned
@pytest.mark.parametrize("counts", [(30, 0), (1, 0)])
def test_windows_of_one_class_are_refused_in_a_sentence(kind, counts):
    with pytest.raises(ConfigError, match=rf"holds windows of 1 class, and '{kind}' learns .*: choose other"):
        SHORT[kind].fit(make_windows(counts=counts, n_subjects=1), seed=0)


@every_learned
def test_the_smallest_training_set_is_enough(kind):
    augmenter = SHORT[kind].model_copy(update={"epochs": 1})
    train = make_windows(counts=(1, 1), n_subjects=1)
    assert augmenter.history(augmenter.fit(train, 0))[0]["step"] == 1


@every_learned
def test_training_in_a_workspace_tells_its_progress_and_leaves_the_same_model(kind, tmp_path):
    augmenter, train, told = SHORT[kind].model_copy(update={"epochs": 3}), training_windows(), []
    state = augmenter.fit(train, 0, workspace=tmp_path, on_step=lambda done, total: told.append((done, total)))
    assert told[-1] == (27, 27) and told[0] == (20, 27)
    first, second = (augmenter.generate(s, train, Balance(), 0).de for s in (state, augmenter.fit(train, 0)))
    assert first.tobytes() == second.tobytes()


@every_learned
def test_more_windows_than_are_made_at_once_are_all_made(kind, monkeypatch):
    monkeypatch.setattr(learned, "_BATCH", 50)
    edited = SHORT[kind].generate(fitted(kind), training_windows(), Balance(), 0)
    assert len(edited.de) == 180 and len(np.unique(edited.de.reshape(180, -1), axis=0)) == 180


@every_learned
def test_windows_in_a_mapped_file_give_the_same_ones(kind, tmp_path):
    augmenter, train = SHORT[kind].model_copy(update={"epochs": 1}), training_windows()
    mapped = np.memmap(tmp_path / "de", np.float32, "w+", shape=train.de.shape)
    mapped[:] = train.de
    first, second = (
        augmenter.generate(augmenter.fit(some, 0), some, Balance(), 0).de for some in (train, train.with_de(mapped))
    )
    assert first.tobytes() == second.tobytes()


@pytest.mark.gpu
@every_learned
def test_on_cuda_it_trains_and_makes_finite_windows(kind):
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    train = training_windows()
    edited = SHORT[kind].generate(SHORT[kind].fit(train, 1, device="cuda"), train, Balance(), 0, device="cuda")
    assert len(edited.de) == 180 and np.isfinite(edited.de).all()
