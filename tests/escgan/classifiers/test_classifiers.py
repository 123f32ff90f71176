"""What every classifier promises, run over all of them."""

import inspect
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from sklearn.metrics import balanced_accuracy_score, recall_score
from sklearn.utils.class_weight import compute_sample_weight

from escgan.augmenters.base import edited_from_channels
from escgan.classifiers import CLASSIFIERS, ClassifierConfig, TrainingData
from escgan.classifiers.cnn import CnnClassifier
from escgan.classifiers.dann import DannClassifier
from escgan.classifiers.dgcnn import DgcnnClassifier
from escgan.classifiers.lda import LdaClassifier
from escgan.classifiers.logistic import LogisticClassifier
from escgan.classifiers.mlp import MlpClassifier
from escgan.classifiers.rgnn import RgnnClassifier
from escgan.classifiers.svm import SvmClassifier
from escgan.classifiers.transformer import TransformerClassifier
from escgan.classifiers.tuned import TunedClassifier
from escgan.errors import ConfigError, DivergedError
from escgan.montage import scalp_grid
from escgan.windows import WindowSet
from tests.conftest import CHANNELS, make_windows

QUICK = {
    "logistic": LogisticClassifier(),
    "lda": LdaClassifier(),
    "svm": SvmClassifier(),
    "mlp": MlpClassifier(hidden=(8,), epochs=40, batch_size=32, learning_rate=1e-2, dropout=0.1),
    "dgcnn": DgcnnClassifier(filters=4, hidden=8, epochs=40, batch_size=32, learning_rate=1e-2, dropout=0.1),
    "rgnn": RgnnClassifier(
        order=1, filters=16, smoothing=0, adversary=0.1, epochs=40, batch_size=32, learning_rate=3e-2, dropout=0.1
    ),
    "transformer": TransformerClassifier(
        layers=1, width=8, heads=2, epochs=30, batch_size=32, learning_rate=1e-2, dropout=0.1
    ),
    "dann": DannClassifier(hidden=(8,), epochs=40, batch_size=32, learning_rate=1e-2, dropout=0.1),
    "tuned": TunedClassifier(grid={"C": (0.1, 1.0)}, folds=2),
    "cnn": CnnClassifier(hidden=4, epochs=25, batch_size=32, learning_rate=3e-3),
}

every_classifier = pytest.mark.parametrize("kind", CLASSIFIERS)


@cache
def fitted(kind):
    return QUICK[kind].fit(TrainingData(make_windows(counts=(40, 30, 20))), seed=0)


def only(windows, rows):
    rows = np.arange(len(windows))[rows]
    table = windows.table.iloc[rows].reset_index(drop=True)
    return replace(windows, de=windows.de[rows], labels=windows.labels[rows], table=table)


def as_edited(windows):
    """The same windows as if an augmenter had made them."""
    wanted = np.zeros(len(windows.classes), np.int64)
    return edited_from_channels(windows.de, windows.labels, scalp_grid(windows.channels), wanted, windows.labels)


def test_every_classifier_is_tested_here():
    assert set(QUICK) == set(CLASSIFIERS)


@every_classifier
def test_the_registrys_key_is_the_kind_and_the_configuration_accepts_it(kind):
    assert CLASSIFIERS[kind].model_fields["kind"].default == kind
    assert type(TypeAdapter(ClassifierConfig).validate_python({"kind": kind})) is CLASSIFIERS[kind]


@every_classifier
def test_every_setting_has_a_description_and_every_classifier_a_title(kind):
    fields = CLASSIFIERS[kind].model_fields
    assert [name for name, field in fields.items() if name != "kind" and not field.description] == []
    assert CLASSIFIERS[kind].title and CLASSIFIERS[kind].__doc__


@every_classifier
def test_settings_are_frozen_and_closed(kind):
    with pytest.raises(ValidationError, match="frozen"):
        QUICK[kind].kind = "other"
    with pytest.raises(ValidationError, match="Extra inputs"):
        CLASSIFIERS[kind](nonsense=1)


