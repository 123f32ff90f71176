"""Stage ``features``: one recording's features in windows, measured from its trials or read as distributed."""

from __future__ import annotations

import hashlib

from escgan.datasets import DatasetConfig, FeatureCorpus
from escgan.errors import ConfigError
from escgan.features import FeatureConfig, Features, extract_features
from escgan.recording import RecordingSource
from storage.draft import Draft
from storage.hdf5 import read_array, read_attributes, write_arrays
from storage.manifest import ArtifactRef
from storage.store import Artifact
from storage.tables import read_table, write_table
from tasks.recordings import read_recording
from tasks.stage import StageRun, stage


@stage("features", version=5)
def features(recording: ArtifactRef, config: FeatureConfig, *, run: StageRun) -> None:
    """Measure one recording."""
    with run.part("read"):
        signals = read_recording(run.store.open(recording))
    with run.part("measure"):
        measured = extract_features(signals, config)
    with run.part("write"):
        _write(measured, run.draft)


@stage("features", version=5)
def distributed_features(source: RecordingSource, dataset: DatasetConfig, *, run: StageRun) -> None:
    """Read the features that a corpus' owners measured."""
    if not isinstance(dataset, FeatureCorpus):
        raise ConfigError(f"Corpus '{dataset.kind}' holds signals, not features: ingest it first.")
    with run.part("read"):
        measured = dataset.read_features(source)
    with run.part("write"):
        _write(measured, run.draft)


def _write(measured: Features, draft: Draft) -> None:
    write_arrays(
        draft.file("features.h5"),
        {measured.measure: measured.values},
        {
            "measure": measured.measure,
            "channels": list(measured.channels),
            "bands": list(measured.bands),
            "band_edges_hz": [list(edges) for edges in measured.band_edges_hz],
            "sfreq_hz": measured.sfreq,
            "unit": measured.unit,
            "definition": measured.definition,
            "dropped_windows": measured.dropped_windows,
        },
        chunk_rows=256,
    )
    write_table(draft.file("windows.parquet"), measured.table)


def feature_fingerprints(artifact: Artifact) -> dict[int, str]:
    """Return a digest of each trial's values, for corpora whose signals nobody has."""
    path = artifact.file("features.h5")
    values = read_array(path, read_attributes(path)["measure"])
    trials = read_table(artifact.file("windows.parquet"), columns=["trial"])["trial"].to_numpy()
    return {
        int(trial): hashlib.blake2b(values[trials == trial].tobytes(), digest_size=16).hexdigest()
        for trial in dict.fromkeys(trials)
    }
