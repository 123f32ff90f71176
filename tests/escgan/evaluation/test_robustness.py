import logging
import sys
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from pydantic import ValidationError
from sklearn.metrics import accuracy_score, balanced_accuracy_score, roc_auc_score
from torch import nn

from escgan.classifiers import CLASSIFIERS, TrainingData
from escgan.classifiers.base import DifferentiableModel
from escgan.classifiers.cnn import CnnClassifier
from escgan.classifiers.logistic import LogisticClassifier
from escgan.classifiers.mlp import MlpClassifier
from escgan.errors import ConfigError
from escgan.evaluation.robustness import RobustnessConfig, attack_windows, measure_robustness
from tests.conftest import make_windows
from tests.escgan.classifiers.test_classifiers import QUICK

pytest.importorskip("art", reason="the attacks need adversarial-robustness-toolbox")

CONFIG = RobustnessConfig()
NETWORKS = [kind for kind, classifier in CLASSIFIERS.items() if classifier.differentiable]


@dataclass(frozen=True)
class Linear:
    """A model whose scores are a linear map of its inputs, which are the windows themselves."""

    network: nn.Module
    present: np.ndarray
    mask: np.ndarray

    def inputs(self, windows):
        return windows.de

    def predict_proba(self, windows):
        return self.probability(self.inputs(windows))

    def probability(self, inputs):
        with torch.no_grad():
            scores = self.network(torch.from_numpy(inputs)).double()[:, torch.from_numpy(self.present)]
        full = np.zeros((len(inputs), self.network[1].out_features))
        full[:, self.present] = scores.softmax(dim=1).numpy()
        return full


def linear(weights, present=(0, 1), mask=True):
    """Weights are ``(n_classes, n_channels, n_bands)``."""
    layer = nn.Linear(weights[0].size, len(weights), bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weights.reshape(len(weights), -1)))
    network = nn.Sequential(nn.Flatten(), layer).eval()
    return Linear(network, np.array(present), np.broadcast_to(mask, weights[0].shape).copy())


@pytest.fixture
def windows():
    return make_windows(counts=(20, 20), n_subjects=2, separation=0.3)


@pytest.fixture
def weights(windows):
    return np.random.default_rng(1).standard_normal((2, *windows.de.shape[1:])).astype(np.float32)


@cache
def trained(kind):
    quick = {"cnn": CnnClassifier(hidden=4, epochs=10, batch_size=32, learning_rate=3e-3)}
    data = TrainingData(make_windows(counts=(40, 40), n_subjects=4, separation=0.7))
    return quick.get(kind, QUICK[kind]).fit(data, seed=0)


@cache
def unseen():
    return make_windows(counts=(25, 25), n_subjects=2, separation=0.7, seed=9)


def away(weights, labels):
    """For each window the weights of the difference: the other class' score less that of its own."""
    return np.where(labels[:, None, None] == 0, weights[1] - weights[0], weights[0] - weights[1])


def test_fgsm_on_a_linear_network_adds_epsilon_times_the_sign_of_the_weights(windows, weights):
    attacked = attack_windows(linear(weights), windows, "fgsm", 0.25, CONFIG)
    assert attacked.dtype == np.float32
    assert_allclose(attacked, windows.de + 0.25 * np.sign(away(weights, windows.labels)), atol=1e-6)


def test_pgd_on_a_linear_network_ends_where_fgsm_does(windows, weights):
    model = linear(weights)
    fgsm, pgd = (attack_windows(model, windows, attack, 0.25, CONFIG) for attack in ("fgsm", "pgd"))
    assert_allclose(pgd, fgsm, atol=1e-6)


def test_steps_of_pgd_too_short_for_the_ball_add_up(windows, weights):
    config = RobustnessConfig(pgd_steps=3, pgd_step=0.1)
    moved = attack_windows(linear(weights), windows, "pgd", 0.5, config) - windows.de
    assert_allclose(np.abs(moved), 3 * 0.1 * 0.5, atol=1e-6)


def test_deepfool_on_a_linear_network_goes_straight_to_the_boundary_and_leaves_misjudged_windows(windows, weights):
    model = linear(weights)
    config = RobustnessConfig(deepfool_overshoot=0.05)
    moved = (attack_windows(model, windows, "deepfool", None, config) - windows.de).reshape(len(windows), -1)
    difference = (weights[1] - weights[0]).ravel().astype(np.float64)
    margin = windows.flat() @ difference
    right = (margin > 0) == (windows.labels == 1)
    assert 0 < right.sum() < len(right)
    # The distance of a point to a hyperplane.
    expected = np.where(right, np.abs(margin) / np.linalg.norm(difference), 0)
    assert_allclose(np.linalg.norm(moved, axis=1), 1.05 * expected, rtol=1e-3, atol=1e-5)
    step = -np.sign(margin[right])[:, None] * difference
    cosine = (moved[right] * step).sum(axis=1) / np.linalg.norm(moved[right], axis=1) / np.linalg.norm(step, axis=1)
    assert_allclose(cosine, 1, atol=1e-4)

    table = measure_robustness(model, windows, config)
    row = table[(table["attack"] == "deepfool") & (table["level"] == "fold")].iloc[0]
    assert row["accuracy"] == 0
    assert row["mean_l2"] == pytest.approx(1.05 * expected[right].mean(), rel=1e-3)
    shares = 1.05 * expected[right] / np.linalg.norm(windows.flat()[right], axis=1)
    assert row["mean_relative_l2"] == pytest.approx(shares.mean(), rel=1e-3)


