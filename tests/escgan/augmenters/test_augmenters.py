"""What every augmenter promises, run over all of them."""

import inspect
from dataclasses import replace
from fractions import Fraction
from functools import cache
from math import ceil

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from escgan.augmenters import AUGMENTERS, AugmenterConfig, Balance, FoldToFit, GeneratingAugmenter
from escgan.augmenters.adasyn import AdasynAugmenter
from escgan.augmenters.auto import AutoAugmenter
from escgan.augmenters.base import EDIT_COLUMNS
from escgan.augmenters.borderline_smote import BorderlineSmoteAugmenter
from escgan.augmenters.class_weight import ClassWeightAugmenter
from escgan.augmenters.cvae import CvaeAugmenter
from escgan.augmenters.cwgan_gp import CwganGpAugmenter
from escgan.augmenters.ddpm import DdpmAugmenter
from escgan.augmenters.escgan import EscganAugmenter
from escgan.augmenters.ganser import GanserAugmenter
from escgan.augmenters.mean_shift import MeanShiftAugmenter
from escgan.augmenters.mixup import MixupAugmenter
from escgan.augmenters.noise import NoiseAugmenter
from escgan.augmenters.none import NoAugmenter
from escgan.augmenters.oversample import OversampleAugmenter
from escgan.augmenters.smote import SmoteAugmenter
from escgan.augmenters.subject_shift import SubjectShiftAugmenter
from escgan.augmenters.threshold import ThresholdAugmenter
from escgan.errors import ConfigError
from escgan.gan.config import NetworkConfig, TrainingConfig
from escgan.montage import scalp_grid
from escgan.report.figures_training import TERMS
from escgan.windows import WindowSet
from tests.conftest import CHANNELS, make_windows

QUICK = {
    "none": NoAugmenter(),
    "class_weight": ClassWeightAugmenter(),
    "threshold": ThresholdAugmenter(),
    "oversample": OversampleAugmenter(),
    "noise": NoiseAugmenter(),
    "mixup": MixupAugmenter(),
    "smote": SmoteAugmenter(),
    "borderline_smote": BorderlineSmoteAugmenter(),
    "adasyn": AdasynAugmenter(),
    "mean_shift": MeanShiftAugmenter(),
    "subject_shift": SubjectShiftAugmenter(),
    "cwgan_gp": CwganGpAugmenter(hidden=(8,), latent=4, epochs=4),
    "cvae": CvaeAugmenter(hidden=(8,), latent=2, epochs=2),
    "ddpm": DdpmAugmenter(hidden=8, blocks=1, noise_steps=4, epochs=2),
    "ganser": GanserAugmenter(width=2, critic=(8,), epochs=2),
    # A generous delta: these tests need accepted edits, and the networks are trained for seconds only.
    "escgan": EscganAugmenter(
        network=NetworkConfig(hidden=4),
        training=TrainingConfig(epochs=12, batch_size=32, learning_rate=3e-3),
        delta=1e6,
    ),
    "auto": AutoAugmenter(),
}
GENERATING = [kind for kind, cls in AUGMENTERS.items() if issubclass(cls, GeneratingAugmenter)]

every_augmenter = pytest.mark.parametrize("kind", AUGMENTERS)
every_generating = pytest.mark.parametrize("kind", GENERATING)


def training_windows(counts=(40, 12)):
    return make_windows(counts=counts, separation=0.6)


@cache
def fitted(kind):
    return QUICK[kind].fit(training_windows(), seed=3)


@cache
def made(kind, seed=0):
    return QUICK[kind].generate(fitted(kind), training_windows(), Balance(), seed)


def content(edited):
    return edited.de.tobytes(), edited.grid.tobytes(), edited.labels.tobytes(), edited.edits.to_json()


def test_every_augmenter_is_tested_here():
    assert set(QUICK) == set(AUGMENTERS)


@every_augmenter
def test_the_registrys_key_is_the_kind_and_the_configuration_accepts_it(kind):
    assert AUGMENTERS[kind].model_fields["kind"].default == kind
    assert type(TypeAdapter(AugmenterConfig).validate_python({"kind": kind})) is AUGMENTERS[kind]


@every_augmenter
def test_every_setting_has_a_description_and_every_augmenter_a_title(kind):
    fields = AUGMENTERS[kind].model_fields
    assert [name for name, field in fields.items() if name != "kind" and not field.description] == []
    assert AUGMENTERS[kind].title and AUGMENTERS[kind].__doc__


@every_augmenter
def test_settings_are_frozen_and_closed(kind):
    with pytest.raises(ValidationError, match="frozen"):
        QUICK[kind].kind = "other"
    with pytest.raises(ValidationError, match="Extra inputs"):
        AUGMENTERS[kind](nonsense=1)


