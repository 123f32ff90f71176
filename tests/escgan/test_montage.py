import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import griddata

from escgan.errors import ConfigError
from escgan.montage import canonical_name, grid_cell, scalp_grid

EEGMAT = "Fp1 Fp2 F7 F3 Fz F4 F8 T7 C3 Cz C4 T8 P7 P3 Pz P4 P8 O1 O2".split()
DEAP = (
    "Fp1 AF3 F3 F7 FC5 FC1 C3 T7 CP5 CP1 P3 P7 PO3 O1 Oz Pz Fp2 AF4 Fz F4 F8 FC6 FC2 Cz C4 T8 CP6 CP2 P4 P8 PO4 O2"
).split()
SEED = (
    "FP1 FPZ FP2 AF3 AF4 F7 F5 F3 F1 FZ F2 F4 F6 F8 FT7 FC5 FC3 FC1 FCZ FC2 FC4 FC6 FT8 T7 C5 C3 C1 CZ C2 C4 C6 T8 "
    "TP7 CP5 CP3 CP1 CPZ CP2 CP4 CP6 TP8 P7 P5 P3 P1 PZ P2 P4 P6 P8 PO7 PO5 PO3 POZ PO4 PO6 PO8 CB1 O1 OZ O2 CB2"
).split()


@pytest.mark.parametrize("channels", [EEGMAT, DEAP, SEED], ids=["eegmat", "deap", "seed"])
def test_every_electrode_of_the_corpora_has_a_cell_of_its_own(channels):
    assert len({grid_cell(name) for name in channels}) == len(channels)


@pytest.mark.parametrize("channels", [EEGMAT, DEAP, SEED], ids=["eegmat", "deap", "seed"])
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_the_projection_equals_scipys_cubic_interpolation(channels, seed):
    values = np.random.default_rng(seed).standard_normal(len(channels))
    rows, columns = np.indices((9, 9))
    places = np.array([grid_cell(name) for name in channels], dtype=float)
    truth = griddata(places, values, (rows, columns), method="cubic", fill_value=0.0)
    ours = scalp_grid(channels).to_grid(values[None, :, None])[0, 0]
    np.testing.assert_allclose(ours, truth, atol=2e-5)


def test_projecting_and_reading_back_gives_the_channels_their_values():
    grid = scalp_grid(DEAP)
    de = np.random.default_rng(0).standard_normal((7, 32, 5)).astype(np.float32)
    np.testing.assert_array_equal(grid.to_channels(grid.to_grid(de)), de)


def test_outside_the_electrodes_hull_the_grid_is_zero():
    grid = scalp_grid(EEGMAT)
    image = grid.to_grid(np.ones((1, len(EEGMAT), 1)))[0, 0]
    assert (image[~grid.mask] == 0).all()
    np.testing.assert_allclose(image[grid.mask], 1, atol=1e-6)
    assert not grid.mask[0, 0] and grid.mask[4, 4]


def test_left_and_right_mirror_each_other():
    for left, right in [("F3", "F4"), ("T7", "T8"), ("PO7", "PO8"), ("O1", "O2"), ("FC5", "FC6")]:
        (row, column), (other_row, other_column) = grid_cell(left), grid_cell(right)
        assert (row, column) == (other_row, 8 - other_column)


def test_old_names_stand_for_the_new_ones():
    assert [canonical_name(n) for n in ("T3", "T4", "T5", "T6", "FP2", "poz")] == ["T7", "T8", "P7", "P8", "Fp2", "POz"]


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        (["Cz", "Pz", "EXG1"], "Channel 'EXG1' has no place"),
        (["Cz", "C3", "T3", "T7"], "Channels 'T3' and 'T7' share one cell"),
        (["Fz", "Cz", "Pz"], "do not span an area"),
        (["Cz"], "do not span an area"),
    ],
)
def test_montages_that_cannot_be_a_grid_are_refused_with_a_remedy(channels, said):
    with pytest.raises(ConfigError, match=said):
        scalp_grid(channels)