@every_classifier
def test_fitting_sees_training_data_only(kind):
    parameters = inspect.signature(CLASSIFIERS[kind].fit, eval_str=True).parameters
    assert set(parameters) == {"self", "data", "seed", "device"}
    assert parameters["data"].annotation is TrainingData


@every_classifier
def test_classes_that_differ_are_learnt_and_classes_that_do_not_are_not(kind):
    recalls = {}
    for separation in (1.0, 0.0):
        train = make_windows(counts=(40, 40), separation=separation, seed=0)
        unseen = make_windows(counts=(40, 40), separation=separation, seed=1)
        predicted = QUICK[kind].fit(TrainingData(train), seed=0).predict_proba(unseen).argmax(axis=1)
        recalls[separation] = balanced_accuracy_score(unseen.labels, predicted)
    assert recalls[1.0] > 0.9
    # 240 coin tosses deviate from a half by 0.032 each: four deviations.
    assert abs(recalls[0.0] - 0.5) < 0.13


@every_classifier
def test_three_classes_are_told_apart(kind):
    unseen = make_windows(counts=(20, 20, 20), seed=1)
    predicted = fitted(kind).predict_proba(unseen).argmax(axis=1)
    assert (recall_score(unseen.labels, predicted, average=None) > 0.6).all()


@every_classifier
def test_probabilities_are_float64_rows_that_sum_to_one(kind):
    probability = fitted(kind).predict_proba(make_windows(counts=(20, 20, 20), seed=1))
    assert probability.shape == (180, 3) and probability.dtype == np.float64
    assert (probability >= 0).all()
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-12)


@every_classifier
def test_a_window_is_judged_by_itself(kind):
    """Neither its neighbours nor their number may change a test window's probabilities."""
    unseen = make_windows(counts=(5, 5, 5), seed=1)
    rows = np.array([7, 3, 30])
    alone = fitted(kind).predict_proba(only(unseen, rows))
    np.testing.assert_allclose(alone, fitted(kind).predict_proba(unseen)[rows], atol=1e-6)


@every_classifier
def test_the_same_seed_gives_the_same_bytes_whatever_the_global_generators_do(kind):
    data, unseen = TrainingData(make_windows()), make_windows(seed=1)
    np.random.seed(1)
    torch.manual_seed(1)
    first = QUICK[kind].fit(data, seed=5).predict_proba(unseen)
    np.random.seed(2)
    torch.manual_seed(2)
    assert QUICK[kind].fit(data, seed=5).predict_proba(unseen).tobytes() == first.tobytes()


@every_classifier
@pytest.mark.parametrize("absent", [0, 1, 2])
def test_a_class_that_training_did_not_hold_gets_probability_zero(kind, absent):
    train, unseen = make_windows(counts=(20, 20, 20), separation=1.5), make_windows(counts=(10, 10, 10), seed=1)
    model = QUICK[kind].fit(TrainingData(only(train, train.labels != absent)), seed=0)
    probability = model.predict_proba(unseen)
    assert probability.shape == (90, 3) and (probability[:, absent] == 0).all()
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-12)
    present = unseen.labels != absent
    assert (probability.argmax(axis=1) == unseen.labels)[present].mean() > 0.85


@every_classifier
def test_weighing_classes_equally_finds_more_of_the_rare_class(kind):
    train = make_windows(counts=(100, 12), separation=0.25)
    unseen = make_windows(counts=(100, 100), separation=0.25, seed=1)
    recall = {
        reweight: recall_score(
            unseen.labels,
            QUICK[kind].fit(TrainingData(train, reweight=reweight), seed=0).predict_proba(unseen).argmax(axis=1),
        )
        for reweight in (False, True)
    }
    assert recall[True] > recall[False] + 0.05


@every_classifier
def test_edited_windows_teach_a_class_that_real_ones_do_not_hold(kind):
    whole = make_windows(counts=(30, 30, 30), separation=1.5)
    train, edited = only(whole, whole.labels != 2), as_edited(only(whole, whole.labels == 2))
    unseen = make_windows(counts=(10, 10, 10), separation=1.5, seed=1)
    predicted = QUICK[kind].fit(TrainingData(train, edited), seed=0).predict_proba(unseen).argmax(axis=1)
    assert recall_score(unseen.labels, predicted, average=None)[2] > 0.7
    assert balanced_accuracy_score(unseen.labels, predicted) > 0.7


