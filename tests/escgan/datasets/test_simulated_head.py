import numpy as np

from escgan.datasets.deap import ELECTRODES
from escgan.datasets.simulated_head import SITES, compute_lead_field, lead_field


def test_the_kept_lead_field_is_mnes_to_what_its_iterations_leave_open():
    assert lead_field().shape == (len(ELECTRODES), len(SITES))
    np.testing.assert_allclose(lead_field(), compute_lead_field(), atol=0.02)


def test_each_source_is_strongest_on_its_own_side_with_strength_one():
    strongest = [ELECTRODES[place] for place in np.abs(lead_field()).argmax(axis=0)]
    for site, electrode in zip(SITES, strongest, strict=True):
        assert site.endswith("z") or int(site[-1]) % 2 == int(electrode[-1]) % 2, (site, electrode)
    np.testing.assert_array_equal(np.abs(lead_field()).max(axis=0), 1)