@pytest.mark.parametrize("attack", ["fgsm", "pgd", "deepfool"])
def test_what_windows_do_not_decide_is_never_touched(attack, windows, weights):
    mask = np.random.default_rng(2).random(weights[0].shape) < 0.5
    attacked = attack_windows(linear(weights, mask=mask), windows, attack, 0.5, CONFIG)
    # The model's own prediction sees everything; only what the mask leaves is changed.
    assert_array_equal(attacked[:, ~mask], windows.de[:, ~mask])
    assert (attacked[:, mask] != windows.de[:, mask]).mean() > 0.3


@pytest.mark.parametrize("attack", ["fgsm", "pgd", "deepfool"])
def test_cells_outside_the_electrodes_hull_stay_zero(attack):
    model, windows = trained("cnn"), unseen()
    assert not model.mask.all()
    attacked = attack_windows(model, windows, attack, 0.5, CONFIG)
    assert attacked.shape == (len(windows), 2, 9, 9)
    assert (attacked[:, :, ~model.mask] == 0).all()
    assert (attacked != model.inputs(windows))[:, :, model.mask].mean() > 0.5


def test_a_confident_network_does_not_pass_for_a_robust_one(windows, weights):
    # Its loss is below what float32 tells from 0: the gradient would vanish.
    sure = linear(weights * 60 / np.abs(windows.flat() @ (weights[1] - weights[0]).ravel()).max())
    labels = sure.predict_proba(windows).argmax(axis=1)
    own = replace(windows, labels=labels)
    moved = attack_windows(sure, own, "fgsm", 0.1, CONFIG) - own.de
    assert_allclose(moved, 0.1 * np.sign(away(weights, labels)), atol=1e-6)


def test_a_class_that_training_did_not_hold_is_no_way_out(windows, weights):
    # The middle class' score is the highest everywhere, yet the model never chose it.
    three = np.stack([weights[0], 100 * np.ones_like(weights[0]), weights[1]])
    model = linear(three, present=(0, 2))
    own = replace(windows, labels=np.array([0, 2])[windows.labels], classes=("calm", "joy", "fear"))
    assert_array_equal(
        attack_windows(model, own, "fgsm", 0.25, CONFIG),
        attack_windows(linear(weights), windows, "fgsm", 0.25, CONFIG),
    )
    # Windows of the class itself are misjudged as they are, and attacked as what the model takes them for.
    taken_for = model.predict_proba(own).argmax(axis=1)
    lost = attack_windows(model, replace(own, labels=np.ones_like(own.labels)), "fgsm", 0.25, CONFIG)
    assert_array_equal(lost, attack_windows(model, replace(own, labels=taken_for), "fgsm", 0.25, CONFIG))


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_pgd_stays_within_epsilon_and_is_at_least_as_strong_as_fgsm(kind):
    model, windows = trained(kind), unseen()
    table = measure_robustness(model, windows, RobustnessConfig(attacks=("fgsm", "pgd"), epsilons=(0.05, 0.2)))
    fold = table[table["level"] == "fold"].set_index(["attack", "epsilon"])["accuracy"]
    for epsilon in (0.05, 0.2):
        assert fold["pgd", epsilon] <= fold["fgsm", epsilon]
        moved = attack_windows(model, windows, "pgd", epsilon, CONFIG) - model.inputs(windows)
        assert np.abs(moved).max() <= epsilon * (1 + 1e-4)


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_a_larger_epsilon_costs_more_accuracy(kind):
    table = measure_robustness(trained(kind), unseen(), RobustnessConfig(epsilons=(0.02, 0.1, 0.5)))
    fold = table[table["level"] == "fold"]
    clean = fold["accuracy"].iloc[0]
    assert clean > 0.8
    for attack in ("fgsm", "pgd"):
        accuracy = fold.loc[fold["attack"] == attack, "accuracy"].tolist()
        assert clean >= accuracy[0] >= accuracy[1] >= accuracy[2]
        assert accuracy[2] < clean / 2
    assert fold.loc[fold["attack"] == "deepfool", "accuracy"].item() < 0.02


