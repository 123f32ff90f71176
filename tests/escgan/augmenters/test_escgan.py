from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import yaml
from pydantic import TypeAdapter, ValidationError

from escgan.augmenters import AugmenterConfig, Balance, FoldToFit
from escgan.augmenters.escgan import EscganAugmenter
from escgan.augmenters.smote import SmoteAugmenter
from escgan.errors import ConfigError
from escgan.gan import edit_windows
from escgan.gan.config import LossWeights, NetworkConfig, TrainingConfig
from escgan.gan.presets import PRESETS
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
    with pytest.raises(ConfigError, match="holds windows of 1 class, and ESC-GAN edits between two"):
        augmenter().fit(make_windows(counts=(10, 0)), 0)


def test_nothing_is_made_up_for_a_class_without_a_real_window():
    train = make_windows(counts=(40, 20, 0))
    config = EscganAugmenter(
        network=NetworkConfig(hidden=4), training=TrainingConfig(epochs=1, batch_size=16), delta=1e9
    )
    made = config.generate(config.fit(train, 0), train, Balance(), 0)
    assert set(made.labels) <= {1} and not (made.edits["target_label"] == 2).any()


def with_acceptance(acceptance, n_classes=2, ratio=1.0, **settings):
    config = augmenter().model_copy(update={"acceptance": acceptance} | settings)
    return config.generate(gan(n_classes), windows(n_classes), Balance(ratio=ratio), 0)


def test_without_a_filter_every_candidate_is_taken():
    edited = with_acceptance("none", delta=-1e9)
    assert edited.edits["accepted"].all() and len(edited.labels) == len(edited.edits) == edited.wanted[1] == 84


@pytest.mark.parametrize("rate", [0.1, 0.25, 0.4])
def test_a_calibrated_filter_takes_its_share_of_the_training_sides_edits(rate):
    everything = with_acceptance("delta", delta=-1e9).edits
    edits = with_acceptance("rate", accept_rate=rate).edits
    # 120 references and 84 windows to fill: no share up to 0.4 fills the class, so that all candidates are judged.
    assert len(edits) == len(everything) == 120 and edits["accepted"].sum() == np.ceil(120 * rate)
    agreed = everything["class_probability"] > 0.5
    limit = np.sort(everything["realness"][agreed])[edits["accepted"].sum() - 1]
    assert edits["accepted"].tolist() == (agreed & (everything["realness"] <= limit)).tolist()


def test_what_decides_on_acceptance_is_no_part_of_the_training():
    config = EscganAugmenter(acceptance="rate", accept_rate=0.2, delta=3.0, losses=LossWeights(diversity=0))
    assert config.for_training() == EscganAugmenter(losses=LossWeights(diversity=0)) != config


@pytest.mark.parametrize("channels", [CHANNELS, ("Fz", "Cz", "Pz", "Oz"), ("EEG1", "EEG2")])
def test_networks_on_channels_edit_whatever_montage(channels, tmp_path):
    train = make_windows(counts=(40, 12), channels=channels, separation=2.0)
    config = EscganAugmenter(
        network=NetworkConfig(hidden=4, form="channels"),
        training=TrainingConfig(epochs=6, batch_size=32, learning_rate=3e-3, average=0.9),
        acceptance="none",
    )
    state = config.fit(train, 1)
    config.save(state, tmp_path)
    edited = config.generate(config.load(tmp_path, train), train, Balance(), 0)
    assert edited.de.tobytes() == config.generate(state, train, Balance(), 0).de.tobytes()
    assert edited.de.shape == (84, len(channels), 2) and edited.grid.shape == (84, 2, 9, 9)
    if channels == CHANNELS:
        np.testing.assert_array_equal(edited.grid, scalp_grid(CHANNELS).to_grid(edited.de))
    else:
        assert not edited.grid.any()
        # Its simple rivals can be compared on that montage, too.
        assert SmoteAugmenter().generate(None, train, Balance(), 0).de.shape == edited.de.shape


def test_a_montage_without_a_grid_is_refused_by_networks_on_the_grid():
    with pytest.raises(ConfigError, match="span"):
        augmenter().fit(make_windows(channels=("Fz", "Cz", "Pz", "Oz")), 0)


def borrowing(repeats=1, **training):
    loop = {"epochs": 6, "batch_size": 32, "learning_rate": 1e-3, "borrow": 1.0} | training
    return EscganAugmenter(
        network=NetworkConfig(hidden=4, form="channels", residual=True),
        training=TrainingConfig(**loop),
        acceptance="none",
        repeats=repeats,
    )


def test_a_strict_filter_fills_a_class_when_references_are_edited_again_from_other_lenders():
    train = windows()
    state = borrowing().fit(train, 0)
    made = {}
    for repeats in (1, 3):
        config = borrowing(repeats).model_copy(update={"acceptance": "rate", "accept_rate": 0.3})
        made[repeats] = config.generate(state, train, Balance(), 0)
    # 120 references, of which 36 are accepted at a time; 84 windows are wanted, and there are three lenders.
    assert len(made[1].labels) == 36 and len(made[3].labels) == 84
    table = made[3].edits
    again = table.duplicated(["reference_subject", "reference_trial", "reference_window"]) & table["accepted"]
    assert again.sum() > 20 and len(np.unique(made[3].de, axis=0)) == 84


