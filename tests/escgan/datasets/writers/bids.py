"""A BIDS-EEG tree (specification 1.9): BrainVision files, two runs a subject, tables with a byte-order mark."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tests.escgan.datasets.writers.brainvision import write_brainvision
from tests.escgan.datasets.writers.truth import RecordingTruth, TrialTruth

SFREQ = 200
CHANNELS = ("Fp1", "Fp2", "C3", "C4", "Cz", "P3", "P4", "Oz")
# Name, type and unit as in channels.tsv.
OTHERS = (("LEFTEYE", "EOG", "µV"), ("M1", "MISC", "µV"), ("SKIN", "GSR", "S"))
RUN_S = 12
# Numbers that sort otherwise as text.
RUNS = ("2", "10")
# Onset, duration, trial_type, valence; what is no trial of the experiment has no trial_type.
EVENTS = (
    ("0.0", "n/a", "n/a", "n/a"),
    ("1.5", "4", "joy", "7"),
    ("6.0", "3.5", "fear", "n/a"),
    ("11.0", "4", "fear", "3"),  # the recording was stopped too early
    ("n/a", "4", "joy", "5"),  # the trigger was lost
)
MARK = "\ufeff"


def write_bids(folder: Path, n_subjects: int = 2, seed: int = 0) -> tuple[RecordingTruth, ...]:
    """Write subjects 01, 02, ... with task "films"."""
    rng = np.random.default_rng(seed)
    subjects = [f"{i + 1:02d}" for i in range(n_subjects)]
    (folder / "dataset_description.json").write_text(json.dumps({"Name": "films", "BIDSVersion": "1.9.0"}))
    groups = "".join(f"sub-{subject}\t{'patient' if i % 2 else 'control'}\n" for i, subject in enumerate(subjects))
    (folder / "participants.tsv").write_text(f"{MARK}participant_id\tgroup\n{groups}", encoding="utf-8")
    # What holds for all runs stands once, at the root.
    facts = {
        "TaskName": "films",
        "EEGReference": "FCz",
        "SamplingFrequency": SFREQ,
        "PowerLineFrequency": 50,
        "SoftwareFilters": "n/a",
        "HardwareFilters": {"Highpass RC filter": {"Half amplitude cutoff (Hz)": 0.1, "Roll-off": "6dB/Octave"}},
    }
    (folder / "task-films_eeg.json").write_text(json.dumps(facts))
    return tuple(_write_subject(folder, subject, rng) for subject in subjects)


def _write_subject(folder: Path, subject: str, rng: np.random.Generator) -> RecordingTruth:
    trials: list[TrialTruth] = []
    for run in RUNS:
        stem = folder / f"sub-{subject}" / "eeg" / f"sub-{subject}_task-films_run-{run}"
        samples = rng.normal(0, 20, (len(CHANNELS) + len(OTHERS), RUN_S * SFREQ)).astype(np.float32)
        names = [*CHANNELS, *(name for name, _, _ in OTHERS)]
        write_brainvision(Path(f"{stem}_eeg"), names, samples, SFREQ, [("Stimulus", "S  1", 300)])
        rows = [f"{name}\tEEG\tµV\t0.1\t70\tgood" for name in CHANNELS]
        rows += [f"{name}\t{kind}\t{unit}\tn/a\tn/a\tgood" for name, kind, unit in OTHERS]
        _table(Path(f"{stem}_channels.tsv"), "name\ttype\tunits\tlow_cutoff\thigh_cutoff\tstatus", rows)
        events = ["\t".join(event) for event in EVENTS]
        _table(Path(f"{stem}_events.tsv"), "onset\tduration\ttrial_type\tvalence", events)
        for onset, duration, condition, _ in EVENTS[1:3]:
            start = round(float(onset) * SFREQ)
            eeg = samples[: len(CHANNELS), start : start + round(float(duration) * SFREQ)]
            trials.append(TrialTruth(len(trials) + 1, condition, eeg, condition=condition))
    return RecordingTruth(subject, "1", CHANNELS, SFREQ, tuple(trials))


def _table(path: Path, header: str, rows: list[str]) -> None:
    path.write_text("\n".join([MARK + header, *rows]) + "\n", encoding="utf-8")