def test_without_an_attack_the_rows_are_the_scores_of_the_models_own_predictions():
    model, windows = trained("mlp"), unseen()
    table = measure_robustness(model, windows, RobustnessConfig(attacks=("fgsm",), epsilons=(0.1,)))
    probability = model.predict_proba(windows)
    rows = table[table["attack"] == "none"].set_index("level")
    for level, own in (
        ("fold", np.ones(len(windows), bool)),
        *((("subject", name), windows.subjects == name) for name in np.unique(windows.subjects)),
    ):
        row = rows.loc["fold"] if level == "fold" else rows[rows["subject"] == level[1]].iloc[0]
        truth, p = windows.labels[own], probability[own]
        assert row["n_windows"] == own.sum() and row["epsilon"] == 0 and row["mean_l2"] == 0
        assert row["accuracy"] == accuracy_score(truth, p.argmax(axis=1))
        assert row["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(truth, p.argmax(axis=1)))
        assert row["auroc"] == pytest.approx(roc_auc_score(truth, p[:, 1]))
    assert_array_equal(attack_windows(model, windows, "fgsm", 0, CONFIG), model.inputs(windows))


def test_there_is_a_row_for_each_attack_epsilon_and_subject():
    table = measure_robustness(trained("mlp"), unseen(), RobustnessConfig(epsilons=(0.01, 0.1)))
    assert list(table.columns) == (
        "attack epsilon level subject n_windows accuracy balanced_accuracy auroc mean_l2 mean_relative_l2".split()
    )
    # Windows as they are, two attacks at two epsilons and DeepFool; all windows and two subjects.
    assert len(table) == (1 + 2 * 2 + 1) * (1 + 2)
    assert not table.duplicated(["attack", "epsilon", "level", "subject"]).any()
    assert table.loc[table["attack"] == "deepfool", "epsilon"].isna().all()
    fgsm = table[(table["attack"] == "fgsm") & (table["level"] == "fold")]
    # Every value is moved by epsilon.
    assert_allclose(fgsm["mean_l2"], np.array([0.01, 0.1]) * np.sqrt(unseen().flat().shape[1]), rtol=1e-3)


@pytest.mark.parametrize("attack", ["fgsm", "pgd", "deepfool"])
def test_the_global_random_streams_play_no_part_and_the_model_is_left_as_it_was(attack):
    model, windows = trained("cnn"), unseen()
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    gradients = [p.grad.clone() for p in model.network.parameters()]
    made = []
    for seed in (0, 1):
        np.random.seed(seed)
        torch.manual_seed(seed)
        made.append(attack_windows(model, windows, attack, 0.1, CONFIG).tobytes())
    assert made[0] == made[1]
    assert all(torch.equal(value, before[name]) for name, value in model.network.state_dict().items())
    for parameter, gradient in zip(model.network.parameters(), gradients, strict=True):
        assert parameter.requires_grad and torch.equal(parameter.grad, gradient)
    assert not model.network.training


def test_nothing_is_printed(capfd, caplog):
    with caplog.at_level(logging.WARNING):
        measure_robustness(trained("mlp"), unseen(), CONFIG)
    assert not caplog.records and capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_the_classifiers_that_say_so_give_networks(kind):
    model, windows = trained(kind), unseen()
    assert isinstance(model, DifferentiableModel) == CLASSIFIERS[kind].differentiable
    if kind in NETWORKS:
        inputs = model.inputs(windows)
        assert (
            inputs.dtype == np.float32 and np.broadcast_shapes(model.mask.shape, inputs.shape[1:]) == inputs.shape[1:]
        )
        assert_array_equal(model.probability(inputs), model.predict_proba(windows))
        with torch.no_grad():
            scores = model.network(torch.from_numpy(inputs)).double()
        assert_allclose(scores.softmax(dim=1).numpy(), model.predict_proba(windows), atol=1e-6)


def test_a_classifier_without_a_network_is_refused():
    model = LogisticClassifier().fit(TrainingData(unseen()), seed=0)
    for attempt in (
        lambda: attack_windows(model, unseen(), "fgsm", 0.1, CONFIG),
        lambda: measure_robustness(model, unseen(), CONFIG),
    ):
        with pytest.raises(ConfigError, match=r"Attacks need the gradient of a network.*mlp, cnn, dgcnn"):
            attempt()


def test_a_missing_toolbox_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "art", None)
    for attack in ("fgsm", "deepfool"):
        with pytest.raises(ConfigError, match=r"escgan\[study\]"):
            attack_windows(trained("mlp"), unseen(), attack, 0.1, CONFIG)


def test_an_attack_without_its_epsilon_is_refused():
    with pytest.raises(ConfigError, match="'pgd' needs an epsilon"):
        attack_windows(trained("mlp"), unseen(), "pgd", None, CONFIG)


def test_every_setting_has_a_description_and_epsilons_are_positive():
    assert all(field.description for field in RobustnessConfig.model_fields.values())
    for wrong in ((), (0.0,), (0.1, -0.1)):
        with pytest.raises(ValidationError):
            RobustnessConfig(epsilons=wrong)


def test_a_recurrent_layers_presence_does_not_wake_dropout(windows):
    # The toolbox puts networks with recurrent layers into training mode while it takes their gradient.
    model = MlpClassifier(hidden=(8,), epochs=2, dropout=0.5).fit(TrainingData(windows), seed=0)
    expected = attack_windows(model, windows, "pgd", 0.1, CONFIG)
    unused = nn.LSTM(2, 2)
    unused.forward = lambda x: x
    model.network.append(unused)
    assert_array_equal(attack_windows(model, windows, "pgd", 0.1, CONFIG), expected)
