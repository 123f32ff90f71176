from functools import cache

import numpy as np
import pytest
import torch

from escgan.generative.loop import Passes, train_model
from escgan.generative.restoration import Restorer
from escgan.montage import scalp_grid
from tests.conftest import CHANNELS

N_BANDS = 2


def build(hidden_share=0.5, width=4, reconstruction=10.0):
    return Restorer(scalp_grid(CHANNELS).cells, N_BANDS, width, (16,), hidden_share, reconstruction, 10.0)


def draw(seed=0):
    return torch.Generator().manual_seed(seed)


def windows(n):
    """A value on the left and one on the right of the head, and noise: neighbours know of each other."""
    rng = np.random.default_rng(n)
    right = scalp_grid(CHANNELS).cells % 9 / 8
    sides = rng.standard_normal((n, 2, N_BANDS))
    de = np.outer(np.ones(n), 1 - right)[:, :, None] * sides[:, :1] + right[None, :, None] * sides[:, 1:]
    return (de + 0.2 * rng.standard_normal(de.shape)).astype(np.float32).reshape(n, -1)


@cache
def trained():
    model = build()
    train_model(model, windows(600), np.arange(600) % 2, Passes(10, 64, 5e-3), seed=0)
    return model.eval()


@pytest.mark.parametrize("share", [0.2, 0.5, 1.0])
def test_masks_hide_half_the_stated_share_on_average_and_electrodes_alike(share):
    shown = build(hidden_share=share).draw_shown(20_000, draw())
    assert shown.shape == (20_000, len(CHANNELS)) and set(shown.unique().tolist()) == {0, 1}
    np.testing.assert_allclose(1 - shown.mean(dim=0), share / 2, atol=0.015)


def test_windows_shares_lie_evenly_between_none_and_the_most():
    """Of 19 electrodes hidden with a chance drawn evenly up to 0.5: variance of a binomial's mixture, by hand."""
    hidden = (1 - build().draw_shown(20_000, draw())).sum(dim=1).numpy()
    n, mean, square = len(CHANNELS), 0.25, 0.25 / 3
    assert hidden.var() == pytest.approx(n * (mean - square) + n**2 * (square - mean**2), rel=0.05)


def test_what_is_hidden_has_no_part_in_what_is_restored():
    model = build()
    model.draw_weights(draw())
    x, shown = torch.from_numpy(windows(40)), model.draw_shown(40, draw(1))
    other = torch.where(shown.repeat_interleave(N_BANDS, dim=1) == 1, x, torch.full_like(x, 1e3))
    assert not torch.equal(other, x)
    with torch.no_grad():
        assert torch.equal(model.restore(x, shown), model.restore(other, shown))
        assert not torch.equal(model.restore(x, shown), model.restore(x + 1, shown))


def test_an_electrodes_bands_stand_in_its_cell():
    """With a U-Net that passes its input on, shown electrodes return what they have and hidden ones nothing."""
    model = build()
    model.generator = torch.nn.Identity()
    x, shown = torch.from_numpy(windows(5)), torch.ones(5, len(CHANNELS))
    shown[:, 3] = 0
    passed = model.restore(x, shown).unflatten(1, (len(CHANNELS), N_BANDS + 1))
    expected = x.unflatten(1, (len(CHANNELS), N_BANDS)).clone()
    expected[:, 3] = 0
    np.testing.assert_array_equal(passed[..., :N_BANDS], expected)
    np.testing.assert_array_equal(passed[..., N_BANDS], shown)


def test_a_restored_window_keeps_what_was_shown_and_tells_the_hidden_from_its_neighbours():
    model, x = trained(), torch.from_numpy(windows(400))
    shown = model.draw_shown(400, draw())
    with torch.no_grad():
        restored = model.restore(model.standardize(x), shown).numpy()
    seen = shown.repeat_interleave(N_BANDS, dim=1).numpy() == 1
    truth = model.standardize(x).numpy()
    assert np.corrcoef(restored[seen], truth[seen])[0, 1] > 0.9
    # Chance, a restoration of the average, has a correlation of 0.
    assert np.corrcoef(restored[~seen], truth[~seen])[0, 1] > 0.75


def test_another_mask_restores_another_window():
    model, x = trained(), trained().standardize(torch.from_numpy(windows(50)))
    with torch.no_grad():
        first, second = (model.restore(x, model.draw_shown(50, draw(seed))) for seed in (1, 2))
    assert (first - second).abs().flatten().quantile(0.5) > 0.01
