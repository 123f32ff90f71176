"""SEED's raw recordings in their owners' layout: ``SEED_RAW_EEG/{subject}_{session}.cnt`` and ``time.txt``.

The films are shortened to five seconds and follow one another after a second; the recordings end within the
sixth, which leaves five trials of all three classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.escgan.datasets.writers.neuroscan import cnt_bytes, pink
from tests.escgan.datasets.writers.truth import RecordingTruth, TrialTruth

CHANNELS = tuple(
    (
        "Fp1 Fpz Fp2 AF3 AF4 F7 F5 F3 F1 Fz F2 F4 F6 F8 FT7 FC5 FC3 FC1 FCz FC2 FC4 FC6 FT8 T7 C5 C3 C1 Cz C2 C4 C6 T8 "
        "TP7 CP5 CP3 CP1 CPz CP2 CP4 CP6 TP8 P7 P5 P3 P1 Pz P2 P4 P6 P8 PO7 PO5 PO3 POz PO4 PO6 PO8 CB1 O1 Oz O2 CB2"
    ).split()
)
# M1 stands after T8, M2 after TP8, then the eyes.
RECORDED = tuple(
    (
        "FP1 FPZ FP2 AF3 AF4 F7 F5 F3 F1 FZ F2 F4 F6 F8 FT7 FC5 FC3 FC1 FCZ FC2 FC4 FC6 FT8 T7 C5 C3 C1 CZ C2 C4 C6 T8 "
        "M1 TP7 CP5 CP3 CP1 CPZ CP2 CP4 CP6 TP8 M2 P7 P5 P3 P1 PZ P2 P4 P6 P8 PO7 PO5 PO3 POZ PO4 PO6 PO8 CB1 O1 OZ O2 "
        "CB2 HEO VEO"
    ).split()
)
CLASSES = (
    "positive neutral negative negative neutral positive negative neutral positive positive neutral negative neutral "
    "positive negative"
).split()
FILM_S, PERIOD_S, N_WHOLE = 5, 6, 5
STARTS_S = tuple(1 + PERIOD_S * film for film in range(15))
RECORDED_S = STARTS_S[N_WHOLE] + 2


def recording(
    number: int, seed: int, seconds: float = RECORDED_S, names: Sequence[str] = RECORDED, bits: int = 32
) -> tuple[bytes, NDArray[np.float64]]:
    """Build one file; returns it and its 62 electrodes in the order of CHANNELS."""
    rng = np.random.default_rng([seed, number])
    n_times = round(seconds * 1000)
    content, stored = cnt_bytes(names, pink(rng, len(names), n_times), bits=bits, event_samples=(0, 100))
    rows = [list(names).index(channel.upper()) for channel in CHANNELS if channel.upper() in names]
    return content, stored[rows]


def times_text() -> str:
    """Write the times as the owners do, in samples at 1000 Hz."""
    starts = ",".join(str(1000 * start) for start in STARTS_S)
    stops = ",".join(str(1000 * (start + FILM_S)) for start in STARTS_S)
    return f"start_point_list = [{starts}]; #1000Hz\nend_point_list = [{stops}];\n"


def trials(stored: NDArray[np.float64], classes: Sequence[str], stimuli: Sequence[str]) -> tuple[TrialTruth, ...]:
    """Cut the films that the recording holds in full."""
    return tuple(
        TrialTruth(
            film + 1,
            stimuli[film],
            stored[:, 1000 * start : 1000 * (start + FILM_S)].astype(np.float32),
            condition=classes[film],
        )
        for film, start in enumerate(STARTS_S[:N_WHOLE])
    )


def write_seed_raw(
    folder: Path, n_subjects: int = 2, seed: int = 0, *, n_sessions: int = 1
) -> tuple[RecordingTruth, ...]:
    """Write subjects 1, 2, ... and the owners' list of times; a file has 9 MB."""
    home = folder / "SEED_EEG" / "SEED_RAW_EEG"
    home.mkdir(parents=True)
    (home / "time.txt").write_text(times_text())
    truths = []
    for subject in range(1, n_subjects + 1):
        for session in range(1, n_sessions + 1):
            content, stored = recording(10 * subject + session, seed)
            (home / f"{subject}_{session}.cnt").write_bytes(content)
            of_films = trials(stored, CLASSES, [str(film) for film in range(1, 16)])
            truths.append(RecordingTruth(str(subject), str(session), CHANNELS, 1000.0, of_films))
    return tuple(truths)
