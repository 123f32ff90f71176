import numpy as np
import pytest

from escgan.errors import ConfigError
from escgan.gan.layout import ChannelColumn, ColumnRows, layout_of
from escgan.montage import scalp_grid
from tests.conftest import CHANNELS

DE = np.random.default_rng(0).standard_normal((6, 4, 3)).astype(np.float32)


def test_a_column_holds_each_channels_bands_and_gives_them_back():
    column = ChannelColumn(4)
    laid = column.to_grid(DE)
    assert laid.shape == (6, 3, 4, 1) and laid.dtype == np.float32 and column.mask.shape == (4, 1)
    assert laid[2, 1, 3, 0] == DE[2, 3, 1]
    np.testing.assert_array_equal(column.to_channels(laid), DE)


def test_values_in_a_file_are_laid_out_when_they_are_asked_for(tmp_path):
    DE.tofile(tmp_path / "de.bin")
    rows = ChannelColumn(4).paint(np.memmap(tmp_path / "de.bin", np.float32, "r", shape=DE.shape))
    assert isinstance(rows, ColumnRows) and rows.shape == (6, 3, 4, 1)
    for some in (np.array([5, 0, 5]), slice(1, 3)):
        np.testing.assert_array_equal(rows[some], ChannelColumn(4).to_grid(DE)[some])
    assert isinstance(ChannelColumn(4).paint(DE), np.ndarray)


def test_only_networks_on_the_grid_need_electrodes_that_span_it():
    assert layout_of(CHANNELS, "grid") is scalp_grid(CHANNELS)
    assert layout_of(("EEG1", "EEG2"), "channels") == ChannelColumn(2)
    with pytest.raises(ConfigError, match="span"):
        layout_of(("Fz", "Cz", "Pz", "Oz"), "grid")
