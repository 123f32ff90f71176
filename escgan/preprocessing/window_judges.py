"""Which windows are bad: by thresholds that autoreject has learnt, and by the loss of the signal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from escgan.preprocessing.step import Signal
from escgan.preprocessing.trial_windows import TrialWindow, as_epochs

if TYPE_CHECKING:
    import mne

BLOCK = 256
"""Windows that are held in memory at a time."""

# Clean windows of a second stay above 0.4 of a channel's median; a lost contact or padding falls below 0.1.
_FAINT = 0.1


def faint_windows(signal: Signal, windows: Sequence[TrialWindow]) -> NDArray[np.bool_]:
    """Say in which windows a good channel's peak to peak is less than a tenth of its median: the signal is lost."""
    blocks = [windows[i : i + BLOCK] for i in range(0, len(windows), BLOCK)]
    peaks = np.concatenate([np.ptp(as_epochs(signal, block).get_data(copy=False), axis=2) for block in blocks])
    return (peaks <= _FAINT * np.median(peaks, axis=0)).any(axis=1)


@dataclass(frozen=True)
class Verdict:
    """Which windows of a block are bad, and the channels and samples that replace those of others."""

    bad: NDArray[np.bool_]
    repaired: Mapping[int, tuple[tuple[str, ...], NDArray[np.float64]]]


class LocalJudge:
    """A threshold a channel, and how many channels may exceed theirs: what autoreject's ``AutoReject`` has learnt."""

    def __init__(self, learner: Any) -> None:
        self._learner = learner

    def judge(self, epochs: mne.EpochsArray) -> Verdict:
        """Judge windows, in volts."""
        from autoreject import RejectLog

        log = self._learner.get_reject_log(epochs)
        mended = np.flatnonzero(~log.bad_epochs & (log.labels == 2).any(axis=1))
        repaired = {}
        if len(mended):
            # Told of no bad window, autoreject repairs without dropping and without a line on the terminal.
            labels = log.labels[mended]
            own = RejectLog(np.zeros(len(mended), bool), labels, log.ch_names)
            values = self._learner.transform(epochs[mended], reject_log=own).get_data(copy=False)
            for i, row in enumerate(mended):
                picks = np.flatnonzero(labels[i] == 2)
                repaired[int(row)] = (tuple(log.ch_names[pick] for pick in picks), values[i, picks])
        return Verdict(log.bad_epochs, repaired)

    def thresholds(self) -> list[float]:
        """Return the thresholds in volts."""
        return list(self._learner.threshes_.values())

    def chosen(self) -> dict[str, Any]:
        """Return what cross-validation chose, for the log."""
        n, share = self._learner.n_interpolate_["eeg"], self._learner.consensus_["eeg"]
        return {"n_interpolate": int(n), "consensus": round(float(share), 3)}

    def words(self) -> str:
        """Say in words what was learnt."""
        median = 1e6 * float(np.median(self.thresholds()))
        chosen = self.chosen()
        return (
            f"thresholds around {median:.0f} µV a channel, dropped from {100 * chosen['consensus']:.0f} % of the "
            f"channels on, at most {chosen['n_interpolate']} interpolated"
        )


class GlobalJudge:
    """One threshold in volts for all channels."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold

    def judge(self, epochs: mne.EpochsArray) -> Verdict:
        """Judge windows, in volts."""
        return Verdict(np.ptp(epochs.get_data(copy=False), axis=2).max(axis=1) > self._threshold, {})

    def thresholds(self) -> list[float]:
        """Return the thresholds in volts."""
        return [self._threshold]

    def chosen(self) -> dict[str, Any]:
        """Return what cross-validation chose, for the log."""
        return {}

    def words(self) -> str:
        """Say in words what was learnt."""
        return f"one threshold of {1e6 * self._threshold:.0f} µV"


Judge = LocalJudge | GlobalJudge
