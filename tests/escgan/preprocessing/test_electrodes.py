import numpy as np
import pytest

from escgan.errors import ConfigError
from escgan.preprocessing.electrodes import electrode_positions


def test_electrodes_lie_where_the_published_table_puts_them():
    found = electrode_positions(["Fp1", "Fz", "AF4"])
    expected = [[-0.0294367, 0.0839171, -0.00699], [0.0003122, 0.058512, 0.066462], [0.0357123, 0.0777259, 0.021956]]
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_capitals_old_names_and_cerebellar_sites_have_places():
    np.testing.assert_array_equal(
        electrode_positions(["FPZ", "t3", "T6", "CB1"]), electrode_positions(["Fpz", "T7", "P8", "PO9"])
    )


def test_places_are_symmetric_about_the_midline_to_a_few_millimetres():
    left, right = electrode_positions(["F3", "C3", "P3", "O1"]), electrode_positions(["F4", "C4", "P4", "O2"])
    np.testing.assert_allclose(left * [-1, 1, 1], right, atol=5e-3)


def test_every_channel_without_a_place_is_named():
    with pytest.raises(ConfigError, match="no place in the 10-05 system for EXG1, abc: rename"):
        electrode_positions(["Fz", "EXG1", "abc"])
