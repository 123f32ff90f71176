"""The regularised graph network against the formulas of its paper, in NumPy."""

import numpy as np
import pytest
import torch

from escgan.classifiers.base import TrainingData
from escgan.classifiers.graph import SimpleGraph
from escgan.classifiers.network import class_loss
from escgan.classifiers.rgnn import RgnnClassifier, scalp_adjacency
from escgan.errors import ConfigError
from tests.conftest import CHANNELS, make_windows
from tests.escgan.test_montage import SEED


@pytest.mark.parametrize("order", [1, 2, 4])
def test_neighbours_are_mixed_by_a_power_of_the_normed_adjacency(order):
    draw = np.random.default_rng(0)
    free = draw.standard_normal((6, 6)).astype(np.float32)
    x = draw.standard_normal((3, 6, 4)).astype(np.float32)
    layer = SimpleGraph(torch.from_numpy(free), 4, 5, order)
    adjacency = (free.astype(float) + free.T) / 2
    root = np.diag(1 / np.sqrt(np.abs(adjacency).sum(axis=1)))
    spread = np.linalg.matrix_power(root @ adjacency @ root, order)
    weight, bias = (p.detach().double().numpy() for p in (layer.mix.weight, layer.mix.bias))
    expected = np.einsum("ij,bjf,of->bio", spread, x, weight) + bias
    np.testing.assert_allclose(layer(torch.from_numpy(x)).detach().numpy(), expected, atol=1e-5)
    # Degrees of absolute values keep mixing from growing, whatever the signs.
    assert np.abs(np.linalg.eigvalsh(root @ adjacency @ root)).max() <= 1 + 1e-9


def test_a_channel_without_neighbours_is_finite():
    layer = SimpleGraph(torch.zeros(3, 3), 2, 2, 2)
    assert torch.isfinite(layer(torch.ones(1, 3, 2))).all()


def test_the_graph_begins_with_inverse_square_distances_and_pairs_across_the_hemispheres():
    # Places on the template head in centimetres, from its published table.
    places = {"Fp1": (-2.94367, 8.39171, -0.699), "Fp2": (2.98723, 8.48959, -0.708), "F7": (-7.02629, 4.24743, -1.142)}
    names = list(places)
    adjacency = scalp_adjacency(names)
    for i, first in enumerate(names):
        assert adjacency[i, i] == 1
        for j, second in enumerate(names):
            if i != j:
                squared = sum((a - b) ** 2 for a, b in zip(places[first], places[second], strict=True))
                across = {first, second} == {"Fp1", "Fp2"}
                assert adjacency[i, j] == pytest.approx(min(1, 5 / squared) - across, rel=1e-4)


def test_as_in_the_paper_about_a_fifth_of_the_links_is_worth_mentioning():
    adjacency = scalp_adjacency(SEED)
    np.testing.assert_array_equal(adjacency, adjacency.T)
    across = adjacency < 0
    assert across.sum() == 2 * 9 and adjacency.min() > -1
    local = np.where(across, adjacency + 1, adjacency)
    assert 0.15 < (local > 0.1).mean() < 0.25


def test_pairs_need_both_their_channels():
    assert (scalp_adjacency(["Fz", "Cz", "Pz", "O1"]) > 0).all()
    older, newer = scalp_adjacency(["T3", "FP1", "CZ"]), scalp_adjacency(["T7", "Fp1", "Cz"])
    np.testing.assert_array_equal(older, newer)


def test_a_channel_without_a_place_is_refused_by_its_name():
    with pytest.raises(ConfigError, match="no place in the 10-05 system for X9"):
        scalp_adjacency(["Fz", "X9"])


def trained_graph(**changed):
    classifier = RgnnClassifier(filters=4, epochs=5, batch_size=32, learning_rate=1e-2, **changed)
    data = TrainingData(make_windows(counts=(20, 20), n_subjects=2))
    network = classifier.fit(data, seed=0).network
    (graph,) = (module for module in network.modules() if isinstance(module, SimpleGraph))
    return graph.adjacency.detach().numpy()


def test_the_graph_is_learnt_stays_symmetric_and_is_made_sparser_where_that_is_asked_for():
    free, sparse = trained_graph(sparsity=0), trained_graph(sparsity=1)
    start = scalp_adjacency(CHANNELS)
    assert np.abs(free - start).max() > 1e-2
    np.testing.assert_allclose(free, free.T, atol=1e-6)
    assert np.abs(sparse).sum() < np.abs(free).sum() - 1


def test_doubted_labels_are_spread_over_all_classes():
    draw = np.random.default_rng(0)
    scores, labels, weight = draw.standard_normal((5, 3)), np.array([0, 1, 2, 1, 0]), draw.uniform(0.5, 2, 5)
    # The paper's distribution of its middle class: (e / 3, 1 - 2 e / 3, e / 3).
    wanted = np.full((5, 3), 0.2 / 3)
    wanted[np.arange(5), labels] = 1 - 2 * 0.2 / 3
    log = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    expected = (weight * -(wanted * log).sum(axis=1)).mean()
    found = class_loss(torch.from_numpy(scores), torch.from_numpy(labels), torch.from_numpy(weight), 0.2)
    assert found.item() == pytest.approx(expected)