@every_classifier
def test_windows_are_left_as_they_were(kind):
    train, unseen = make_windows(), make_windows(seed=1)
    before = train.de.copy(), unseen.de.copy()
    QUICK[kind].fit(TrainingData(train), seed=0).predict_proba(unseen)
    np.testing.assert_array_equal(train.de, before[0])
    np.testing.assert_array_equal(unseen.de, before[1])


def test_real_windows_come_first_and_edited_ones_follow():
    train, made = make_windows(), make_windows(counts=(2, 9), seed=4)
    edited = replace(as_edited(made), grid=np.full((33, 2, 9, 9), 7, np.float32))
    data = TrainingData(train, edited)
    np.testing.assert_array_equal(data.de, np.concatenate([train.de, made.de]))
    np.testing.assert_array_equal(data.flat, data.de.reshape(189, 38))
    np.testing.assert_array_equal(data.labels, np.concatenate([train.labels, made.labels]))
    np.testing.assert_array_equal(data.grid[:156], scalp_grid(CHANNELS).to_grid(train.de))
    # The generator paints the whole grid: its own pixels are kept, not projected anew.
    assert (data.grid[156:] == 7).all()


@pytest.mark.parametrize("counts", [(40, 12), (30, 0, 7), (5, 6, 20)])
def test_weights_are_scikit_learns_balanced_ones(counts):
    train = make_windows(counts=counts)
    np.testing.assert_allclose(
        TrainingData(train, reweight=True).weights, compute_sample_weight("balanced", train.labels)
    )
    assert (TrainingData(train).weights == 1).all()


@pytest.mark.parametrize(("counts", "said"), [((9, 0), "only class 'calm'"), ((0, 9), "only class 'joy'")])
def test_training_windows_of_one_class_are_refused_by_its_name(counts, said):
    with pytest.raises(ConfigError, match=said):
        TrainingData(make_windows(counts=counts))


def test_no_training_window_at_all_is_refused():
    nothing: WindowSet = only(make_windows(), np.zeros(156, bool))
    with pytest.raises(ConfigError, match="holds no window"):
        TrainingData(nothing)


@every_classifier
def test_folds_trained_together_are_what_each_is_alone(kind):
    classifier = QUICK[kind]
    if not classifier.packs:
        with pytest.raises(TypeError, match=f"'{kind}' trains on one fold at a time"):
            classifier.fit_together([], 0)
        return
    classifier = classifier.model_copy(update={"epochs": 6})
    # Of other sizes, weights and lengths of training, one of them with less than a batch.
    folds = [
        TrainingData(make_windows(counts=(40, 30), seed=1)),
        TrainingData(make_windows(counts=(40, 12), seed=2), reweight=True),
        TrainingData(make_windows(counts=(5, 4), seed=3)),
        TrainingData(make_windows(counts=(40, 30), seed=4), as_edited(make_windows(counts=(5, 20), seed=5))),
    ]
    unseen = make_windows(counts=(40, 30), seed=9)
    for ours, data in zip(classifier.fit_together(folds, 7), folds, strict=True):
        alone = classifier.fit(data, 7).predict_proba(unseen)
        np.testing.assert_allclose(ours.predict_proba(unseen), alone, atol=2e-4)


@every_classifier
def test_a_folds_model_does_not_see_the_others(kind):
    classifier = QUICK[kind]
    if not classifier.packs:
        return
    unseen = make_windows(counts=(40, 30), seed=9)
    first, noise = (TrainingData(make_windows(counts=(40, 30), seed=seed)) for seed in (1, 2))
    # Finite, as windows have to be, and beyond what a float32 network can square.
    enormous = replace(noise.train, de=np.full_like(noise.train.de, 1e30))
    beside = classifier.fit_together([first, noise], 7)[0].predict_proba(unseen)
    beside_diverging, diverged = classifier.fit_together([first, TrainingData(enormous)], 7)
    np.testing.assert_array_equal(beside_diverging.predict_proba(unseen), beside)
    assert isinstance(diverged, DivergedError)
