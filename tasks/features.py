"""Stage ``features``: trials of one recording to DE in windows."""

from __future__ import annotations

from escgan.features import FeatureConfig, extract_features
from storage.hdf5 import write_arrays
from storage.manifest import ArtifactRef
from storage.tables import write_table
from tasks.recordings import read_recording
from tasks.stage import StageRun, stage


@stage("features", version=1)
def features(recording: ArtifactRef, config: FeatureConfig, *, run: StageRun) -> None:
    """Measure DE of one recording."""
    measured = extract_features(read_recording(run.store.open(recording)), config)
    write_arrays(
        run.draft.file("features.h5"),
        {"de": measured.de},
        {
            "channels": list(measured.channels),
            "bands": list(measured.bands),
            "band_edges_hz": [[band.low_hz, band.high_hz] for band in config.bands],
            "sfreq_hz": measured.sfreq,
            "unit": "nats",
            "definition": (
                "0.5 ln(2 pi e variance) of each window; Butterworth band-pass of order "
                f"{config.filter_order}, zero-phase over the whole trial"
                + (", mean baseline DE subtracted" if config.baseline == "subtract" else "")
            ),
        },
        chunk_rows=256,
    )
    write_table(run.draft.file("windows.parquet"), measured.table)
