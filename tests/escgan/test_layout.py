import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escgan.layout import RowsOnGrid, RowsOnScalp, rows_layout
from escgan.montage import scalp_grid
from tests.conftest import CHANNELS, make_windows


@settings(max_examples=30, deadline=None)
@given(n_columns=st.integers(1, 250), n=st.integers(0, 3))
def test_columns_lie_in_their_order_on_as_many_grids_as_they_need(n_columns, n):
    layout = rows_layout(n_columns)
    rows = np.arange(1, n * n_columns + 1, dtype=np.float32).reshape(n, n_columns)
    grid = layout.to_grid(rows)
    assert grid.shape == (n, -(-n_columns // 81), 9, 9) and grid.dtype == np.float32
    np.testing.assert_array_equal(layout.to_rows(grid), rows)
    assert (grid[:, :, ~layout.mask] == 0).all() and np.count_nonzero(grid) == rows.size


def test_named_channels_lie_on_the_scalp_the_first_ones_bands_first():
    windows = make_windows(counts=(3, 2), n_bands=4)
    layout = rows_layout(len(CHANNELS) * 4, list(CHANNELS))
    assert layout == RowsOnScalp(CHANNELS, 4) and rows_layout(7) == RowsOnGrid(7)
    np.testing.assert_array_equal(layout.to_grid(windows.flat()), scalp_grid(CHANNELS).to_grid(windows.de))
    np.testing.assert_array_equal(layout.to_rows(layout.to_grid(windows.flat())), windows.flat())
    np.testing.assert_array_equal(layout.mask, scalp_grid(CHANNELS).mask)


@pytest.mark.parametrize(("n_columns", "channels"), [(10, ("Fp1", "Fp2", "Oz")), (2, ("Fp1", "Fp2", "Oz")), (4, ())])
def test_columns_that_are_no_channels_times_bands_are_refused(n_columns, channels):
    with pytest.raises(ValueError, match=f"{n_columns} columns cannot be {len(channels)} channels times some bands"):
        rows_layout(n_columns, channels)
