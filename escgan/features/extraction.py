"""From a recording's trials to features of windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escgan.bands import Band
from escgan.errors import RecordingError
from escgan.features.config import FeatureConfig
from escgan.features.measured import Features
from escgan.features.method import Method
from escgan.features.methods import METHODS
from escgan.recording import Recording, Trial

# Below this power (uV^2, uV^2/Hz) a band holds no signal, only rounding of the float32 samples.
_SMALLEST_POWER = 1e-9


@dataclass(frozen=True)
class _Grid:
    """Length of a window and distance from one to the next, in samples."""

    window: int
    step: int

    def starts(self, n_times: int) -> NDArray[np.int64]:
        """List where the windows of ``n_times`` samples begin."""
        return np.arange(0, n_times - self.window + 1, self.step, dtype=np.int64)


def extract_features(recording: Recording, config: FeatureConfig) -> Features:
    """Measure every window of every trial, apart from those that overlap a rejected stretch.

    A trial none of whose windows is left is left out, and so is one without a baseline window to subtract.

    Raises
    ------
    RecordingError
        If a band lies above the Nyquist frequency or outside the corpus' pass-band, a trial is shorter than
        one window, a baseline is asked for but absent, a channel holds no signal in a band or nothing finite, or no
        window is left.
    """
    for band in config.bands:
        _refuse_unmeasurable(band, recording, config)
    grid = _Grid(
        window=round(config.window_s * recording.sfreq),
        step=round((config.step_s or config.window_s) * recording.sfreq),
    )
    if grid.window < 2 or grid.step < 1:
        raise RecordingError(
            f"Windows of {config.window_s:g} s every {config.step_s or config.window_s:g} s are shorter than the "
            f"samples of {recording.name} at {recording.sfreq:g} Hz: give longer ones."
        )
    method = METHODS[config.method](
        bands=config.bands,
        sfreq=recording.sfreq,
        window=grid.window,
        filter_order=config.filter_order,
        recording=recording.name,
    )
    blocks, measured, n_dropped = [], [], 0
    for trial in recording.trials:
        _refuse_short(trial, recording, config, grid)
        windows, before = _kept(trial, recording.sfreq, grid, config.baseline == "subtract")
        n_dropped += len(grid.starts(trial.eeg.shape[1])) - len(windows)
        if len(windows):
            values = _measure(trial, recording, method, grid, windows, before)
            blocks.append(config.smoothing.apply(values, windows))
            measured.append((trial, windows))
    if not blocks:
        raise RecordingError(
            f"Every window of {recording.name} overlaps a stretch that preprocessing rejected: reject less or leave "
            "the recording out."
        )
    return Features(
        values=np.concatenate(blocks).astype(np.float32),
        table=_window_table(recording, measured, grid),
        channels=recording.channels,
        bands=tuple(band.name for band in config.bands),
        band_edges_hz=tuple((band.low_hz, band.high_hz) for band in config.bands),
        sfreq=recording.sfreq,
        measure=method.measure,
        unit=method.unit,
        definition=_definition(method, config),
        dropped_windows=n_dropped,
    )


def _definition(method: Method, config: FeatureConfig) -> str:
    parts = [method.definition]
    if config.baseline == "subtract":
        parts.append(f"mean baseline {method.measure.upper()} subtracted")
    if config.smoothing.definition:
        parts.append(f"smoothed by a {config.smoothing.definition}")
    return ", ".join(parts)


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


def _refuse_short(trial: Trial, recording: Recording, config: FeatureConfig, grid: _Grid) -> None:
    where = f"trial {trial.trial} of {recording.name}"
    if trial.eeg.shape[1] < grid.window:
        n = trial.eeg.shape[1]
        found = f"The {n} samples of {where} are" if n != 1 else f"The 1 sample of {where} is"
        raise RecordingError(
            f"{found} fewer than one window of {config.window_s:g} s: shorten the window or drop the trial."
        )
    if config.baseline == "subtract" and _n_baseline(trial) < grid.window:
        raise RecordingError(
            f"There is no baseline of at least one window ({config.window_s:g} s) before {where}: "
            "set features.baseline to none or shorten the window."
        )


def _n_baseline(trial: Trial) -> int:
    return 0 if trial.baseline is None else trial.baseline.shape[1]


def _kept(trial: Trial, sfreq: float, grid: _Grid, subtract: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List the windows of a trial, and of its baseline where that is subtracted, that nothing rejects."""
    n_baseline = _n_baseline(trial)
    windows = _clear(grid.starts(trial.eeg.shape[1]), trial, sfreq, grid)
    if not subtract:
        return windows, np.empty(0, np.int64)
    before = _clear(grid.starts(n_baseline) - n_baseline, trial, sfreq, grid)
    # Without a baseline left there is nothing to subtract: such a trial would be on another scale.
    return (windows if len(before) else before), before


