"""What a recording looks like in numbers: one row of quality a channel, and the spectrum before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_HIGHEST_HZ = 60


def channel_quality(
    channels: Sequence[str],
    raw_trials: Sequence[NDArray[np.floating]],
    trials: Sequence[NDArray[np.floating]],
) -> tuple[Mapping[str, float | str], ...]:
    """Measure each channel over all trials.

    Parameters
    ----------
    channels
        Names of the ``n_channels`` rows of every trial.
    raw_trials
        Trials as distributed, each ``(n_channels, n_times)`` in microvolts. Flat and clipped samples are
        counted here, because filtering and re-referencing smear both beyond recognition.
    trials
        The same trials after preprocessing, for the amplitudes that the analysis sees.

    Returns
    -------
    rows
        ``channel``, ``std_uv``, ``peak_to_peak_uv``, ``flat_share`` (consecutive equal samples) and
        ``clipped_share`` (samples at the channel's extreme values), one mapping a channel.
    """
    rows: list[Mapping[str, float | str]] = []
    for i, channel in enumerate(channels):
        before = [trial[i] for trial in raw_trials]
        after = np.concatenate([trial[i] for trial in trials]).astype(np.float64)
        steps = sum(len(values) - 1 for values in before)
        flat = sum(int(np.count_nonzero(np.diff(values) == 0)) for values in before)
        everything = np.concatenate(before)
        extreme = (everything == everything.min()) | (everything == everything.max())
        rows.append(
            {
                "channel": channel,
                "std_uv": _six_digits(after.std()),
                "peak_to_peak_uv": _six_digits(after.max() - after.min()),
                "flat_share": _six_digits(flat / max(steps, 1)),
                "clipped_share": _six_digits(extreme.mean()),
            }
        )
    return tuple(rows)


def mean_spectra(
    before: Sequence[NDArray[np.floating]],
    before_sfreq: float,
    after: Sequence[NDArray[np.floating]],
    after_sfreq: float,
) -> Mapping[str, tuple[float, ...]]:
    """Average the power spectral density over channels and segments, before and after preprocessing.

    Parameters
    ----------
    before, after
        Segments ``(n_channels, n_times)`` in microvolts.
    before_sfreq, after_sfreq
        Their sampling rates in Hz.

    Returns
    -------
    spectra
        ``frequency_hz`` in steps of 1 Hz up to 60 Hz or the lower Nyquist frequency, and ``before`` and
        ``after`` in uV^2/Hz.
    """
    highest = min(_HIGHEST_HZ, int(min(before_sfreq, after_sfreq) / 2))
    n_frequencies = highest + 1
    return {
        "frequency_hz": tuple(float(f) for f in range(n_frequencies)),
        "before": _mean_psd(before, before_sfreq, n_frequencies),
        "after": _mean_psd(after, after_sfreq, n_frequencies),
    }


def _mean_psd(segments: Sequence[NDArray[np.floating]], sfreq: float, n_frequencies: int) -> tuple[float, ...]:
    from scipy.signal import welch

    # Windows of one second give one bin a hertz.
    n_window = round(sfreq)
    total = np.zeros(n_frequencies)
    for eeg in segments:
        _, density = welch(eeg.astype(np.float64), fs=sfreq, nperseg=min(n_window, eeg.shape[1]), nfft=n_window)
        total += density[:, :n_frequencies].mean(axis=0)
    return tuple(_six_digits(value) for value in total / len(segments))


def _six_digits(value: float | np.floating) -> float:
    # Sums of floats differ in the last digits between processors; six digits are the same everywhere.
    return float(f"{float(value):.6g}")
