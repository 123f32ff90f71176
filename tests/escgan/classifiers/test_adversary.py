"""The adversary among training subjects: its gradient, its schedule, whom it guesses, what it hides."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from escgan.augmenters import Balance
from escgan.augmenters.oversample import OversampleAugmenter
from escgan.augmenters.smote import SmoteAugmenter
from escgan.classifiers.base import TrainingData
from escgan.classifiers.dann import DannClassifier
from escgan.classifiers.gradient_reversal import (
    AdversarialNetwork,
    reversal_strength,
    reverse_gradient,
    subject_loss,
)
from escgan.classifiers.mlp import MlpClassifier
from escgan.classifiers.rgnn import RgnnClassifier
from tests.conftest import make_windows

every_adversarial = pytest.mark.parametrize(
    "classifier",
    [DannClassifier(hidden=(8,), epochs=2), RgnnClassifier(filters=4, epochs=2)],
    ids=lambda classifier: classifier.kind,
)


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 5))
def test_the_gradient_is_turned_round_and_scaled_and_the_values_are_kept(strength):
    x = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64, requires_grad=True)
    weight = torch.tensor([0.5, 4.0, -1.0], dtype=torch.float64)
    turned = reverse_gradient(x, strength)
    assert torch.equal(turned, x)
    # d/dx of w x^2 is 2 w x.
    (weight * turned**2).sum().backward()
    torch.testing.assert_close(x.grad, -strength * 2 * weight * x.detach())


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 1))
def test_the_adversary_grows_as_the_hyperbolic_tangent_of_progress(progress):
    assert reversal_strength(progress) == pytest.approx(np.tanh(5 * progress), abs=1e-12)


def test_guesses_are_judged_where_the_subject_is_known():
    draw = np.random.default_rng(0)
    guesses, subject = draw.standard_normal((4, 3, 5)), np.array([2, -1, 0, 4])
    log = guesses - np.log(np.exp(guesses).sum(axis=2, keepdims=True))
    expected = -np.mean([log[i, :, s] for i, s in enumerate(subject) if s >= 0])
    found = subject_loss(torch.from_numpy(guesses), torch.from_numpy(subject))
    assert found.item() == pytest.approx(expected)
    assert subject_loss(torch.from_numpy(guesses), torch.full((4,), -1)).item() == 0


def test_the_head_learns_to_guess_while_the_features_learn_to_hide():
    torch.manual_seed(0)
    network = AdversarialNetwork(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2), torch.nn.Linear(4, 5))
    x, subject = torch.randn(6, 3), torch.tensor([0, 1, 2, 3, 4, 0])

    def gradients(guesses):
        network.zero_grad()
        subject_loss(guesses, subject).backward()
        return network.trunk.weight.grad.clone(), network.subjects.weight.grad.clone()

    plain = gradients(network.subjects(network.trunk(x))[:, None])
    turned = gradients(network.with_subjects(x, 0.3)[1])
    torch.testing.assert_close(turned[0], -0.3 * plain[0])
    torch.testing.assert_close(turned[1], plain[1])


def test_without_its_adversary_it_is_the_multilayer_perceptron():
    data, unseen = TrainingData(make_windows(n_subjects=4)), make_windows(seed=1)
    common = {"hidden": (8, 4), "epochs": 6, "batch_size": 32}
    ours = DannClassifier(**common, adversary=0).fit(data, seed=3).predict_proba(unseen)
    np.testing.assert_allclose(ours, MlpClassifier(**common).fit(data, seed=3).predict_proba(unseen), atol=1e-6)
    opposed = DannClassifier(**common, adversary=1).fit(data, seed=3).predict_proba(unseen)
    assert np.abs(opposed - ours).max() > 1e-3


def people(seed):
    """Six people whose windows differ by an offset of their own, on channels that say nothing of the class."""
    windows = make_windows(counts=(60, 60), n_subjects=6, separation=0, seed=seed)
    de = windows.de.copy()
    de[:, :4] += np.where(windows.labels == 1, 0.7, -0.7)[:, None, None]
    offsets = np.random.default_rng(7).standard_normal((6, 15, 2))
    de[:, 4:] += offsets[windows.subjects.astype(int)]
    return windows.with_de(de.astype(np.float32))


@pytest.mark.slow
def test_its_features_tell_less_of_who_it_was_and_as_much_of_the_class():
    train, unseen = people(0), people(1)
    told, right = {}, {}
    for adversary in (0.0, 1.0):
        classifier = DannClassifier(
            hidden=(16,), adversary=adversary, epochs=60, patience=60, batch_size=64, learning_rate=3e-3, dropout=0
        )
        model = classifier.fit(TrainingData(train), seed=0)
        x = torch.from_numpy(((unseen.de - model.mean) / model.scale).astype(np.float32))
        with torch.no_grad():
            features = model.network.trunk(x).numpy()
        guess = LogisticRegression(max_iter=3000)
        told[adversary] = cross_val_score(guess, features, unseen.subjects.astype(str)).mean()
        right[adversary] = (model.predict_proba(unseen).argmax(axis=1) == unseen.labels).mean()
    # One of six is chance.
    assert told[1.0] < told[0.0] - 0.15
    assert right[1.0] > 0.93


@every_adversarial
def test_the_subject_of_an_edit_is_that_of_its_reference_and_nobody_where_it_has_none(classifier, monkeypatch):
    seen = []

    def watched(self, network, batch):
        seen.append((batch, network))
        return original(self, network, batch)

    original = type(classifier).objective
    monkeypatch.setattr(type(classifier), "objective", watched)
    train = make_windows(counts=(30, 10), n_subjects=5)
    for augmenter, anonymous in ((OversampleAugmenter(), 0), (SmoteAugmenter(), 100)):
        seen.clear()
        edited = augmenter.generate(None, train, Balance(), 0)
        data = TrainingData(train, edited)
        classifier.model_copy(update={"batch_size": 4096}).fit(data, seed=0)
        batch, network = seen[0]
        rows, held = classifier._split(data, 0)
        # Four of five train; the fifth validates and is no subject that could be guessed.
        codes, counts = np.unique(batch.subject.numpy(), return_counts=True)
        assert set(codes) - {-1} == set(range(4)) and len(batch.subject) == len(rows)
        assert counts[codes == -1].sum() == anonymous
        assert network.with_subjects(batch.x, 0)[1].shape[-1] == 4
        # Standardised windows tell which rows they are: the code is the subject's place among those who train.
        names = sorted(set(train.subjects) - set(train.subjects[held]))
        scaled = (data.de - data.de.mean(axis=0)) / data.de.std(axis=0)
        for place in range(0, len(rows), 17):
            row = int(np.abs(scaled[rows] - batch.x[place].numpy()).sum(axis=(1, 2)).argmin())
            owner = data.subjects[rows[row]]
            assert int(batch.subject[place]) == (-1 if owner is None else names.index(owner))
        assert 0 == batch.progress < seen[-1][0].progress < 1


def test_windows_know_whose_they_are():
    train = make_windows(counts=(6, 2), n_subjects=3)
    assert list(TrainingData(train).subjects) == list(train.subjects)
    edited = OversampleAugmenter().generate(None, train, Balance(), 0)
    whole = TrainingData(train, edited).subjects
    assert list(whole[len(train) :]) == list(edited.edits["reference_subject"])
    nobody = TrainingData(train, SmoteAugmenter(neighbours=1).generate(None, train, Balance(), 0)).subjects
    assert len(nobody) == 36 and set(nobody[24:]) == {None}
