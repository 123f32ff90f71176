"""Electrode positions: the 10-05 system on MNE's template head."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from escgan.errors import RecordingError

if TYPE_CHECKING:
    import mne


def eeg_info(channels: tuple[str, ...], sfreq: float, name: str) -> mne.Info:
    """Describe EEG channels to MNE, with their template positions.

    Raises
    ------
    RecordingError
        A channel has no position in the 10-05 system; ``name`` is the recording named in the message.
    """
    import mne

    montage = _template()
    unknown = [channel for channel in channels if channel not in montage.ch_names]
    if unknown:
        raise RecordingError(
            f"{name} has channels without a place in the 10-05 system ({', '.join(unknown)}): "
            "rename them to 10-10 names or drop them."
        )
    info = mne.create_info(list(channels), sfreq, "eeg", verbose="error")
    return info.set_montage(montage, verbose="error")


@lru_cache(maxsize=1)
def _template() -> mne.channels.DigMontage:
    import mne

    # MNE 1.13 renamed the montage (same positions) and warns about the old name.
    names = mne.channels.get_builtin_montages()
    name = "colin27_1005" if "colin27_1005" in names else "standard_1005"
    return mne.channels.make_standard_montage(name)
