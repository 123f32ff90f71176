"""A laboratory's own folder: two EDF files a subject, and a trials.csv as a German spreadsheet saves it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.escgan.datasets.writers.edf import EdfSignal, edf_bytes
from tests.escgan.datasets.writers.truth import RecordingTruth, TrialTruth

SFREQ = 200
CHANNELS = ("Fp1", "Fz", "C3", "C4", "T7", "Pz", "O1", "O2")
# As old amplifiers write them; the last two are an eye and a finger.
LABELS = ("EEG Fp1-REF", "EEG Fz-REF", "EEG C3-REF", "EEG C4-REF", "EEG T3-REF", "EEG Pz-REF", "EEG O1-REF",
          "EEG O2-REF", "EOG left", "GSR1")  # fmt: skip
# File, start, duration, baseline, condition, valence, arousal (None: not given).
TRIALS = (
    ("calm", 2.0, 4.0, 1.0, "calm", 7.5, 2.0),
    ("calm", 7.25, 3.0, 0.0, "calm", 6.0, None),
    ("fear", 0.0, 5.5, 0.0, "fear", 2.5, 8.0),
)
HEADER = "file;subject;session;start_s;duration_s;baseline_s;stimulus;condition;Valence;Arousal;notes"


def write_folder(folder: Path, n_subjects: int = 2, seed: int = 0) -> tuple[RecordingTruth, ...]:
    """Write subjects 2, 10, 18, ... in an order that is not theirs."""
    rng = np.random.default_rng(seed)
    subjects = [str(2 + 8 * i) for i in range(n_subjects)]
    lines: list[str] = []
    truths = []
    for subject in subjects:
        seconds = {"calm": 12, "fear": 8}
        samples = {name: rng.normal(0, 25, (len(LABELS), length * SFREQ)) for name, length in seconds.items()}
        for name, values in samples.items():
            path = folder / f"S{subject}" / f"{name}.edf"
            path.parent.mkdir(parents=True, exist_ok=True)
            signals = [EdfSignal(label, row, SFREQ) for label, row in zip(LABELS, values, strict=True)]
            path.write_bytes(edf_bytes(signals))
        rows, trials = [], []
        for number, (name, start, duration, baseline, condition, valence, arousal) in enumerate(TRIALS, start=1):
            cells = [f"S{subject}\\{name}.edf", subject, "1", start, duration, baseline, f"film {number}", condition]
            cells += [valence, "n/a" if arousal is None else arousal, "subject yawned, twice" if number == 1 else ""]
            rows.append(
                ";".join(str(cell).replace(".", ",") if isinstance(cell, float) else str(cell) for cell in cells)
            )
            first, begin = round((start - baseline) * SFREQ), round(start * SFREQ)
            eeg = samples[name][: len(CHANNELS)]
            trials.append(
                TrialTruth(
                    trial=number,
                    stimulus=f"film {number}",
                    eeg=eeg[:, begin : begin + round(duration * SFREQ)],
                    baseline=eeg[:, first:begin] if baseline else None,
                    ratings={"valence": valence, "arousal": float("nan") if arousal is None else arousal},
                    condition=condition,
                )
            )
        lines = [*rows, *lines]
        truths.append(RecordingTruth(subject, "1", CHANNELS, SFREQ, tuple(trials)))
    # Emptied columns and lines that the spreadsheet still writes.
    text = "\r\n".join([f"{HEADER};;", *(f"{line};;" for line in lines), ";" * 12])
    (folder / "trials.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    return tuple(truths)
