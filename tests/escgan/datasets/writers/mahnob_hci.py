"""MAHNOB-HCI's folders of the emotion elicitation: a recording and an XML file a film."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tests.escgan.datasets.writers.bdf import bdf_bytes, electrode, trigger
from tests.escgan.datasets.writers.truth import RecordingTruth, TrialTruth

SFREQ = 256
LEAD_S = 30
# fmt: off
ELECTRODES = (
    "Fp1", "AF3", "F3", "F7", "FC5", "FC1", "C3", "T7", "CP5", "CP1", "P3", "P7", "PO3", "O1", "Oz", "Pz",
    "Fp2", "AF4", "Fz", "F4", "F8", "FC6", "FC2", "Cz", "C4", "T8", "CP6", "CP2", "P4", "P8", "PO4", "O2",
)
# fmt: on
OTHERS = (*(f"EXG{i}" for i in range(1, 9)), "GSR1", "GSR2", "Erg1", "Erg2", "Resp", "Temp")
# In the numerical order of the subjects, which is not that of the text.
SUBJECTS = (2, 10, 3, 30)
FILMS = ("69.avi", "earworm_f.avi", "138.avi", "55.avi")
EMOTIONS = {0: "neutral", 2: "disgust", 4: "joy", 11: "amusement", 12: "anxiety"}
FILM_S = 12.5
PULSE = 0x10C


def write_mahnob_hci(folder: Path, n_subjects: int = 2, seed: int = 0) -> tuple[RecordingTruth, ...]:
    """Write ``Sessions``: each subject rates two films, one film is not rated, and a neutral clip precedes each."""
    rng = np.random.default_rng(seed)
    truths = []
    for subject in sorted(SUBJECTS[:n_subjects]):
        trials = []
        # Folders are numbered through all subjects; as text, their order is not that of the trials.
        for trial, film in zip((1, 2, 10), rng.permutation(FILMS), strict=False):
            session = 130 * (subject - 1) + 2 * trial
            said = {name: int(rng.integers(1, 10)) for name in ("feltVlnc", "feltArsl", "feltCtrl", "feltPred")}
            said["feltEmo"] = int(rng.choice(list(EMOTIONS)))
            if trial == 2:
                said = {}
            write_session(folder / "Sessions" / str(session - 1), subject, trial, "N", str(film), {}, rng, 6.0)
            # A name in capitals here and there is the same film.
            name = str(film).upper() if trial == 10 else str(film)
            truth = write_session(folder / "Sessions" / str(session), subject, trial, "S", name, said, rng, FILM_S)
            trials += [truth] if said else []
        truths.append(RecordingTruth(str(subject), "1", ELECTRODES, float(SFREQ), tuple(trials)))
    return tuple(truths)


def write_session(
    folder: Path,
    subject: int,
    trial: int,
    kind: str,
    film: str,
    said: Mapping[str, int],
    rng: np.random.Generator,
    film_s: float,
    idle_s: tuple[int, int] = (0, 0),
) -> TrialTruth:
    """Write one folder; for ``idle_s`` seconds at either end of the recording the amplifier stands still."""
    folder.mkdir(parents=True)
    n_times = round(2 * LEAD_S + film_s + 0.5) * SFREQ
    start, stop = LEAD_S * SFREQ, LEAD_S * SFREQ + round(film_s * SFREQ)
    microvolts = {
        name: rng.uniform(-20_000, 20_000) + 20 * rng.standard_normal(n_times) for name in (*ELECTRODES, *OTHERS[:3])
    }
    live = slice(idle_s[0] * SFREQ, n_times - idle_s[1] * SFREQ)
    for samples in microvolts.values():
        samples[: live.start], samples[live.stop :] = 0.5, 0.5
    words = np.zeros(n_times, np.int64)
    words[start : start + 5] = words[stop : stop + 5] = PULSE
    still = np.zeros(n_times)
    signals = [electrode(name, microvolts.get(name, still)) for name in (*ELECTRODES, *OTHERS)]
    name = f"Part_{subject}_{kind}_Trial{trial}_emotion.bdf"
    (folder / name).write_bytes(bdf_bytes([*signals, trigger("Status", words)], SFREQ))
    answers = "".join(f' {key}="{value}"' for key, value in said.items())
    (folder / "session.xml").write_text(
        '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n'
        f'<session sessionId="{folder.name}" experimentType="emotion elicitation" isStim="{int(kind == "S")}" '
        f'cutNr="{2 * trial - (kind == "N")}" cutLenSec="{film_s:.6f}" mediaFile="{film}"{answers}>\n'
        f'  <subject id="{subject}" gender="female"/>\n'
        f'  <track type="Physiological" filename="{name}"/>\n'
        "</session>\n"
    )
    eeg = np.stack([microvolts[name] for name in ELECTRODES])
    return TrialTruth(
        trial=trial,
        stimulus=film.lower(),
        eeg=eeg[:, start:stop],
        baseline=eeg[:, max(0, live.start) : start],
        ratings={
            "valence": float(said.get("feltVlnc", np.nan)),
            "arousal": float(said.get("feltArsl", np.nan)),
            "dominance": float(said.get("feltCtrl", np.nan)),
            "predictability": float(said.get("feltPred", np.nan)),
        },
        condition=EMOTIONS.get(said.get("feltEmo", -1)),
    )