@every_augmenter
def test_there_is_no_argument_through_which_test_data_could_come(kind):
    fit = inspect.signature(AUGMENTERS[kind].fit, eval_str=True, locals={"Path": object}).parameters
    assert set(fit) == {"self", "train", "seed", "device", "workspace", "on_step", "on_terms"}
    assert [name for name, p in fit.items() if p.annotation is WindowSet] == ["train"]
    if kind in GENERATING:
        generate = inspect.signature(AUGMENTERS[kind].generate, eval_str=True).parameters
        assert set(generate) == {"self", "state", "train", "balance", "seed", "device"}
        assert [name for name, p in generate.items() if p.annotation is WindowSet] == ["train"]


@every_augmenter
def test_what_it_says_of_itself_is_what_it_has(kind):
    cls = AUGMENTERS[kind]
    assert cls.generates == hasattr(cls, "generate")
    # Weighing classes and filling them up are two cures of one ill; decisions can be moved after either.
    assert not (cls.generates and cls.reweights)
    assert cls.reweights == (kind == "class_weight") and QUICK[kind].moves_threshold == (kind == "threshold")


@every_augmenter
def test_moving_the_threshold_changes_neither_training_nor_what_is_made(kind):
    if kind == "threshold":
        with pytest.raises(ValidationError, match="moves_threshold"):
            AUGMENTERS[kind](moves_threshold=False)
        return
    moving = QUICK[kind].model_copy(update={"moves_threshold": True, "name": "moving"})
    assert moving.for_generation() == QUICK[kind] and moving.for_training() == QUICK[kind].for_training()
    # Settings of before and their keys stay what they were.
    assert "moves_threshold" not in QUICK[kind].model_dump() and moving.model_dump()["moves_threshold"] is True


@every_augmenter
def test_only_what_trains_has_a_state_to_save(kind, tmp_path):
    state = fitted(kind)
    if AUGMENTERS[kind].trains:
        QUICK[kind].save(state, tmp_path)
        assert any(tmp_path.iterdir()) and QUICK[kind].history(state)
    else:
        assert state is None and QUICK[kind].history(state) == []
        with pytest.raises(TypeError, match=f"'{kind}' has no state to save"):
            QUICK[kind].save(state, tmp_path)
        with pytest.raises(TypeError, match=f"'{kind}' has no state to load"):
            QUICK[kind].load(tmp_path, training_windows())


@every_augmenter
def test_the_report_says_what_every_loss_term_of_a_training_measures(kind):
    history = pd.DataFrame(QUICK[kind].history(fitted(kind)))
    index = {"step", "candidate", "ratio", "score", "chosen"}
    assert set(history.columns) - index <= set(TERMS)


@every_generating
def test_the_same_seed_gives_the_same_bytes_whatever_the_global_generators_do(kind):
    np.random.seed(7)
    torch.manual_seed(7)
    again = QUICK[kind].fit(training_windows(), seed=3)
    np.random.seed(8)
    assert content(QUICK[kind].generate(again, training_windows(), Balance(), 0)) == content(made(kind))


@every_generating
def test_another_seed_gives_other_windows(kind):
    assert made(kind).de.tobytes() != made(kind, seed=1).de.tobytes()


@every_generating
def test_shapes_and_types_are_those_of_training_windows(kind):
    edited, n = made(kind), len(made(kind).labels)
    assert n > 0, "the checks on windows need some"
    assert (edited.de.shape, edited.de.dtype) == ((n, len(CHANNELS), 2), np.float32)
    assert (edited.grid.shape, edited.grid.dtype) == ((n, 2, 9, 9), np.float32)
    assert (edited.labels.shape, edited.labels.dtype) == ((n,), np.int64)
    assert (edited.wanted.shape, edited.wanted.dtype) == ((2,), np.int64)
    assert np.isfinite(edited.de).all() and np.isfinite(edited.grid).all()


@every_generating
@pytest.mark.parametrize(("ratio", "wanted"), [(1.0, [0, 84]), (0.5, [0, 24]), (0.3, [0, 0])])
def test_only_the_lacking_class_is_filled_and_never_beyond_what_it_lacks(kind, ratio, wanted):
    train = training_windows()
    assert train.counts.tolist() == [120, 36]
    edited = QUICK[kind].generate(fitted(kind), train, Balance(ratio=ratio), 0)
    assert edited.wanted.tolist() == wanted
    got = np.bincount(edited.labels, minlength=2)
    assert (got <= wanted).all() and got.any() == any(wanted)


