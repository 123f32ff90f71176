"""Differential entropy of band-limited EEG.

For a Gaussian signal of variance sigma^2 the differential entropy is ``h = 0.5 ln(2 pi e sigma^2)`` nats
(Shi, Jiao, Lu 2013; Duan, Zhu, Lu 2013). Each band is filtered zero-phase over the *whole* trial and then cut
into windows: filtering inside a one-second window leaves a transient that drowns the slow bands.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escgan.bands import Band
from escgan.errors import RecordingError
from escgan.features.config import FeatureConfig
from escgan.features.measured import Features
from escgan.recording import Recording, Trial

# Below this variance (uV^2) a band holds no signal, only rounding of the float32 samples.
_SMALLEST_VARIANCE = 1e-9


def differential_entropy(variance: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return ``0.5 ln(2 pi e variance)`` in nats, for variances in uV^2.

    >>> round(float(differential_entropy(np.array(1.0))), 6)
    1.418939
    """
    return 0.5 * np.log(2 * np.pi * np.e * variance)


def extract_features(recording: Recording, config: FeatureConfig) -> Features:
    """Measure DE in every window of every trial.

    Raises
    ------
    RecordingError
        If a band lies above the Nyquist frequency or outside the corpus' pass-band, a trial is shorter than
        one window, a baseline is asked for but absent, or a channel holds no signal in a band.
    """
    for band in config.bands:
        _refuse_unmeasurable(band, recording, config)
    window = round(config.window_s * recording.sfreq)
    step = round((config.step_s or config.window_s) * recording.sfreq)
    if window < 2 or step < 1:
        raise RecordingError(
            f"Windows of {config.window_s:g} s every {config.step_s or config.window_s:g} s are shorter than the "
            f"samples of {recording.name} at {recording.sfreq:g} Hz: give longer ones."
        )
    filters = [_bandpass(band, recording.sfreq, config.filter_order) for band in config.bands]
    blocks, tables = [], []
    for trial in recording.trials:
        de = _trial_de(recording, trial, filters, config, window, step)
        blocks.append(de)
        tables.append(_trial_table(recording, trial, len(de), step))
    return Features(
        values=np.concatenate(blocks).astype(np.float32),
        table=pd.concat(tables, ignore_index=True),
        channels=recording.channels,
        bands=tuple(band.name for band in config.bands),
        band_edges_hz=tuple((band.low_hz, band.high_hz) for band in config.bands),
        sfreq=recording.sfreq,
        measure="de",
        unit="nats",
        definition=(
            "0.5 ln(2 pi e variance) of each window; Butterworth band-pass of order "
            f"{config.filter_order}, zero-phase over the whole trial"
            + (", mean baseline DE subtracted" if config.baseline == "subtract" else "")
        ),
    )


def _refuse_unmeasurable(band: Band, recording: Recording, config: FeatureConfig) -> None:
    if band.high_hz >= recording.sfreq / 2:
        raise RecordingError(
            f"Band {band} needs a sampling rate above {2 * band.high_hz:g} Hz, got {recording.sfreq:g} "
            f"in {recording.name}: resample or lower its upper edge."
        )
    low, high = recording.passband_hz
    if not config.allow_outside_passband and (band.low_hz < low or band.high_hz > high):
        raise RecordingError(
            f"Band {band} reaches outside the {low:g}-{high:g} Hz that the files of {recording.name} still hold: "
            "there is nothing to measure there; choose other bands or set allow_outside_passband."
        )


def _bandpass(band: Band, sfreq: float, order: int) -> NDArray[np.float64]:
    from scipy.signal import butter

    return butter(order, (band.low_hz, band.high_hz), btype="bandpass", fs=sfreq, output="sos")


def _trial_de(
    recording: Recording,
    trial: Trial,
    filters: list[NDArray[np.float64]],
    config: FeatureConfig,
    window: int,
    step: int,
) -> NDArray[np.float64]:
    """Return a trial's DE, ``(n_windows, n_channels, n_bands)`` float64 nats."""
    from scipy.signal import sosfiltfilt

    where = f"trial {trial.trial} of {recording.name}"
    # The baseline runs straight into the trial: filtered together, neither has an edge where they meet.
    n_baseline = 0 if trial.baseline is None else trial.baseline.shape[1]
    whole = trial.eeg if trial.baseline is None else np.concatenate([trial.baseline, trial.eeg], axis=1)
    if trial.eeg.shape[1] < window:
        raise RecordingError(
            f"The {trial.eeg.shape[1]} samples of {where} are fewer than one window of {config.window_s:g} s: "
            "shorten the window or drop the trial."
        )
    if config.baseline == "subtract" and n_baseline < window:
        raise RecordingError(
            f"There is no baseline of at least one window ({config.window_s:g} s) before {where}: "
            "set features.baseline to none or shorten the window."
        )
    whole = whole.astype(np.float64)
    bands = []
    for sos, band in zip(filters, config.bands, strict=True):
        try:
            filtered = sosfiltfilt(sos, whole, axis=-1)
        except ValueError as cause:
            raise RecordingError(
                f"The samples of {where} are too few to filter for band {band}: drop the trial."
            ) from cause
        variance = _window_variance(filtered[:, n_baseline:], window, step)
        _refuse_silent(variance, recording, trial, band)
        entropy = differential_entropy(variance)
        if config.baseline == "subtract":
            before = _window_variance(filtered[:, :n_baseline], window, step)
            _refuse_silent(before, recording, trial, band)
            entropy = entropy - differential_entropy(before).mean(axis=0)
        bands.append(entropy)
    return np.stack(bands, axis=-1)


def _window_variance(signal: NDArray[np.float64], window: int, step: int) -> NDArray[np.float64]:
    """Return the variance in each window, ``(n_windows, n_channels)``, of ``(n_channels, n_times)``."""
    windows = np.lib.stride_tricks.sliding_window_view(signal, window, axis=-1)[:, ::step]
    return windows.var(axis=-1).T


def _refuse_silent(variance: NDArray[np.float64], recording: Recording, trial: Trial, band: Band) -> None:
    silent = ~(variance > _SMALLEST_VARIANCE)
    if silent.any():
        window, channel = np.argwhere(silent)[0]
        raise RecordingError(
            f"Channel '{recording.channels[channel]}' holds no signal in band {band} in window {window} of trial "
            f"{trial.trial} of {recording.name}: drop or interpolate the channel."
        )


def _trial_table(recording: Recording, trial: Trial, n_windows: int, step: int) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "subject": recording.subject,
            "session": recording.session,
            "trial": np.int64(trial.trial),
            "window": np.arange(n_windows, dtype=np.int64),
            "start_s": trial.start_s + np.arange(n_windows) * step / recording.sfreq,
            "stimulus": trial.stimulus,
            "condition": pd.Series([trial.condition] * n_windows, dtype="str"),
        }
    )
    for name, rating in sorted(trial.ratings.items()):
        table[name] = np.float64(rating)
    return table.astype({"subject": "str", "session": "str", "stimulus": "str"})