def _clear(starts: NDArray[np.int64], trial: Trial, sfreq: float, grid: _Grid) -> NDArray[np.int64]:
    """List the windows, given by first samples counted from the trial's start, that no rejected stretch touches."""
    clear = np.ones(len(starts), dtype=bool)
    for start_s, stop_s in trial.rejected:
        # Times are rounded to microseconds: a stretch that ends where a window begins must not touch it.
        first, end = np.floor(start_s * sfreq + 1e-2), np.ceil(stop_s * sfreq - 1e-2)
        clear &= (starts + grid.window <= first) | (starts >= end)
    return np.flatnonzero(clear)


def _measure(
    trial: Trial,
    recording: Recording,
    method: Method,
    grid: _Grid,
    windows: NDArray[np.int64],
    before: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return a trial's values, ``(n_windows, n_channels, n_bands)`` float64, less those of its baseline's windows."""
    # The baseline runs straight into the trial: filtered together, neither has an edge where they meet.
    whole = trial.eeg if trial.baseline is None else np.concatenate([trial.baseline, trial.eeg], axis=1)
    starts = np.concatenate([before * grid.step, _n_baseline(trial) + windows * grid.step])
    power = method.power(whole, starts, f"trial {trial.trial} of {recording.name}")
    _refuse_unusable(power, recording, trial, method, [*(f"baseline window {i}" for i in before), *windows])
    values = method.value(power)
    n_before = len(before)
    return values[n_before:] - values[:n_before].mean(axis=0) if n_before else values


def _refuse_unusable(
    power: NDArray[np.float64], recording: Recording, trial: Trial, method: Method, names: list[str | int]
) -> None:
    unusable = ~((power > _SMALLEST_POWER) & np.isfinite(power))
    if unusable.any():
        row, channel, band = np.argwhere(unusable)[0]
        window = names[row] if isinstance(names[row], str) else f"window {names[row]}"
        silent = power[row, channel, band] <= _SMALLEST_POWER
        found = "holds no signal" if silent else "has no finite power"
        remedy = "drop or interpolate the channel" if silent else "check its samples, or lower features.filter_order"
        raise RecordingError(
            f"Channel '{recording.channels[channel]}' {found} in band {method.bands[band]} in {window} of "
            f"trial {trial.trial} of {recording.name}: {remedy}."
        )


def _window_table(
    recording: Recording, measured: Sequence[tuple[Trial, NDArray[np.int64]]], grid: _Grid
) -> pd.DataFrame:
    """Describe the windows of all trials; built at once, since a table a trial would take longer than the measuring."""
    counts = [len(windows) for _, windows in measured]
    trials = [trial for trial, _ in measured]
    windows = np.concatenate([windows for _, windows in measured])

    def repeated(values: Sequence[Any], dtype: str) -> pd.Series:
        return pd.Series(values, dtype=dtype).repeat(counts).reset_index(drop=True)

    table = pd.DataFrame(
        {
            "subject": repeated([recording.subject] * len(trials), "str"),
            "session": repeated([recording.session] * len(trials), "str"),
            "trial": np.repeat(np.array([trial.trial for trial in trials], np.int64), counts),
            "window": windows,
            "start_s": np.repeat([trial.start_s for trial in trials], counts) + windows * grid.step / recording.sfreq,
            "stimulus": repeated([trial.stimulus for trial in trials], "str"),
            "condition": repeated([trial.condition for trial in trials], "str"),
        }
    )
    for name in sorted({name for trial in trials for name in trial.ratings}):
        table[name] = np.repeat([np.float64(trial.ratings.get(name, np.nan)) for trial in trials], counts)
    return table
