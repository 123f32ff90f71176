"""Electrode positions: the 10-05 system on MNE's template head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from escgan.errors import ConfigError, RecordingError
from escgan.montage import canonical_name
from escgan.recording import AuxiliaryKind

if TYPE_CHECKING:
    import mne

# The cerebellar sites of Neuroscan caps have no place in the 10-05 system; PO9 and PO10 are the nearest.
_NEAREST = {"CB1": "PO9", "CB2": "PO10"}
# Mastoids are no scalp EEG: of another type, averages and detectors of bad channels leave them out.
_TYPES = {"eog": "eog", "ecg": "ecg", "mastoid": "misc"}


def recording_info(
    channels: tuple[str, ...],
    auxiliary: Mapping[str, AuxiliaryKind],
    sfreq: float,
    name: str,
    *,
    unplaced: Literal["refuse", "allow"] = "refuse",
) -> mne.Info:
    """Describe scalp channels, with their template positions, and then auxiliary ones to MNE.

    Raises
    ------
    RecordingError
        A scalp channel has no position in the 10-05 system, and none is not allowed; ``name`` is the recording named in
        the message.
    """
    import mne

    places = _template().get_positions()["ch_pos"]
    unknown = [channel for channel in channels if _NEAREST.get(channel, channel) not in places]
    if unknown and unplaced == "refuse":
        raise RecordingError(
            f"{name} has channels without a place in the 10-05 system ({', '.join(unknown)}): "
            "rename them to 10-10 names or drop them."
        )
    types = ["eeg"] * len(channels) + [_TYPES[kind] for kind in auxiliary.values()]
    info = mne.create_info([*channels, *auxiliary], sfreq, types, verbose="error")
    chosen = {channel: places[_NEAREST.get(channel, channel)] for channel in channels if channel not in unknown}
    fiducials = {key: value for key, value in _template().get_positions().items() if key in ("nasion", "lpa", "rpa")}
    montage = mne.channels.make_dig_montage(chosen, **fiducials, coord_frame="mri")
    return info.set_montage(montage, on_missing="ignore", verbose="error")


def electrode_positions(channels: Sequence[str]) -> NDArray[np.float64]:
    """Return where scalp channels lie on the template head, ``(n_channels, 3)`` in metres.

    Raises
    ------
    ConfigError
        A channel has no position in the 10-05 system.
    """
    places = {name.upper(): place for name, place in _template().get_positions()["ch_pos"].items()}
    names = [_NEAREST.get(name.upper(), canonical_name(name)).upper() for name in channels]
    unknown = [channel for channel, name in zip(channels, names, strict=True) if name not in places]
    if unknown:
        raise ConfigError(
            f"There is no place in the 10-05 system for {', '.join(unknown)}: rename these channels to 10-10 names or "
            "drop them."
        )
    return np.array([places[name] for name in names], dtype=np.float64)


@lru_cache(maxsize=1)
def _template() -> mne.channels.DigMontage:
    import mne

    # MNE 1.13 renamed the montage (same positions) and warns about the old name.
    names = mne.channels.get_builtin_montages()
    name = "colin27_1005" if "colin27_1005" in names else "standard_1005"
    return mne.channels.make_standard_montage(name)
