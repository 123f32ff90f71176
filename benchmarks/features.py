"""Features: a DEAP subject to DE on the scalp grid, against the definition in SciPy, TorchEEG, and the disk."""

from __future__ import annotations

import os
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from benchmarks.ratio import Ratio, in_turns
from escgan.bands import BAND_SETS
from escgan.features import FeatureConfig, extract_features
from escgan.montage import scalp_grid
from escgan.recording import Recording, Trial

CHANNELS = (
    "Fp1", "AF3", "F3", "F7", "FC5", "FC1", "C3", "T7", "CP5", "CP1", "P3", "P7", "PO3", "O1", "Oz", "Pz",
    "Fp2", "AF4", "Fz", "F4", "F8", "FC6", "FC2", "Cz", "C4", "T8", "CP6", "CP2", "P4", "P8", "PO4", "O2",
)  # fmt: skip
SFREQ, N_TRIALS, N_TIMES, BANDS = 128, 40, 63 * 128, "esc-gan"


def subject() -> NDArray[np.float64]:
    """Return what one DEAP file holds: ``(40, 32, 8064)`` microvolts, here pink noise."""
    rng = np.random.default_rng(0)
    walk = rng.normal(0, 2, (N_TRIALS, len(CHANNELS), N_TIMES)).cumsum(axis=-1)
    return walk - walk.mean(axis=-1, keepdims=True) + rng.normal(0, 8, walk.shape)


def ours(data: NDArray[np.float64], config: FeatureConfig) -> NDArray[np.float32]:
    """From the file's array to ``(n_windows, n_bands, 9, 9)``."""
    trials = tuple(Trial(i + 1, str(i + 1), 0.0, np.asarray(eeg, np.float32)) for i, eeg in enumerate(data))
    recording = Recording("01", "1", CHANNELS, float(SFREQ), trials, (0.0, SFREQ / 2), "average")
    return scalp_grid(CHANNELS).to_grid(extract_features(recording, config).values)


def by_scipy(data: NDArray[np.float64], config: FeatureConfig) -> NDArray[np.float64]:
    """Follow the definition: each band filtered forwards and backwards in float64, the variance of each second."""
    parts = []
    for band in config.bands:
        sos = butter(config.filter_order, (band.low_hz, band.high_hz), "bandpass", fs=SFREQ, output="sos")
        windows = sosfiltfilt(sos, data).reshape(*data.shape[:2], -1, SFREQ)
        parts.append(0.5 * np.log(2 * np.pi * np.e * windows.var(axis=-1)))
    return np.stack(parts, axis=-1).swapaxes(1, 2).reshape(-1, len(CHANNELS), len(config.bands))


def torcheeg_seconds_a_window(data: NDArray[np.float64], n_windows: int = 15) -> float | None:
    """Return what TorchEEG's transforms take a window, or None where TorchEEG is not installed."""
    if find_spec("torcheeg") is None:
        return None
    from torcheeg.datasets.constants import DEAP_CHANNEL_LOCATION_DICT
    from torcheeg.transforms import BandDifferentialEntropy, Compose, ToInterpolatedGrid

    bands = {band.name: [band.low_hz, band.high_hz] for band in BAND_SETS[BANDS]}
    transform = Compose(
        [BandDifferentialEntropy(sampling_rate=SFREQ, band_dict=bands), ToInterpolatedGrid(DEAP_CHANNEL_LOCATION_DICT)]
    )
    windows = [data[0, :, i * SFREQ : (i + 1) * SFREQ] for i in range(n_windows)]
    transform(eeg=windows[0])
    began = time.perf_counter()
    for window in windows:
        transform(eeg=window)
    return (time.perf_counter() - began) / n_windows


def ratios() -> list[Ratio]:
    """Measure on one thread."""
    from threadpoolctl import threadpool_limits

    data = subject()
    config = FeatureConfig(method="zero_phase", bands=BANDS, window_s=1.0, baseline="none")
    with threadpool_limits(1):
        took = in_turns({"ours": lambda: ours(data, config), "scipy": lambda: by_scipy(data, config)}, rounds=3)
        theirs = torcheeg_seconds_a_window(data)
        n_windows = N_TRIALS * N_TIMES // SFREQ
        exact = by_scipy(data, config)
        off = float(np.abs(scalp_grid(CHANNELS).to_channels(ours(data, config)) - exact).max())
        disk = _file_to_file(data, config)
    passes = data.size * 4 * (1 + len(config.bands)) / 1e9
    limit = f"{passes:.2f} GB of float32 through one transform and {len(config.bands)} inverse ones"
    return [
        Ratio(
            "features: against TorchEEG 1.1.3, one core",
            None if theirs is None else theirs * n_windows / took["ours"],
            300,
            True,
            "times",
            f"{n_windows} windows: {took['ours']:.2f} s"
            + ("; TorchEEG is not installed" if theirs is None else f", TorchEEG {theirs * 1e3:.1f} ms a window"),
            limit,
        ),
        Ratio("features: against SciPy band by band", took["scipy"] / took["ours"], 1, True, "times",
              f"{took['scipy']:.2f} s against {took['ours']:.2f} s", limit),
        Ratio("features: largest difference from SciPy in float64", off, 1e-4, False, "nats",
              f"{n_windows} windows, {len(CHANNELS)} channels, {len(config.bands)} bands"),
        disk,
    ]  # fmt: skip


def _file_to_file(data: NDArray[np.float64], config: FeatureConfig) -> Ratio:
    """Time the stage between its two artifacts against plain reading and writing of as many bytes."""
    from storage.store import Store
    from tasks.features import features
    from tasks.recordings import write_recording

    trials = tuple(Trial(i + 1, str(i + 1), 0.0, np.asarray(eeg, np.float32)) for i, eeg in enumerate(data))
    recording = Recording("01", "1", CHANNELS, float(SFREQ), trials, (0.0, SFREQ / 2), "average")
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store")
        with store.create("ingest", "0" * 16) as draft:
            write_recording(draft.file("recording.h5"), draft.file("trials.parquet"), recording)
        source = store.open(draft.ref).file("recording.h5")
        made, _ = features.execute(store, "sub-01", (draft.ref, config), mode="refresh")
        size = source.stat().st_size / 1e6
        n_out = store.open(made).file("features.h5").stat().st_size

        def stage() -> None:
            features.execute(store, "sub-01", (draft.ref, config), mode="refresh")

        def copy() -> None:
            source.read_bytes()
            with (Path(folder) / "out").open("wb") as file:
                file.write(bytes(n_out))
                file.flush()
                os.fsync(file.fileno())

        took = in_turns({"stage": stage, "copy": copy}, rounds=3)
    return Ratio(
        "features: file to file against reading and writing the bytes",
        took["stage"] / took["copy"],
        2,
        False,
        "times",
        f"{took['stage']:.2f} s against {took['copy']:.3f} s for {size:.0f} MB in and {n_out / 1e6:.1f} MB out",
        "arithmetic, not the disk: see the transform above",
    )
