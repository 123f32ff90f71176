"""The template head as a sphere: where splines are centred, and how sources would be seen from infinity.

The sphere is fitted once to all the template's 10-10 places, and not to a recording's own electrodes as MNE
does: few electrodes, or electrodes along one line, would give a sphere that is no head.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from escgan.preprocessing.electrodes import recording_info

if TYPE_CHECKING:
    import mne

# A cap of 10-10 places spread evenly over the head.
_PLACES = tuple(
    "Fp1 Fpz Fp2 AF7 AF3 AFz AF4 AF8 F7 F5 F3 F1 Fz F2 F4 F6 F8 FT7 FC5 FC3 FC1 FCz FC2 FC4 FC6 FT8 T7 C5 C3 C1 Cz C2 "
    "C4 C6 T8 TP7 CP5 CP3 CP1 CPz CP2 CP4 CP6 TP8 P7 P5 P3 P1 Pz P2 P4 P6 P8 PO7 PO3 POz PO4 PO8 O1 Oz O2".split()
)
# Dipoles fill the inner skull on a grid of 15 mm, but for the 30 mm around its centre, which EEG hardly sees.
_GRID_MM = 15.0
_HOLLOW_MM = 30.0


@lru_cache(maxsize=1)
def head_sphere() -> tuple[NDArray[np.float64], float]:
    """Fit a sphere to the template's places.

    Returns
    -------
    origin, radius
        ``(3,)`` in metres in head coordinates, and metres.
    """
    from mne.bem import fit_sphere_to_headshape

    info = recording_info(_PLACES, {}, 1.0, "the template")
    radius, origin, _ = fit_sphere_to_headshape(info, dig_kinds=("eeg",), units="m", verbose="error")
    return np.asarray(origin), float(radius)


@lru_cache(maxsize=8)
def rest_forward(channels: tuple[str, ...]) -> mne.Forward:
    """Compute what sources in a three-shell spherical head give at the channels, against infinity.

    Parameters
    ----------
    channels
        10-10 names.

    Returns
    -------
    forward
        MNE's forward solution for dipoles on a grid through the whole brain; about 0.1 s a montage, kept.
    """
    import mne

    origin, radius = head_sphere()
    info = recording_info(channels, {}, 1.0, "the montage")
    sphere = mne.make_sphere_model(origin, radius, info, verbose="error")
    sources = mne.setup_volume_source_space(sphere=sphere, pos=_GRID_MM, exclude=_HOLLOW_MM, verbose="error")
    return mne.make_forward_solution(info, trans=None, src=sources, bem=sphere, meg=False, verbose="error")
