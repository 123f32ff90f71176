import numpy as np
import pytest
from pydantic import ValidationError
from scipy.stats import multivariate_normal
from sklearn.covariance import ledoit_wolf

from escgan.classifiers.base import TrainingData
from escgan.classifiers.lda import LdaClassifier
from tests.conftest import make_windows


@pytest.mark.parametrize("reweight", [False, True])
@pytest.mark.parametrize("shrinkage", ["auto", 0.3])
def test_the_probabilities_are_bayes_rule_with_one_shrunk_covariance(reweight, shrinkage):
    train, unseen = make_windows(counts=(60, 20), separation=0.3), make_windows(counts=(9, 9), separation=0.3, seed=1)
    x, y = train.flat().astype(np.float64), train.labels
    mean, scale = x.mean(axis=0), x.std(axis=0)
    x, z = (x - mean) / scale, (unseen.flat() - mean) / scale
    priors = np.array([0.5, 0.5]) if reweight else np.bincount(y) / len(y)
    covariance = 0
    for label in (0, 1):
        own = x[y == label]
        if shrinkage == "auto":
            # Ledoit and Wolf's shrinkage is for variables of equal scale, to which each class is brought and back.
            deviation = own.std(axis=0)
            shrunk = np.outer(deviation, deviation) * ledoit_wolf(own / deviation)[0]
        else:
            plain = np.cov(own.T, bias=True)
            shrunk = (1 - shrinkage) * plain + shrinkage * np.trace(plain) / len(plain) * np.eye(len(plain))
        covariance = covariance + priors[label] * shrunk
    density = [p * multivariate_normal.pdf(z, x[y == i].mean(axis=0), covariance) for i, p in enumerate(priors)]
    expected = np.stack(density, axis=1) / np.sum(density, axis=0)[:, None]
    ours = LdaClassifier(shrinkage=shrinkage).fit(TrainingData(train, reweight=reweight), 0).predict_proba(unseen)
    np.testing.assert_allclose(ours, expected, atol=1e-6)


@pytest.mark.parametrize("shrinkage", [-0.1, 1.1, "much"])
def test_a_shrinkage_that_is_no_share_is_refused(shrinkage):
    with pytest.raises(ValidationError):
        LdaClassifier(shrinkage=shrinkage)
