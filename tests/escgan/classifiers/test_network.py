"""Networks on channels: validation by subjects, early stopping, and the graph convolution by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from escgan.augmenters import Balance
from escgan.augmenters.oversample import OversampleAugmenter
from escgan.classifiers.base import TrainingData
from escgan.classifiers.dgcnn import DgcnnClassifier
from escgan.classifiers.graph import BandNorm, ChebyshevGraph
from escgan.classifiers.mlp import MlpClassifier
from escgan.errors import DivergedError
from tests.conftest import make_windows


def test_the_graph_convolution_is_the_sum_of_chebyshev_polynomials():
    torch.manual_seed(0)
    layer = ChebyshevGraph(5, 3, 4, order=4)
    x = torch.randn(2, 5, 3)
    free = layer.edges.weight.detach().double().numpy()
    adjacency = np.maximum((free + free.T) / 2, 0)
    scale = 1 / np.sqrt(adjacency.sum(axis=1) + 1e-6)
    laplacian = -scale[:, None] * adjacency * scale
    values, vectors = np.linalg.eigh(laplacian)
    expected = layer.mix[0].bias.detach().double().numpy()
    for k, mix in enumerate(layer.mix):
        # T_k(cos a) = cos(k a), applied to the eigenvalues.
        polynomial = vectors @ np.diag(np.cos(k * np.arccos(np.clip(values, -1, 1)))) @ vectors.T
        expected = expected + polynomial @ x.double().numpy() @ mix.weight.detach().double().numpy().T
    np.testing.assert_allclose(layer(x).detach().numpy(), expected, atol=1e-5)
    assert np.abs(values).max() <= 1 + 1e-9


def test_bands_are_normed_over_windows_and_channels():
    x = torch.randn(50, 7, 3) * torch.tensor([1.0, 10.0, 100.0]) + 5
    normed = BandNorm(3).train()(x)
    torch.testing.assert_close(normed.mean(dim=(0, 1)), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(normed.std(dim=(0, 1), unbiased=False), torch.ones(3), atol=1e-3, rtol=0)


def xor(seed, n=400):
    """Two classes that differ in nothing but the product of two channels."""
    windows = make_windows(counts=(n // 8, n // 8), n_subjects=4, separation=0, seed=seed)
    sign = np.where(windows.labels == 1, 1, -1)
    first = np.random.default_rng(seed).choice([-1, 1], len(windows))
    de = windows.de * 0.3
    de[:, 0, 0] += 2 * first
    de[:, 5, 0] += 2 * first * sign
    return windows.with_de(de)


@pytest.mark.parametrize("classifier", [MlpClassifier(), DgcnnClassifier()])
def test_a_network_learns_what_no_line_tells_apart(classifier):
    model = classifier.model_copy(update={"learning_rate": 3e-3, "patience": 40}).fit(
        TrainingData(xor(0, 1600)), seed=0
    )
    unseen = xor(1)
    assert (model.predict_proba(unseen).argmax(axis=1) == unseen.labels).mean() > 0.9


@pytest.mark.parametrize("n_subjects", [3, 5, 10, 20])
def test_whole_subjects_validate_and_what_was_made_of_them_is_not_trained_on(n_subjects):
    train = make_windows(counts=(20, 6), n_subjects=n_subjects)
    edited = OversampleAugmenter().generate(None, train, Balance(), 0)
    data = TrainingData(train, edited)
    rows, held = MlpClassifier()._split(data, seed=3)
    validating = set(train.subjects[held])
    assert len(validating) == max(1, round(0.2 * n_subjects))
    assert set(held) == set(np.flatnonzero(np.isin(train.subjects, list(validating))))
    subjects = np.concatenate([train.subjects, edited.edits["reference_subject"].to_numpy(dtype=object)])
    assert set(rows) == set(np.flatnonzero(~np.isin(subjects, list(validating))))
    assert set(MlpClassifier()._split(data, seed=4)[1]) != set(held) or n_subjects == 3


def test_nobody_validates_who_is_needed_to_train():
    two = TrainingData(make_windows(n_subjects=2))
    rows, held = MlpClassifier()._split(two, 0)
    assert len(held) == 0 and len(rows) == len(two.labels)
    alone = make_windows(counts=(20, 6), n_subjects=3)
    for seed in range(6):
        # One subject alone shows the second class.
        kept = np.flatnonzero((alone.labels == 0) | (alone.subjects == "01"))
        data = TrainingData(
            replace(
                alone, de=alone.de[kept], labels=alone.labels[kept], table=alone.table.iloc[kept].reset_index(drop=True)
            )
        )
        rows, _ = MlpClassifier()._split(data, seed)
        assert set(data.labels[rows]) == {0, 1}


def test_training_ends_when_validation_subjects_see_no_gain_and_the_best_weights_are_kept(monkeypatch):
    passes = []
    original = MlpClassifier.build

    def build(self, *sizes):
        network = original(self, *sizes)
        network.register_forward_hook(lambda module, *_: passes.append(module.training))
        return network

    monkeypatch.setattr(MlpClassifier, "build", build)
    # Noise: there is nothing that holds for other subjects.
    data = TrainingData(make_windows(counts=(40, 40), n_subjects=5, separation=0))
    unseen = make_windows(counts=(40, 40), separation=0, seed=1)
    patient = MlpClassifier(epochs=60, patience=5, batch_size=4096, learning_rate=1e-2)
    long = patient.fit(data, seed=0).predict_proba(unseen)
    trained = sum(passes)
    assert 6 <= trained < 60
    passes.clear()
    # As many passes as were made until the best: the same weights.
    short = patient.model_copy(update={"epochs": trained - 5}).fit(data, seed=0).predict_proba(unseen)
    np.testing.assert_array_equal(long, short)


def test_a_learning_rate_that_blows_up_is_said_so():
    with pytest.raises(DivergedError, match="mlp classifier's loss became nan in pass"):
        MlpClassifier(learning_rate=1e30, weight_decay=1e30).fit(TrainingData(make_windows()), seed=0)
