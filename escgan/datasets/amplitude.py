"""Whether a corpus' samples can be microvolts at all."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from escgan.errors import RecordingError

# Scalp EEG deviates by some tens of microvolts. The bounds leave two decades on either side: they catch a wrong
# unit or a file read with the wrong number type, and no merely bad recording.
LOWEST_UV, HIGHEST_UV = 0.1, 5000.0


def typical_deviation(signals: Iterable[NDArray[np.floating]]) -> float:
    """Return the median over channels and signals of the standard deviation over time.

    Parameters
    ----------
    signals
        Arrays whose last axis is time, such as ``(n_channels, n_times)``.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # beyond all measure is infinite, or NaN, and implausible
        return float(np.median(np.concatenate([np.ravel(signal.std(axis=-1)) for signal in signals])))


def refuse_implausible(signals: Iterable[NDArray[np.floating]], where: str) -> None:
    """Raise RecordingError where the samples cannot be EEG in microvolts; ``where`` begins the message."""
    deviation = typical_deviation(signals)
    if not LOWEST_UV <= deviation <= HIGHEST_UV:
        raise RecordingError(
            f"{where} holds samples with a typical standard deviation of {deviation:.3g}, so they are no EEG in "
            "microvolts: check their unit or get the file again from the corpus."
        )
