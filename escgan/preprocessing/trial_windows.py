"""Windows inside trials and baselines, for steps that judge a signal piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from escgan.preprocessing.step import Signal, SignalFacts

if TYPE_CHECKING:
    import mne


@dataclass(frozen=True)
class TrialWindow:
    """Samples ``start`` to ``stop`` of a segment; what is decided from them holds for those from ``fresh`` on."""

    segment: int
    start: int
    stop: int
    fresh: int


def cut_windows(facts: SignalFacts, n_times: int, lengths: Sequence[int] | None = None) -> list[TrialWindow]:
    """Cut each baseline and each trial into windows that follow each other.

    Parameters
    ----------
    facts
        Where the trials lie.
    n_times
        Length of a window in samples.
    lengths
        Samples of each segment, where they are known: spans are rounded and may exceed them by one.

    Returns
    -------
    windows
        In the order of the trials. No window crosses the border of a trial or its baseline. What is left at an
        end is decided by one more window that ends there and overlaps the one before; a baseline or trial
        shorter than a window has none.
    """
    windows = []
    for span in facts.spans:
        start = round(span.start_s * facts.sfreq)
        baseline = start - round(span.baseline_s * facts.sfreq)
        stop = start + round(span.duration_s * facts.sfreq)
        if lengths is not None:
            stop = min(stop, lengths[span.segment])
        for begin, end in ((max(baseline, 0), start), (start, stop)):
            fresh = begin
            for first in range(begin, end - n_times + 1, n_times):
                fresh = first + n_times
                windows.append(TrialWindow(span.segment, first, fresh, first))
            if begin < fresh < end:
                windows.append(TrialWindow(span.segment, end - n_times, end, fresh))
    return windows


def is_usable(window: TrialWindow, signal: Signal) -> bool:
    """Say whether no earlier step has marked a part of the window as unusable."""
    begin_s, end_s = window.start / signal.facts.sfreq, window.stop / signal.facts.sfreq
    return not any(
        note["description"].upper().startswith("BAD_")
        and note["onset"] < end_s
        and note["onset"] + note["duration"] > begin_s
        for note in signal.segments[window.segment].annotations
    )


def as_epochs(signal: Signal, windows: Sequence[TrialWindow]) -> mne.EpochsArray:
    """Return the windows' good scalp channels as MNE's ``Epochs``, in volts."""
    import mne

    info = signal.segments[0].info
    picks = mne.pick_types(info, eeg=True, exclude="bads")
    parts = [signal.segments[w.segment].get_data(picks=picks, start=w.start, stop=w.stop) for w in windows]
    return mne.EpochsArray(np.array(parts), mne.pick_info(info, picks), verbose="error")


def merged_stretches(windows: Sequence[TrialWindow]) -> list[tuple[int, int, int]]:
    """Join windows that follow each other: (segment, first sample, sample after the last)."""
    merged: list[tuple[int, int, int]] = []
    for window in windows:
        if merged and merged[-1][0] == window.segment and merged[-1][2] == window.fresh:
            merged[-1] = (window.segment, merged[-1][1], window.stop)
        else:
            merged.append((window.segment, window.fresh, window.stop))
    return merged
