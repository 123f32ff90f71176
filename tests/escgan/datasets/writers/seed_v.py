"""SEED-V's raw recordings in their owners' layout: ``EEG_raw/{subject}_{session}_{date}.cnt`` and the films' times."""

from __future__ import annotations

from pathlib import Path

from tests.escgan.datasets.writers.seed_raw import CHANNELS, FILM_S, STARTS_S, recording, trials
from tests.escgan.datasets.writers.truth import RecordingTruth

EARLY = "happy fear neutral sad disgust".split() * 3
LATE = "sad fear neutral disgust happy happy disgust neutral sad fear neutral happy fear sad disgust".split()
CLASSES = {1: EARLY, 2: LATE, 3: LATE}
# Sessions are numbered by their films: the third of subject 1 was recorded before the second.
DAYS = {1: "20180804", 2: "20180810", 3: "20180808"}


def times_text(starts_s=STARTS_S, film_s: int = FILM_S) -> str:
    """Write the times as the owners do."""
    starts, stops = list(starts_s), [start + film_s for start in starts_s]
    return "\n\n".join(f"Session {session}:\nstart_second: {starts}\nend_second: {stops}" for session in CLASSES)


def write_seed_v(
    folder: Path, n_subjects: int = 2, seed: int = 0, *, n_sessions: int = 1
) -> tuple[RecordingTruth, ...]:
    """Write subjects 1, 2, ... and the owners' list of times; a file has 9 MB."""
    home = folder / "EEG_raw"
    home.mkdir(parents=True)
    (folder / "trial_start_end_timestamp.txt").write_text(times_text())
    truths = []
    for subject in range(1, n_subjects + 1):
        for session in range(1, n_sessions + 1):
            content, stored = recording(100 + 10 * subject + session, seed)
            (home / f"{subject}_{session}_{DAYS[session]}.cnt").write_bytes(content)
            of_films = trials(stored, CLASSES[session], [f"{session}-{film}" for film in range(1, 16)])
            truths.append(RecordingTruth(str(subject), str(session), CHANNELS, 1000.0, of_films))
    return tuple(truths)