@every_generating
def test_the_electrodes_cells_of_the_grid_hold_the_channels(kind):
    edited = made(kind)
    np.testing.assert_array_equal(scalp_grid(CHANNELS).to_channels(edited.grid), edited.de)
    assert (edited.grid[:, :, ~scalp_grid(CHANNELS).mask] == 0).all()


@every_generating
@pytest.mark.parametrize("counts", [(40, 12), (20, 20)], ids=["some", "none"])
def test_the_edits_table_has_its_columns_and_types(kind, counts):
    edits = QUICK[kind].generate(fitted(kind), training_windows(counts), Balance(), 0).edits
    assert edits.dtypes.astype(str).to_dict() == EDIT_COLUMNS
    assert list(edits.columns) == list(EDIT_COLUMNS)
    assert isinstance(edits.index, pd.RangeIndex)


@every_generating
def test_the_accepted_rows_of_the_table_are_the_windows_in_order(kind):
    edited = made(kind)
    accepted = edited.edits[edited.edits["accepted"]]
    np.testing.assert_array_equal(accepted["target_label"], edited.labels)


@every_generating
def test_where_no_class_lacks_windows_none_are_made(kind):
    edited = QUICK[kind].generate(fitted(kind), training_windows((20, 20)), Balance(), 0)
    assert edited.de.shape == (0, len(CHANNELS), 2) and edited.grid.shape == (0, 2, 9, 9)
    assert edited.de.dtype == edited.grid.dtype == np.float32 and edited.labels.dtype == np.int64
    assert len(edited.edits) == len(edited.labels) == 0 and edited.wanted.tolist() == [0, 0]


@every_augmenter
def test_training_windows_are_left_as_they_were(kind):
    train = training_windows()
    before = replace(train, de=train.de.copy(), labels=train.labels.copy(), table=train.table.copy())
    state = QUICK[kind].fit(train, seed=3)
    if kind in GENERATING:
        QUICK[kind].generate(state, train, Balance(), 0)
    np.testing.assert_array_equal(train.de, before.de)
    np.testing.assert_array_equal(train.labels, before.labels)
    pd.testing.assert_frame_equal(train.table, before.table)


@settings(max_examples=100, deadline=None)
@given(
    counts=st.lists(st.integers(0, 500), min_size=2, max_size=5).filter(any),
    percent=st.integers(1, 100),
)
def test_balance_asks_for_exactly_the_share_of_the_largest_class(counts, percent):
    """In exact fractions: 0.55 of 100 windows are 55, though the floats' product is a little more."""
    goal = ceil(Fraction(percent, 100) * max(counts))
    wanted = Balance(ratio=percent / 100).wanted(np.array(counts))
    assert wanted.tolist() == [max(goal - n, 0) for n in counts]


@pytest.mark.parametrize("ratio", [0, -0.5, 1.01, float("nan")])
def test_a_ratio_that_is_no_share_is_refused(ratio):
    with pytest.raises(ValidationError):
        Balance(ratio=ratio)


@every_augmenter
def test_folds_fitted_together_are_what_each_is_alone(kind, tmp_path):
    augmenter = QUICK[kind]
    if not augmenter.packs:
        with pytest.raises(TypeError, match=f"'{kind}' learns from one fold at a time"):
            augmenter.fit_together([], 0)
        return
    # Small steps: Adam turns a gradient's rounding about zero into a whole step.
    training = replace(augmenter.training, learning_rate=1e-5, epochs=3)
    augmenter = augmenter.model_copy(update={"training": training})
    folds = [make_windows(counts=counts, seed=seed) for counts, seed in (((40, 12), 1), ((30, 20), 2))]
    told = []
    pupils = [
        FoldToFit(fold, tmp_path / str(i), lambda done, total, i=i: told.append((i, done, total)))
        for i, fold in enumerate(folds)
    ]
    for place, (state, fold) in enumerate(zip(augmenter.fit_together(pupils, 3), folds, strict=True)):
        alone = augmenter.fit(fold, 3)
        ours, theirs = (augmenter.generate(s, fold, Balance(), 0) for s in (state, alone))
        np.testing.assert_allclose(ours.grid[:10], theirs.grid[:10], atol=2e-3)
        assert [(done, total) for i, done, total in told if i == place][-1][0] == told[-1][2]


@every_augmenter
def test_a_fold_that_cannot_be_learned_from_is_none_of_the_others(kind):
    augmenter = QUICK[kind]
    if not augmenter.packs:
        return
    one_class = make_windows(counts=(40, 0))
    error, state = augmenter.fit_together([FoldToFit(one_class), FoldToFit(training_windows())], 3)
    assert isinstance(error, ConfigError) and augmenter.history(state)
