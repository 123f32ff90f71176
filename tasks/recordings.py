"""Stage ``ingest``: raw files of one recording to preprocessed trials."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from escgan.datasets import DatasetConfig, SignalCorpus
from escgan.errors import ConfigError
from escgan.preprocessing import PreprocessingStep, preprocess
from escgan.recording import Recording, RecordingSource, Trial
from storage.hdf5 import read_arrays, read_attributes, write_arrays
from storage.store import Artifact
from storage.tables import read_table, write_table
from tasks.stage import StageRun, stage

_FIXED_COLUMNS = ("subject", "session", "trial", "stimulus", "condition", "start_s", "duration_s")


@stage("ingest", version=5)
def ingest(
    source: RecordingSource, dataset: DatasetConfig, preprocessing: tuple[PreprocessingStep, ...], *, run: StageRun
) -> None:
    """Read, preprocess and cut one recording."""
    if not isinstance(dataset, SignalCorpus):
        raise ConfigError(f"Corpus '{dataset.kind}' is distributed as features: there is no signal to ingest.")
    with run.part("read"):
        raw = dataset.read(source)
    run.progress(1, 2)
    with run.part("preprocess"):
        recording = preprocess(raw, preprocessing)
    with run.part("write"):
        write_recording(run.draft.file("recording.h5"), run.draft.file("trials.parquet"), recording)


def write_recording(arrays_path: Any, table_path: Any, recording: Recording) -> None:
    """Write a recording: one group a trial with ``eeg`` and, where there is one, ``baseline``."""
    arrays = {}
    rows = []
    for trial in recording.trials:
        group = f"trial-{trial.trial:04d}"
        arrays[f"{group}/eeg"] = trial.eeg
        if trial.baseline is not None:
            arrays[f"{group}/baseline"] = trial.baseline
        fixed = (
            recording.subject, recording.session, trial.trial, trial.stimulus, trial.condition, trial.start_s,
            trial.eeg.shape[1] / recording.sfreq,
        )  # fmt: skip
        rows.append(dict(zip(_FIXED_COLUMNS, fixed, strict=True)) | dict(sorted(trial.ratings.items())))
    attributes = {
        "subject": recording.subject,
        "session": recording.session,
        "channels": list(recording.channels),
        "sfreq_hz": recording.sfreq,
        "unit": "uV",
        "passband_hz": list(recording.passband_hz),
        "reference": recording.reference,
        "log": [dict(entry) for entry in recording.log],
        "quality": [dict(row) for row in recording.quality],
        "spectra": {name: list(values) for name, values in recording.spectra.items()},
        "rejected_s": {str(trial.trial): [list(part) for part in trial.rejected] for trial in recording.trials},
        "fingerprints": {str(trial.trial): trial.fingerprint for trial in recording.trials},
    }
    write_arrays(arrays_path, arrays, attributes)
    table = pd.DataFrame(rows)
    table["condition"] = table["condition"].astype("str")
    write_table(table_path, table)


def read_recording(artifact: Artifact) -> Recording:
    """Read a recording artifact back."""
    arrays = read_arrays(artifact.file("recording.h5"))
    facts = read_attributes(artifact.file("recording.h5"))
    table = read_table(artifact.file("trials.parquet"))
    ratings = [name for name in table.columns if name not in _FIXED_COLUMNS]
    trials = []
    for _, row in table.iterrows():
        group = f"trial-{row['trial']:04d}"
        trials.append(
            Trial(
                trial=int(row["trial"]),
                stimulus=str(row["stimulus"]),
                start_s=float(row["start_s"]),
                eeg=np.asarray(arrays[f"{group}/eeg"], dtype=np.float32),
                baseline=arrays.get(f"{group}/baseline"),
                ratings={name: float(row[name]) for name in ratings},
                condition=None if pd.isna(row["condition"]) else str(row["condition"]),
                rejected=tuple((start, stop) for start, stop in facts["rejected_s"][str(row["trial"])]),
                fingerprint=facts["fingerprints"][str(row["trial"])],
            )
        )
    return Recording(
        subject=facts["subject"],
        session=facts["session"],
        channels=tuple(facts["channels"]),
        sfreq=facts["sfreq_hz"],
        trials=tuple(trials),
        passband_hz=tuple(facts["passband_hz"]),
        reference=facts["reference"],
        log=tuple(facts["log"]),
        quality=tuple(facts["quality"]),
        spectra={name: tuple(values) for name, values in facts["spectra"].items()},
    )


def trial_fingerprints(artifact: Artifact) -> dict[int, str]:
    """Return the digest of each trial's samples as they were distributed."""
    fingerprints = read_attributes(artifact.file("recording.h5"))["fingerprints"]
    return {int(trial): fingerprint for trial, fingerprint in fingerprints.items()}
