"""One signal of a whole recording, for steps that decide from all of it: filtered, joined, without bad stretches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from escgan.errors import RecordingError
from escgan.preprocessing.step import Signal, SignalFacts

if TYPE_CHECKING:
    import mne

# A pause that a recorder filled with one value: no channel changes by more than rounding (volts) for so long.
_SILENT_V = 1e-15
_SILENT_S = 0.5
# MNE filters 10 s long compare components with EOG; statistics over seconds need some of them.
_LEAST_S = 10.0


def joined(
    signal: Signal, *, low_hz: float | None = None, high_hz: float | None = None, drop: Sequence[str] = ()
) -> mne.io.BaseRaw:
    """Filter a copy of each segment on its own and join what is usable of them.

    Parameters
    ----------
    signal
        The recording; it is left as it is.
    low_hz, high_hz
        Edges of the filter; None leaves that side as it is.
    drop
        Channels to leave out.

    Returns
    -------
    raw
        Scalp and auxiliary channels in volts, in the signal's order; marks of bad channels are kept.
        Stretches annotated as ``BAD_`` and pauses, in which no scalp channel changes at all, are cut out; after
        the filter, which would ring at the cuts.

    Raises
    ------
    RecordingError
        Less than 10 s of it are usable.
    """
    import mne

    parts = []
    for segment in signal.segments:
        copy = segment.copy().drop_channels(list(drop))
        scalp = [channel for channel in signal.facts.channels if channel not in (*drop, *copy.info["bads"])]
        for start_s, duration_s in _pauses(copy.get_data(picks=scalp), copy.info["sfreq"]):
            copy.annotations.append(start_s, duration_s, "BAD_pause")
        if low_hz is not None or high_hz is not None:
            copy.filter(low_hz, high_hz, picks="all", n_jobs=1, verbose="error")
        parts.append(copy.get_data(reject_by_annotation="omit", verbose="error"))
        info = copy.info
    volts = np.concatenate(parts, axis=1)
    length_s = volts.shape[1] / info["sfreq"]
    if length_s < _LEAST_S:
        raise RecordingError(
            f"Only {length_s:.1f} s of {signal.facts.name} are usable, and less than {_LEAST_S:g} s decide nothing: "
            "leave the recording out or reject fewer stretches."
        )
    return mne.io.RawArray(volts, info, verbose="error")


def _pauses(volts: NDArray[np.float64], sfreq: float) -> list[tuple[float, float]]:
    """List where no channel changes, as (start, duration) in seconds."""
    still = np.all(np.abs(np.diff(volts, axis=1)) < _SILENT_V, axis=0)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], still.view(np.int8), [0]])))
    # A run of n differences that are zero spans n + 1 samples.
    runs = [(start / sfreq, (stop + 1 - start) / sfreq) for start, stop in edges.reshape(-1, 2)]
    return [(start_s, duration_s) for start_s, duration_s in runs if duration_s >= _SILENT_S]


def high_pass_edge(facts: SignalFacts, low_hz: float, step: str) -> float | None:
    """Say where the copy that a step decides from must be high-passed.

    Returns
    -------
    edge
        ``low_hz``, or None where the signal does not reach below it anyway.

    Raises
    ------
    RecordingError
        A segment is shorter than the filter, of which then only edge artefact would be left.
    """
    if facts.passband_hz[0] >= low_hz:
        return None
    if low_hz >= facts.passband_hz[1]:
        raise RecordingError(
            f"Step '{step}' decides from what lies above {low_hz:g} Hz, but the signal of {facts.name} ends at "
            f"{facts.passband_hz[1]:g} Hz: lower fit_low_hz."
        )
    # MNE's Hamming-windowed FIR: 3.3 periods of the transition, which is a quarter of the edge within 2 Hz and itself.
    length_s = 3.3 / min(max(low_hz / 4, 2.0), low_hz)
    if facts.shortest_s < length_s:
        raise RecordingError(
            f"Step '{step}' needs segments of at least {length_s:.1f} s, but one of {facts.name} lasts "
            f"{facts.shortest_s:.1f} s: remove the step or leave the recording out."
        )
    return low_hz
