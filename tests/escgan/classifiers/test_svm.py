import numpy as np
import pytest
from scipy.stats import rankdata
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from escgan.classifiers.base import TrainingData
from escgan.classifiers.svm import SvmClassifier
from tests.conftest import make_windows


def machine(train, unseen, **options):
    """scikit-learn's own machine, and the unseen windows as it takes them."""
    x, x_unseen = (w.de.astype(np.float64).reshape(len(w), -1) for w in (train, unseen))
    scaler = StandardScaler().fit(x)
    return SVC(break_ties=True, **options).fit(scaler.transform(x), train.labels), scaler.transform(x_unseen)


@pytest.mark.parametrize("kernel", ["rbf", "linear"])
@pytest.mark.parametrize("counts", [(40, 12), (30, 20, 10)])
def test_it_decides_as_scikit_learns_machine_does(kernel, counts):
    train, unseen = make_windows(counts=counts, separation=0.4), make_windows(counts=counts, separation=0.4, seed=1)
    truth, x = machine(train, unseen, kernel=kernel)
    ours = SvmClassifier(kernel=kernel).fit(TrainingData(train), seed=0).predict_proba(unseen)
    np.testing.assert_array_equal(ours.argmax(axis=1), truth.predict(x))
    assert len(np.unique(ours.argmax(axis=1))) == len(counts)


def test_it_ranks_windows_by_their_margin():
    train, unseen = make_windows(separation=0.4), make_windows(separation=0.4, seed=1)
    truth, x = machine(train, unseen)
    ours = SvmClassifier().fit(TrainingData(train), seed=0).predict_proba(unseen)
    np.testing.assert_array_equal(rankdata(ours[:, 1]), rankdata(truth.decision_function(x)))


def test_class_weights_move_the_machine_as_scikit_learns_do():
    train, unseen = make_windows(separation=0.4), make_windows(separation=0.4, seed=1)
    truth, x = machine(train, unseen, class_weight="balanced")
    ours = SvmClassifier().fit(TrainingData(train, reweight=True), seed=0).predict_proba(unseen)
    np.testing.assert_array_equal(ours.argmax(axis=1), truth.predict(x))


def test_an_unknown_kernel_is_refused():
    with pytest.raises(ValueError, match="kernel"):
        SvmClassifier(kernel="poly")
