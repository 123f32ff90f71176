"""The transformer over channels: attention by NumPy, and what the order of channels may change."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from scipy.special import softmax

from escgan.classifiers.attention import ChannelTokens, EncoderLayer, SelfAttention
from escgan.classifiers.base import TrainingData
from escgan.classifiers.network import Sizes
from escgan.classifiers.transformer import TransformerClassifier
from tests.conftest import CHANNELS
from tests.escgan.classifiers.test_network import xor


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_attention_is_the_softmax_of_scaled_products_in_every_head(heads):
    layer, x = SelfAttention(8, heads), torch.randn(3, 5, 8)
    weight, bias = (p.detach().double().numpy() for p in (layer.project.weight, layer.project.bias))
    query, key, value = np.split(x.double().numpy() @ weight.T + bias, 3, axis=2)
    out = np.zeros((3, 5, 8))
    size = 8 // heads
    for head in range(heads):
        own = slice(head * size, (head + 1) * size)
        attended = softmax(query[..., own] @ key[..., own].transpose(0, 2, 1) / np.sqrt(size), axis=2)
        out[..., own] = attended @ value[..., own]
    expected = out @ layer.join.weight.detach().double().numpy().T + layer.join.bias.detach().double().numpy()
    np.testing.assert_allclose(layer(x).detach().numpy(), expected, atol=1e-5)


def test_a_token_is_its_channels_bands_and_name():
    layer, x = ChannelTokens(4, 3, 6), torch.randn(2, 4, 3)
    tokens = layer(x)
    for channel in range(4):
        torch.testing.assert_close(tokens[:, channel], layer.bands(x[:, channel]) + layer.channels.weight[channel])


def test_an_encoder_layer_does_not_know_the_order_of_tokens():
    layer, x, order = EncoderLayer(8, 2, 16, 0.0), torch.randn(3, 5, 8), torch.randperm(5)
    torch.testing.assert_close(layer(x)[:, order], layer(x[:, order]), atol=1e-5, rtol=1e-5)


def test_channels_in_another_order_change_nothing_if_their_names_go_with_them():
    network = TransformerClassifier().build(Sizes(CHANNELS, 5, 3, 4)).eval()
    x, order = torch.randn(6, len(CHANNELS), 5), torch.randperm(len(CHANNELS))
    before = network(x)
    assert before.shape == (6, 3)
    assert (network(x[:, order]) - before).abs().max() > 1e-3
    network[0].channels.weight.data = network[0].channels.weight.data[order]
    torch.testing.assert_close(network(x[:, order]), before, atol=1e-5, rtol=1e-4)


def test_it_learns_what_no_line_tells_apart():
    classifier = TransformerClassifier(
        layers=1, width=16, heads=2, learning_rate=1e-2, epochs=40, patience=40, batch_size=128, dropout=0
    )
    model, unseen = classifier.fit(TrainingData(xor(0, 800)), seed=0), xor(1)
    assert (model.predict_proba(unseen).argmax(axis=1) == unseen.labels).mean() > 0.9


def test_heads_that_cannot_share_the_width_are_refused():
    with pytest.raises(ValidationError, match="width 32 cannot be shared by 5 heads"):
        TransformerClassifier(heads=5)
