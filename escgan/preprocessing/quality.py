"""What a recording looks like in numbers: one row of quality a channel, and the spectrum before and after.

Everything is computed channel by channel: a recording may fill a gigabyte, and copies of it would not fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_HIGHEST_HZ = 60
_WINDOWS_AT_ONCE = 128

Stretches = Sequence[tuple[float, float]]
"""Unusable parts of a signal, as (start, stop) in seconds from its first sample."""


def usable_parts(eeg: NDArray[np.floating], sfreq: float, rejected: Stretches) -> list[NDArray[np.floating]]:
    """Return what lies between the rejected stretches, as views ``(n_channels, n)``; all of it if nothing does.

    >>> [part.shape[1] for part in usable_parts(np.zeros((1, 10)), 1.0, [(-1.0, 2.0), (5.0, 6.0)])]
    [3, 4]
    """
    usable = np.ones(eeg.shape[1], bool)
    for start_s, stop_s in rejected:
        usable[max(round(start_s * sfreq), 0) : max(round(stop_s * sfreq), 0)] = False
    edges = np.flatnonzero(np.diff(np.concatenate([[0], usable.view(np.int8), [0]])))
    return [eeg[:, start:stop] for start, stop in edges.reshape(-1, 2)] or [eeg]


def channel_quality(
    channels: Sequence[str],
    distributed: Sequence[Sequence[NDArray[np.floating]]],
    analysed: Sequence[NDArray[np.floating]],
) -> tuple[Mapping[str, float | str], ...]:
    """Measure each channel over all trials.

    Parameters
    ----------
    channels
        Names of the ``n_channels`` channels.
    distributed
        For each trial, its channels as distributed, each ``(n_times,)``. Flat and clipped samples are counted
        here, because filtering and re-referencing smear both beyond recognition.
    analysed
        The usable parts of the trials after preprocessing, each ``(n_channels, n_times)`` in microvolts, for
        the amplitudes that the analysis sees.

    Returns
    -------
    rows
        ``channel``, ``std_uv``, ``peak_to_peak_uv``, ``flat_share`` (consecutive equal samples) and
        ``clipped_share`` (samples at the channel's extreme values), one mapping a channel.
    """
    rows: list[Mapping[str, float | str]] = []
    for i, channel in enumerate(channels):
        before = [trial[i] for trial in distributed]
        after = np.concatenate([part[i] for part in analysed]).astype(np.float64)
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


def spectrum_hz(before_sfreq: float, after_sfreq: float) -> tuple[float, ...]:
    """Return the frequencies that both spectra have: steps of 1 Hz up to 60 Hz or the lower Nyquist frequency."""
    highest = min(_HIGHEST_HZ, int(min(before_sfreq, after_sfreq) / 2))
    return tuple(float(f) for f in range(highest + 1))


def segment_spectrum(
    channels: Iterable[NDArray[np.floating]], sfreq: float, n_frequencies: int, rejected: Stretches = ()
) -> NDArray[np.float64]:
    """Average the power spectral density of one segment over its channels.

    Parameters
    ----------
    channels
        One ``(n_times,)`` a channel, in microvolts.
    sfreq
        Their sampling rate in Hz.
    n_frequencies
        How many of the bins, one a hertz, to return.
    rejected
        Stretches to leave out.

    Returns
    -------
    density
        ``(n_frequencies,)`` in uV^2/Hz: Welch's average of Hann windows of one second that overlap by half.
    """
    n_window = round(sfreq)
    rows = []
    for values in channels:
        parts = [part[0] for part in usable_parts(values[None], sfreq, rejected)]
        # Parts shorter than a window say nothing of the low frequencies, unless there is nothing else.
        parts = [part for part in parts if len(part) >= n_window] or [values]
        weights = [max((2 * len(part)) // n_window - 1, 1) for part in parts]
        densities = [_welch(part, sfreq, n_window) for part in parts]
        rows.append(np.average(densities, axis=0, weights=weights)[:n_frequencies])
    return np.mean(rows, axis=0)


def _welch(values: NDArray[np.floating], sfreq: float, n_fft: int) -> NDArray[np.float64]:
    """Return ``scipy.signal.welch(values, sfreq, nperseg=min(n_fft, n_times), nfft=n_fft)``, a hundred windows at once.

    SciPy transforms one window after the other in Python, which took nine tenths of the ingest of a clean recording.
    """
    n = min(n_fft, len(values))
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)
    windows = np.lib.stride_tricks.sliding_window_view(values, n)[:: n - n // 2]
    power = np.zeros(n_fft // 2 + 1)
    for start in range(0, len(windows), _WINDOWS_AT_ONCE):
        block = windows[start : start + _WINDOWS_AT_ONCE].astype(np.float64)
        block -= block.mean(axis=1, keepdims=True)
        transform = np.fft.rfft(block * taper, n_fft, axis=1)
        power += (transform.real**2 + transform.imag**2).sum(axis=0)
    # One-sided: every frequency but zero and Nyquist's stands for its negative as well.
    power[1 : (n_fft + 1) // 2] *= 2
    return power / (len(windows) * sfreq * (taper**2).sum())


def mean_spectrum(densities: Sequence[NDArray[np.float64]]) -> tuple[float, ...]:
    """Average the segments' spectra."""
    return tuple(_six_digits(value) for value in np.mean(densities, axis=0))


def _six_digits(value: float | np.floating) -> float:
    # Sums of floats differ in the last digits between processors; six digits are the same everywhere.
    return float(f"{float(value):.6g}")
