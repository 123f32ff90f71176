import numpy as np
import pytest
import torch

from escgan.gan.config import NetworkConfig
from escgan.gan.discriminator import Discriminator
from escgan.gan.generator import Generator
from escgan.gan.training import build_gan
from escgan.gan.trunk import ChannelAttention, SeededDropout
from escgan.montage import scalp_grid
from tests.conftest import CHANNELS

MASK = scalp_grid(CHANNELS).mask


def test_code_and_edit_have_the_papers_shapes():
    net = Generator(5, 3, torch.from_numpy(MASK), NetworkConfig(hidden=8))
    x = torch.randn(4, 5, 9, 9)
    code = net.encode(x)
    assert code.shape == (4, 32, 3, 3)
    assert net.decode(code, torch.tensor([0, 1, 2, 0])).shape == x.shape


def test_parameters_add_up_to_the_count_by_hand():
    h, f, k = 8, 5, 3
    conv = 9 * (f * h + h * 2 * h + 2 * h * 2 * h + 2 * h * 4 * h)
    norms = 2 * (h + 2 * h + 2 * h + 4 * h)
    up = 9 * (4 * h * 2 * h + 2 * h * 2 * h + 2 * h * h + h * f) + f
    up_norms = 2 * (2 * h + 2 * h + h)
    generator = Generator(f, k, torch.from_numpy(MASK), NetworkConfig(hidden=h))
    assert sum(p.numel() for p in generator.parameters()) == conv + norms + up + up_norms + k * 36 * h

    def head(n_out):
        return (36 * h + 1) * 8 * h + (8 * h + 1) * 8 * h + (8 * h + 1) * n_out

    discriminator = Discriminator(f, k, NetworkConfig(hidden=h))
    assert sum(p.numel() for p in discriminator.parameters()) == conv + norms + head(1) + head(k)


def test_edits_are_zero_where_no_electrode_reaches():
    net = build_gan(2, 2, MASK, NetworkConfig(hidden=4)).generator.eval()
    edit = net(torch.randn(3, 2, 9, 9), torch.tensor([0, 1, 0])).detach().numpy()
    assert (edit[:, :, ~MASK] == 0).all() and (edit[:, :, MASK] != 0).any()


def test_changing_the_target_changes_the_edit():
    net = build_gan(2, 3, MASK, NetworkConfig(hidden=4)).generator.eval()
    x = torch.randn(2, 2, 9, 9)
    edits = [net(x, torch.full((2,), k)) for k in range(3)]
    assert all((edits[i] - edits[j]).abs().max() > 1e-3 for i, j in [(0, 1), (0, 2), (1, 2)])


def test_the_code_does_not_depend_on_the_target():
    net = build_gan(2, 2, MASK, NetworkConfig(hidden=4)).generator.eval()
    x = torch.randn(2, 2, 9, 9)
    torch.testing.assert_close(net.decode(net.encode(x), torch.tensor([1, 1])), net(x, torch.tensor([1, 1])))


def test_a_linear_output_reaches_below_zero_as_far_as_above():
    x = torch.randn(64, 2, 9, 9, generator=torch.Generator().manual_seed(0))
    outputs = {}
    for output in ("linear", "leaky_relu"):
        net = build_gan(2, 2, MASK, NetworkConfig(hidden=4, output=output)).generator.eval()
        outputs[output] = net(x, torch.zeros(64, dtype=torch.long)).detach()
    assert outputs["linear"].min() < -0.3 * outputs["linear"].max()
    np.testing.assert_allclose(outputs["leaky_relu"].clamp(min=0), outputs["linear"].clamp(min=0), atol=1e-6)
    assert outputs["leaky_relu"].min() > 0.02 * outputs["linear"].min()


def test_the_same_seed_draws_the_same_weights_and_another_seed_others():
    first, again, other = (build_gan(2, 2, MASK, NetworkConfig(hidden=4), seed) for seed in (1, 1, 2))
    for a, b in zip(first.generator.parameters(), again.generator.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
    assert any(
        not torch.equal(a, b) for a, b in zip(first.generator.parameters(), other.generator.parameters(), strict=True)
    )


def test_dropout_drops_its_share_keeps_the_mean_and_draws_from_its_own_stream():
    layer = SeededDropout(0.3)
    layer.generator = torch.Generator().manual_seed(0)
    out = layer(torch.ones(100_000))
    assert (out == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert out.mean().item() == pytest.approx(1, abs=0.01)
    torch.manual_seed(123)
    layer.generator = torch.Generator().manual_seed(0)
    assert torch.equal(layer(torch.ones(100_000)), out)
    assert torch.equal(layer.eval()(torch.ones(3)), torch.ones(3))


def test_channel_attention_scales_whole_channels():
    x = torch.randn(2, 5, 3, 3)
    ratio = ChannelAttention()(x) / x
    torch.testing.assert_close(ratio, ratio[:, :, :1, :1].expand_as(ratio))
    assert ((ratio > 0) & (ratio < 1)).all()
