from functools import cache

import numpy as np
import pytest

from escgan.augmenters import Balance
from escgan.augmenters.escgan import EscganAugmenter
from escgan.errors import ConfigError
from escgan.gan import edit_windows
from escgan.gan.config import LossWeights, NetworkConfig, TrainingConfig
from escgan.montage import scalp_grid
from tests.conftest import CHANNELS, make_windows

COUNTS = {2: (40, 12), 3: (30, 30, 8)}


def augmenter(delta=1e6, **training):
    # Three classes: "next" would never edit the second class into the first, so any other class is drawn.
    settings = {"epochs": 12, "batch_size": 32, "learning_rate": 3e-3, "target": "other"} | training
    return EscganAugmenter(network=NetworkConfig(hidden=4), training=TrainingConfig(**settings), delta=delta)


def windows(n_classes=2):
    return make_windows(counts=COUNTS[n_classes], separation=2.0)


@cache
def gan(n_classes=2):
    return augmenter().fit(windows(n_classes), seed=1)


def generate(n_classes=2, seed=0, delta=1e6, ratio=1.0):
    return augmenter(delta).generate(gan(n_classes), windows(n_classes), Balance(ratio=ratio), seed)


def reference_rows(train, edits):
    """Rows of the training windows that the table names as references."""
    names = ["subject", "session", "trial", "window"]
    places = {key: i for i, key in enumerate(train.table[names].itertuples(index=False, name=None))}
    assert len(places) == len(train)
    keys = edits[[f"reference_{name}" for name in names]].itertuples(index=False, name=None)
    return np.array([places[key] for key in keys])


def test_what_was_saved_and_loaded_makes_identical_edits(tmp_path):
    augmenter().save(gan(), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"generator.safetensors", "discriminator.safetensors"}
    loaded = augmenter().load(tmp_path, windows())
    again, before = augmenter().generate(loaded, windows(), Balance(), 0), generate()
    assert again.de.tobytes() == before.de.tobytes() and again.grid.tobytes() == before.grid.tobytes()
    assert again.edits.equals(before.edits)


def test_another_training_seed_makes_other_edits_of_the_same_references():
    other = augmenter(epochs=1).fit(windows(), seed=2)
    edits = augmenter().generate(other, windows(), Balance(), 0).edits
    assert not np.allclose(edits["realness"][:5], generate().edits["realness"][:5])
    assert edits["reference_window"][:5].tolist() == generate().edits["reference_window"][:5].tolist()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_references_are_windows_of_classes_that_lack_nothing_and_serve_once(n_classes):
    train, edits = windows(n_classes), generate(n_classes).edits
    rows = reference_rows(train, edits)
    assert len(np.unique(rows)) == len(rows) > 0
    lacking = n_classes - 1
    assert (train.labels[rows] != lacking).all()
    np.testing.assert_array_equal(edits["source_label"], train.labels[rows])
    assert (edits["target_label"] == lacking).all()


def test_with_three_classes_every_well_represented_class_gives_references():
    edited = generate(3)
    assert edited.wanted.tolist() == [0, 0, 66]
    assert set(edited.edits["source_label"]) == {0, 1}
    assert set(edited.labels) == {2}


def test_two_lacking_classes_are_each_filled_from_the_third():
    train = make_windows(counts=(40, 10, 5), separation=2.0)
    state = augmenter().fit(train, seed=1)
    edited = augmenter().generate(state, train, Balance(), 0)
    assert edited.wanted.tolist() == [0, 90, 105]
    assert (edited.edits["source_label"] == 0).all()
    tried = edited.edits.groupby("target_label").size()
    assert set(tried.index) == {1, 2} and (tried <= 120).all()
    assert not edited.edits.duplicated(["reference_subject", "reference_window", "target_label"]).any()


def test_each_window_is_the_gans_edit_of_the_reference_that_its_row_names():
    train, edited = windows(), generate()
    rows = reference_rows(train, edited.edits)
    scalp = scalp_grid(CHANNELS)
    truth = edit_windows(gan(), scalp.to_grid(train.de[rows]), edited.edits["target_label"].to_numpy(copy=True), np.inf)
    accepted = edited.edits["accepted"].to_numpy()
    assert accepted.any()
    np.testing.assert_allclose(edited.grid, truth.grid[accepted], atol=1e-4)
    np.testing.assert_allclose(edited.edits["realness"].astype(float), truth.realness, atol=1e-4)
    np.testing.assert_allclose(edited.edits["class_probability"].astype(float), truth.probability[:, 1], atol=1e-4)


def test_an_edit_is_accepted_when_it_is_real_enough_and_of_its_target():
    everything = generate().edits
    delta = float(everything["realness"].median())
    edits = generate(delta=delta).edits
    truth = (edits["realness"] < delta) & (edits["class_probability"] > 0.5)
    assert edits["accepted"].tolist() == truth.tolist()
    assert truth.any() and not truth.all()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_when_no_edit_is_accepted_there_are_candidates_and_no_windows(n_classes):
    edited = generate(n_classes, delta=-1e9)
    n_references = sum(3 * n for n in COUNTS[n_classes][:-1])
    assert len(edited.edits) == n_references and not edited.edits["accepted"].any()
    assert edited.de.shape == (0, 19, 2) and edited.grid.shape == (0, 2, 9, 9) and edited.labels.shape == (0,)


def test_no_candidate_is_judged_after_the_class_is_full():
    edited = generate(ratio=0.5)
    assert len(edited.labels) == edited.wanted[1] == 24
    assert edited.edits["accepted"].iloc[-1] and edited.edits["accepted"].sum() == 24


def test_training_reports_progress_and_a_history_of_named_terms(tmp_path):
    seen = []
    state = augmenter(epochs=6).fit(
        windows(), 0, workspace=tmp_path, on_step=lambda done, total: seen.append((done, total))
    )
    # 156 windows in batches of 32 make 4 whole batches an epoch.
    assert seen == [(20, 24), (24, 24)]
    history = augmenter().history(state)
    assert [row["step"] for row in history] == [20, 24]
    assert {"reconstruction", "realness", "control", "diversity", "boundary"} < set(history[0])


def test_the_loss_weights_reach_the_training():
    settings = augmenter(epochs=2).model_copy(update={"losses": LossWeights(boundary=0, diversity=0)})
    plain, changed = augmenter(epochs=2).fit(windows(), 0), settings.fit(windows(), 0)
    assert plain.history != changed.history


def test_one_class_alone_cannot_train_it():
    with pytest.raises(ConfigError, match=r"hold 1 class\(es\)"):
        augmenter().fit(make_windows(counts=(10, 0)), 0)


def test_nothing_is_made_up_for_a_class_without_a_real_window():
    train = make_windows(counts=(40, 20, 0))
    config = EscganAugmenter(
        network=NetworkConfig(hidden=4), training=TrainingConfig(epochs=1, batch_size=16), delta=1e9
    )
    made = config.generate(config.fit(train, 0), train, Balance(), 0)
    assert set(made.labels) <= {1} and not (made.edits["target_label"] == 2).any()