def test_an_edit_starts_at_the_reference_moved_by_a_training_subjects_difference():
    """With a decoder of zeros, what is left of an edit is where it started."""
    train = windows(3)
    config = borrowing(shrinkage=0.0)
    state = config.fit(train, 0)
    for value in state.generator.last_layer.parameters():
        value.data.zero_()
    made = config.generate(state, train, Balance(), 0)
    change = made.de - train.de[reference_rows(train, made.edits)]
    subjects = train.subjects
    allowed = {
        source: np.stack(
            [
                train.de[(subjects == s) & (train.labels == 2)].mean(0)
                - train.de[(subjects == s) & (train.labels == source)].mean(0)
                for s in np.unique(subjects)
            ]
        )
        for source in (0, 1)
    }
    lenders = set()
    for own, source in zip(change, made.edits["source_label"], strict=True):
        off = np.abs(allowed[source] - own).max(axis=(1, 2))
        assert off.min() < 1e-4
        lenders.add(int(off.argmin()))
    assert lenders == {0, 1, 2}


def test_editing_again_without_another_lender_is_refused():
    with pytest.raises(ValidationError, match=r"give one of both above 0"):
        EscganAugmenter(repeats=2)


@pytest.mark.parametrize("form", ["grid", "channels"])
def test_jitter_adds_noise_of_the_asked_deviation_to_edits_that_are_otherwise_the_same(form):
    train = windows()
    config = borrowing().model_copy(update={"network": NetworkConfig(hidden=2, form=form)})
    state = config.fit(train, 0)
    plain, noisy, again = (
        config.model_copy(update={"jitter": jitter}).generate(state, train, Balance(), 0) for jitter in (0, 0.5, 0.5)
    )
    share = (noisy.de - plain.de) / train.de.std(axis=0)
    assert share.std() == pytest.approx(0.5, rel=0.05) and abs(share.mean()) < 0.03
    assert np.abs(np.corrcoef(share.reshape(84, -1).T) - np.eye(38)).max() < 0.5
    np.testing.assert_array_equal(scalp_grid(CHANNELS).to_channels(noisy.grid), noisy.de)
    assert noisy.edits.equals(plain.edits) and noisy.de.tobytes() == again.de.tobytes()


def from_yaml(text):
    return TypeAdapter(AugmenterConfig).validate_python(yaml.safe_load(text))


def test_a_preset_fills_what_is_not_given_and_what_is_given_counts():
    found = from_yaml("{kind: escgan, preset: cross_subject}")
    for name, value in PRESETS["cross_subject"].items():
        own = getattr(found, name)
        assert {k: getattr(own, k) for k in value} == value if isinstance(value, dict) else own == value
    # Settings that the preset says nothing of are the defaults, in its groups, too.
    assert found.network.dropout == NetworkConfig().dropout and found.delta == 0
    mine = from_yaml("{kind: escgan, preset: cross_subject, network: {hidden: 5}, jitter: 0.25}")
    assert mine.network.hidden == 5 and mine.jitter == 0.25
    assert mine.network == replace(found.network, hidden=5) and mine.training == found.training
    whole = EscganAugmenter(preset="cross_subject", network=NetworkConfig())
    assert whole.network == NetworkConfig() and whole.losses == found.losses


def test_the_papers_preset_is_the_default_and_changes_nothing():
    assert from_yaml("{kind: escgan, preset: paper}") == from_yaml("{kind: escgan}") == EscganAugmenter()
    assert EscganAugmenter().network == NetworkConfig() and EscganAugmenter().training == TrainingConfig()
    with pytest.raises(ValidationError, match="cross_subject"):
        from_yaml("{kind: escgan, preset: cross_subjects}")


def test_what_is_written_down_of_a_preset_says_every_setting_and_reads_back_the_same():
    found = from_yaml("{kind: escgan, preset: cross_subject, delta: 0.5}")
    written = found.model_dump(mode="json")
    assert written["network"]["form"] == PRESETS["cross_subject"]["network"]["form"]
    assert EscganAugmenter.model_validate(written) == found
    # Who gives the settings one by one trains the same GAN, and finds that one in the store.
    by_hand = EscganAugmenter.model_validate({**written, "preset": "paper"})
    assert by_hand.for_training() == found.for_training()


def test_the_cross_subject_preset_learns_from_folds_together_what_it_learns_from_each():
    training = replace(from_yaml("{kind: escgan, preset: cross_subject}").training, epochs=2, learning_rate=1e-5)
    config = EscganAugmenter(preset="cross_subject", training=training)
    folds = [make_windows(counts=counts, seed=seed) for counts, seed in (((60, 20), 1), ((50, 30), 2))]
    for fold, state in zip(folds, config.fit_together([FoldToFit(fold) for fold in folds], 3), strict=True):
        ours, alone = (config.generate(s, fold, Balance(), 0) for s in (state, config.fit(fold, 3)))
        assert len(ours.labels) == ours.wanted[1] > 0
        np.testing.assert_allclose(ours.de, alone.de, atol=1e-4)
