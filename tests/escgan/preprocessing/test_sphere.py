"""The template head is one sphere for every montage."""

from __future__ import annotations

import numpy as np

from escgan.preprocessing.electrodes import recording_info
from escgan.preprocessing.sphere import head_sphere, rest_forward
from tests.escgan.preprocessing.scalp import CHANNELS


def test_the_sphere_is_of_a_head_s_size_and_the_electrodes_lie_near_it() -> None:
    origin, radius = head_sphere()
    assert 0.085 < radius < 0.105
    places = np.array([channel["loc"][:3] for channel in recording_info(CHANNELS, {}, 1.0, "x")["chs"]])
    distance = np.linalg.norm(places - origin, axis=1)
    np.testing.assert_allclose(distance, radius, rtol=0.15)


def test_a_channel_sees_the_same_sources_in_every_montage() -> None:
    wide, narrow = rest_forward(CHANNELS), rest_forward(("Fz", "Cz", "Pz"))
    assert narrow["sol"]["row_names"] == ["Fz", "Cz", "Pz"]
    rows = [CHANNELS.index(channel) for channel in ("Fz", "Cz", "Pz")]
    np.testing.assert_allclose(narrow["sol"]["data"], wide["sol"]["data"][rows], rtol=1e-6)


def test_the_forward_solution_is_computed_once_a_montage() -> None:
    assert rest_forward(CHANNELS) is rest_forward(tuple(CHANNELS))
