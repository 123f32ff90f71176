import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from escgan.augmenters.none import NoAugmenter
from escgan.classifiers.base import TrainingData
from escgan.classifiers.logistic import LogisticClassifier
from tests.conftest import make_windows


@pytest.mark.parametrize("counts", [(40, 12), (30, 20, 10)])
@pytest.mark.parametrize("strength", [1.0, 0.05])
def test_without_augmentation_it_equals_scikit_learn_by_hand(counts, strength):
    train, unseen = make_windows(counts=counts, separation=0.4), make_windows(counts=counts, seed=1)
    x, x_unseen = (w.de.astype(np.float64).reshape(len(w), -1) for w in (train, unseen))
    scaler = StandardScaler().fit(x)
    truth = LogisticRegression(C=strength, max_iter=5000).fit(scaler.transform(x), train.labels)
    data = TrainingData(train, reweight=NoAugmenter().reweights)
    ours = LogisticClassifier(C=strength).fit(data, seed=0).predict_proba(unseen)
    np.testing.assert_allclose(ours, truth.predict_proba(scaler.transform(x_unseen)), rtol=0, atol=1e-9)


def test_class_weights_equal_scikit_learns_balanced_ones():
    train, unseen = make_windows(separation=0.4), make_windows(seed=1)
    x, x_unseen = (w.de.astype(np.float64).reshape(len(w), -1) for w in (train, unseen))
    scaler = StandardScaler().fit(x)
    truth = LogisticRegression(class_weight="balanced", max_iter=5000).fit(scaler.transform(x), train.labels)
    ours = LogisticClassifier().fit(TrainingData(train, reweight=True), seed=0).predict_proba(unseen)
    np.testing.assert_allclose(ours, truth.predict_proba(scaler.transform(x_unseen)), rtol=0, atol=1e-9)


def test_the_solution_is_where_the_penalised_likelihood_is_flat():
    """The gradient at the optimum is zero: for each feature, residuals and weight decay balance."""
    train = make_windows(counts=(30, 20, 10), separation=0.4)
    model = LogisticClassifier(C=0.5).fit(TrainingData(train), seed=0).model
    z = (lambda x: (x - x.mean(0)) / x.std(0))(train.flat().astype(np.float64))
    weights = model[-1].coef_
    probability = np.exp(log_softmax(z @ weights.T + model[-1].intercept_, axis=1))
    gradient = 0.5 * (probability - np.eye(3)[train.labels]).T @ z + weights
    assert np.abs(gradient).max() < 0.05 * np.abs(weights).max()


def test_the_seed_plays_no_part():
    data, unseen = TrainingData(make_windows()), make_windows(seed=1)
    first, second = (LogisticClassifier().fit(data, seed=seed).predict_proba(unseen) for seed in (0, 1))
    np.testing.assert_array_equal(first, second)


def test_the_units_of_a_feature_do_not_matter():
    train, unseen = make_windows(), make_windows(seed=1)
    scale = np.geomspace(0.01, 100, 19)[:, None].astype(np.float32)
    plain = LogisticClassifier().fit(TrainingData(train), seed=0).predict_proba(unseen)
    scaled = LogisticClassifier().fit(TrainingData(train.with_de(train.de * scale)), seed=0)
    np.testing.assert_allclose(scaled.predict_proba(unseen.with_de(unseen.de * scale)), plain, atol=1e-4)


@pytest.mark.parametrize("strength", [0, -1, float("inf")])
def test_a_strength_that_is_no_positive_number_is_refused(strength):
    with pytest.raises(ValueError, match="C"):
        LogisticClassifier(C=strength)
