"""A run of the store as a BIDS-derivatives dataset, which appears whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from escgan.errors import ConfigError
from escgan.exchange.bids_dataset import bids_names, reading_options, write_root
from escgan.exchange.bids_recording import write_recording
from escgan.exchange.feature_windows import FeatureWindows
from escgan.recording import Recording
from storage.disk import delete_tree, disk_errors_explained, flush_folder
from tasks.opened_run import OpenedRun


def export_bids(run: OpenedRun, out: Path) -> int:
    """Write a run's recordings and features as a dataset; returns how many recordings there are.

    Raises
    ------
    ConfigError
        The folder is there and holds something, the run did not come to its report, or has no recordings.
    StorageError
        The disk is full or closed.
    """
    corpus, recordings = run.config.dataset, run.recordings()
    names = bids_names(list(recordings), corpus.kind)
    with _whole_or_not(out) as folder:
        features = run.features()
        for name, own in names.items():
            recording = recordings[name]
            write_recording(folder, own, recording, _of(features, recording))
        reading = reading_options(recordings.values())
        write_root(folder, run.record.name, corpus, names, reading, features.measure)
    return len(names)


def _of(features: FeatureWindows, recording: Recording) -> FeatureWindows:
    """Return a recording's windows alone."""
    table = features.table
    own = ((table["subject"] == recording.subject) & (table["session"] == recording.session)).to_numpy()
    return replace(
        features,
        values=features.values[own],
        table=table[own].reset_index(drop=True),
        labels=None if features.labels is None else features.labels[own],
    )


@contextmanager
def _whole_or_not(out: Path) -> Iterator[Path]:
    """Give a folder beside ``out`` to write into, which becomes ``out`` when the block has ended well."""
    out = out.absolute()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"'{out}' is there already and not empty: give another folder with --out, or remove it.")
    draft = out.parent / f".{out.name}.{secrets.token_hex(4)}"
    with disk_errors_explained("export", out.parent):
        try:
            draft.mkdir(parents=True)
            yield draft
            for folder, _, _ in os.walk(draft):
                flush_folder(Path(folder))
            # An empty folder is replaced; one that was filled meanwhile is not.
            draft.rename(out)
        finally:
            delete_tree(draft)
