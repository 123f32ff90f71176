"""Training sets at the edge of what can be learned from: every classifier gives probabilities or says why it cannot."""

import numpy as np
import pytest
from scipy.special import expit

from escgan.classifiers import CLASSIFIERS, TrainingData
from escgan.classifiers.lda import LdaClassifier
from escgan.errors import ConfigError, EscganError
from tests.conftest import make_windows
from tests.escgan.classifiers.test_classifiers import QUICK
from tests.escgan.degenerate import BOTH, SETS, one_sentence, with_first

every_classifier = pytest.mark.parametrize("kind", CLASSIFIERS)


REFUSED = {"one window a class": {"lda", "tuned"}}


@pytest.mark.parametrize(("case", "reweight"), [*((case, False) for case in SETS), ("a class of one window", True)])
@every_classifier
def test_a_degenerate_training_set_gives_probabilities_or_one_sentence_that_says_why_not(kind, case, reweight):
    data = TrainingData(SETS[case], reweight=reweight)
    unseen = make_windows(counts=(4,) * data.n_classes, seed=1, classes=SETS[case].classes)
    if kind in REFUSED.get(case, ()):
        with pytest.raises(ConfigError) as refused:
            QUICK[kind].fit(data, 0)
        assert one_sentence(refused)
        return
    probability = QUICK[kind].fit(data, 0).predict_proba(unseen)
    assert probability.shape == (len(unseen), data.n_classes) and np.isfinite(probability).all()
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-9)
    # What was never seen is never guessed.
    assert (probability[:, data.train.counts == 0] == 0).all()


@pytest.mark.parametrize("n", [0, 1, 12])
def test_windows_of_fewer_than_two_classes_are_refused_before_any_classifier_meets_them(n):
    with pytest.raises(ConfigError) as refused:
        TrainingData(with_first(with_first(BOTH, label=1, n=0), label=0, n=n))
    assert one_sentence(refused) and ("only class 'calm'" if n else "no window") in str(refused.value)


@every_classifier
def test_values_beyond_all_measure_end_finite_or_as_divergence(kind):
    windows = BOTH.with_de(BOTH.de * np.float32(1e30))
    try:
        probability = QUICK[kind].fit(TrainingData(windows), 0).predict_proba(windows)
    except EscganError as error:
        assert type(error).__name__ == "DivergedError" and "check the features for extreme values" in str(error)
        return
    assert np.isfinite(probability).all()


def test_a_lone_windows_class_adds_nothing_to_ldas_scatter():
    """Held against the discriminant written out: priors by count, scatter within classes, of which one has none."""
    train = with_first(BOTH, label=1, n=1)
    x = train.flat().astype(np.float64)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    calm, joy = x[train.labels == 0], x[train.labels == 1]
    share = len(calm) / len(x)
    # scikit-learn shrinks each class in units of its own deviations, and gives their unit back.
    deviation = calm.std(axis=0)
    correlation = np.cov((calm / deviation).T, bias=True)
    shrunk = share * deviation[:, None] * (0.5 * correlation + 0.5 * np.eye(38)) * deviation
    weight = np.linalg.solve(shrunk, joy[0] - calm.mean(axis=0))
    bias = -0.5 * weight @ (joy[0] + calm.mean(axis=0)) + np.log((1 - share) / share)
    ours = LdaClassifier(shrinkage=0.5).fit(TrainingData(train), 0).predict_proba(train)[:, 1]
    np.testing.assert_allclose(ours, expit(x @ weight + bias), atol=1e-9)
