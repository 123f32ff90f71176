"""A laboratory's small folder: three people, EDF files, and films that are calm or fear by trials.csv."""

from __future__ import annotations

import numpy as np

from tests.escgan.datasets.writers.edf import EdfSignal, edf_bytes

CHANNELS = ("Fp1", "Fp2", "Fz", "C3", "C4", "Pz", "O1", "O2")
SFREQ, TRIAL_S = 128, 6
ORDERS = {"1": range(8), "2": range(8), "3": range(8)}


def write_films(folder, orders=ORDERS, names=CHANNELS):
    """Write three people's four films each, calm or fear; fear is stronger at the back."""
    folder.mkdir()
    lines = ["file,subject,start_s,duration_s,condition"]
    for subject, order in orders.items():
        samples = np.random.default_rng(int(subject)).normal(0, 20, (len(CHANNELS), 5 * TRIAL_S * SFREQ))
        for trial, condition in enumerate(("calm", "fear", "calm", "calm", "fear")):
            lines.append(f"S{subject}.edf,{subject},{trial * TRIAL_S},{TRIAL_S},{condition}")
            samples[5:, trial * TRIAL_S * SFREQ : (trial + 1) * TRIAL_S * SFREQ] *= 1.5 if condition == "fear" else 1
        signals = [EdfSignal(names[i], samples[i], SFREQ) for i in order]
        (folder / f"S{subject}.edf").write_bytes(edf_bytes(signals))
    (folder / "trials.csv").write_text("\n".join(lines))
    return folder
