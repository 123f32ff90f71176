import numpy as np
import pytest
import torch
from torch import nn

from escgan.classifiers.base import TrainingData
from escgan.classifiers.cnn import CnnClassifier
from escgan.errors import DivergedError
from escgan.montage import scalp_grid
from tests.conftest import CHANNELS, make_windows

SHORT = {"hidden": 4, "epochs": 2, "batch_size": 32, "learning_rate": 1e-3}


def fit(seed=0, **settings):
    return CnnClassifier(**SHORT | settings).fit(TrainingData(make_windows()), seed=seed)


def test_the_defaults_are_the_papers():
    config = CnnClassifier()
    assert (config.hidden, config.epochs, config.batch_size, config.learning_rate) == (128, 100, 256, 1e-4)
    assert (config.dropout, config.mixup) == (0.3, 0.2)


def test_another_seed_gives_another_network():
    unseen = make_windows(seed=1)
    assert not np.allclose(fit(0).predict_proba(unseen), fit(1).predict_proba(unseen))


@pytest.mark.parametrize("changed", [{"mixup": 0.0}, {"dropout": 0.0}, {"epochs": 3}, {"learning_rate": 1e-2}])
def test_every_setting_reaches_the_training(changed):
    unseen = make_windows(seed=1)
    assert not np.allclose(fit(**changed).predict_proba(unseen), fit().predict_proba(unseen))


def test_dropout_is_off_in_prediction():
    model, unseen = fit(dropout=0.9), make_windows(seed=1)
    np.testing.assert_array_equal(model.predict_proba(unseen), model.predict_proba(unseen))


def test_the_probabilities_are_the_softmax_of_the_networks_output():
    model, unseen = fit(), make_windows(seed=1)
    with torch.no_grad():
        truth = nn.Softmax(1)(model.network(torch.from_numpy(scalp_grid(CHANNELS).to_grid(unseen.de))).double())
    np.testing.assert_allclose(model.predict_proba(unseen), truth, atol=1e-6)


def test_more_windows_than_one_prediction_batch_are_judged_in_order():
    model, many = fit(), make_windows(counts=(300, 100))
    assert len(many) > 1024
    probability = model.predict_proba(many)
    tail = model.predict_proba(make_windows(counts=(300, 100)).with_de(many.de[::-1].copy()))
    np.testing.assert_allclose(tail[::-1], probability, atol=1e-6)


def test_fewer_windows_than_a_batch_still_train():
    before = fit(batch_size=10_000, epochs=1).predict_proba(make_windows(seed=1))
    after = fit(batch_size=10_000, epochs=30).predict_proba(make_windows(seed=1))
    assert np.abs(after - before).max() > 0.05


def test_a_loss_that_is_no_number_is_an_error_with_a_remedy():
    train = make_windows()
    train.de[0] = np.nan
    with pytest.raises(DivergedError, match="became nan by step 8: lower its learning_rate"):
        CnnClassifier(**SHORT | {"mixup": 0.0}).fit(TrainingData(train), seed=0)


@pytest.mark.parametrize(
    "settings",
    [{"hidden": 0}, {"dropout": 1.0}, {"epochs": 0}, {"batch_size": 1}, {"learning_rate": 0}, {"mixup": -0.1}],
)
def test_settings_that_cannot_work_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        CnnClassifier(**settings)


def test_mixing_windows_changes_nothing_of_how_much_classes_weigh():
    # Windows that are all alike tell nothing: what is learnt is what the classes weigh, the same for both.
    windows = make_windows(counts=(27, 3))
    data = TrainingData(windows.with_de(np.ones_like(windows.de)), reweight=True)
    settings = {"hidden": 4, "epochs": 200, "batch_size": 90, "learning_rate": 1e-2, "dropout": 0.0}
    for mixup in (0.0, 1.0):
        probability = CnnClassifier(**settings, mixup=mixup).fit(data, seed=0).predict_proba(data.train)
        np.testing.assert_allclose(probability[0], 0.5, atol=0.05)
