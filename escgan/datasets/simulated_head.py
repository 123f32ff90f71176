"""What DEAP's 32 electrodes see of the simulated corpus' sources in a spherical head.

MNE fits the sphere and the dipoles that stand for its shells by iteration, which ends a little elsewhere on each
kind of processor. ``lead_field.csv`` keeps the result to four decimals, so that a cohort is the same everywhere.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from escgan.datasets.deap import ELECTRODES, SFREQ_HZ
from escgan.preprocessing.electrodes import recording_info

# Each source is a radial dipole under one electrode site, at cortical depth: this share of the head's radius.
SITES = ("AF3", "AF4", "F3", "F4", "Fz", "Cz", "T7", "T8", "P3", "P4", "O1", "O2")
_CORTEX = 0.78


@lru_cache(maxsize=1)
def lead_field() -> NDArray[np.float64]:
    """Return what each electrode sees of each source, ``(32, n_sources)``, as :func:`compute_lead_field` found it."""
    lines = (files("escgan") / "datasets" / "lead_field.csv").read_text(encoding="utf-8").splitlines()
    field = np.array([line.split(",")[1:] for line in lines[1:]], np.float64)
    field.flags.writeable = False
    return field


def source_positions() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return positions in metres (head coordinates) and unit orientations, each ``(n_sources, 3)``."""
    info = recording_info(ELECTRODES, {}, SFREQ_HZ, "The simulated cohort")
    center, radius = _head()
    places = {name: channel["loc"][:3] for name, channel in zip(info["ch_names"], info["chs"], strict=True)}
    directions = np.array([places[site] - center for site in SITES])
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return center + _CORTEX * radius * directions, directions


@lru_cache(maxsize=1)
def _head() -> tuple[NDArray[np.float64], float]:
    """Fit the head sphere to the electrodes: centre in metres, radius of the scalp in metres."""
    import mne

    info = recording_info(ELECTRODES, {}, SFREQ_HZ, "The simulated cohort")
    sphere = mne.make_sphere_model("auto", "auto", info, verbose="error")
    return np.array(sphere["r0"]), float(sphere.radius)


def compute_lead_field() -> NDArray[np.float64]:
    """Return what each electrode sees of each source, ``(32, n_sources)``.

    Each source is scaled to the same strength at its best electrode: gains then compare between shallow and
    deep, radial and tilted.
    """
    import mne

    info = recording_info(ELECTRODES, {}, SFREQ_HZ, "The simulated cohort")
    center, radius = _head()
    sphere = mne.make_sphere_model(tuple(center), radius, verbose="error")
    positions, orientations = source_positions()
    n_sources = len(positions)
    ones = np.ones(n_sources)
    dipoles = mne.Dipole(np.arange(n_sources) * 1.0, positions, ones, orientations, ones, verbose="error")
    forward, _ = mne.make_forward_dipole(dipoles, sphere, info, verbose="error")
    # With a time of its own for every dipole, the columns are the dipoles in order.
    field = np.array(forward["sol"]["data"], np.float64)
    return field / np.abs(field).max(axis=0)
