"""A fold's training windows, normalised: in memory, or in a file where memory would be short."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from escgan.labels import LabelConfig
from escgan.normalization import Normalization, normalize_train
from escgan.windows import WindowSet, concatenate, in_order_of
from storage.hdf5 import create_mapped, map_array
from storage.store import Store
from tasks.sides import TrainingSide
from tasks.stage import UnitRun
from tasks.windows import load_training_windows, recording_windows, training_rows

LOG = logging.getLogger("escgan")

# Gathering, normalising and painting hold the windows' bytes about so often at the same time.
_COPIES = 8
# Of the memory that is free, the share that training windows may take.
_SHARE = 0.5


def training_windows(
    run: UnitRun,
    side: TrainingSide,
    labels: LabelConfig,
    normalization: Normalization,
    *,
    side_by_side: int | None = None,
) -> WindowSet:
    """Gather, label and normalise the training windows of a fold.

    Where as many folds as are at work ``side_by_side`` (by default, as there are cores) would take more than half of
    the free memory, the windows lie in an HDF5 file of the unit's workspace: ``de`` maps it, and rows are read when
    they are asked for. The values are the same bytes either way.

    Raises
    ------
    ConfigError
        As :func:`tasks.windows.load_training_windows`.
    """
    bytes_each = sum(run.store.open(ref).file("features.h5").stat().st_size for ref in side.features)
    needed = bytes_each * _COPIES * (side_by_side or os.cpu_count() or 1)
    if needed <= _SHARE * free_memory():
        return normalize_train(load_training_windows(run.store, side, labels), normalization)
    LOG.info("%s %s: its windows are read from a file, as memory would be short", run.stage, run.unit)
    path = run.workspace / "windows.h5"
    windows = _gather_in_file(run.store, side, labels, path)
    normalize_train(windows, normalization, out=windows.de)
    return windows.with_de(map_array(path, "de"))


def free_memory() -> int:
    """Return the bytes of memory that processes can still take."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        free = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return min(free, _left_to_the_group())


def _left_to_the_group() -> int:
    """Return the bytes that the control group leaves, as in a container or a job with a memory limit."""
    group = Path("/sys/fs/cgroup")
    try:
        limit = (group / "memory.max").read_text().strip()
        return 2**63 if limit == "max" else int(limit) - int((group / "memory.current").read_text())
    except (OSError, ValueError):
        return 2**63


def _gather_in_file(store: Store, side: TrainingSide, labels: LabelConfig, path: Path) -> WindowSet:
    """Do what :func:`tasks.windows.load_training_windows` does, holding one recording's values at a time."""
    parts, tables = [], []
    for ref in side.features:
        windows, table = recording_windows(store, ref)
        parts.append(replace(windows, de=windows.de[:0]))
        tables.append(table)
    joint = concatenate(parts)
    table = pd.concat(tables, ignore_index=True)
    assigned, kept = training_rows(table, side, labels)
    path.parent.mkdir(parents=True, exist_ok=True)
    de = create_mapped(path, "de", (len(kept), len(joint.channels), len(joint.bands)), "float32")
    stops = np.cumsum([len(own) for own in tables])
    filled = 0
    for ref, start, stop in zip(side.features, stops - [len(own) for own in tables], stops, strict=True):
        own = kept[(kept >= start) & (kept < stop)] - start
        de[filled : filled + len(own)] = in_order_of(parts[0], recording_windows(store, ref)[0]).de[own]
        filled += len(own)
    return replace(
        joint,
        de=de,
        labels=assigned,
        table=joint.table.iloc[kept].reset_index(drop=True),
        classes=labels.class_names,
    )
