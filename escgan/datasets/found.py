"""One recording of a folder, as it is before anything runs: what it holds, or why it cannot be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from escgan.datasets.corpus import Corpus, FeatureCorpus, SignalCorpus
from escgan.datasets.regular import refuse_irregular
from escgan.errors import EscganError
from escgan.preprocessing.checks import check_recording, trial_fingerprint, trial_samples
from escgan.recording import RawRecording, RecordingSource, recording_name


@dataclass(frozen=True)
class Found:
    """One recording of a folder.

    ``problem`` is the sentence why it cannot be used, or None. The numbers are None where the recording was not
    read or could not be. ``classes`` counts trials by class or, where the usual labels do not fit, by condition;
    ``trials`` has a row each, with condition and ratings; ``shortest`` is the shortest one's number and seconds.
    """

    name: str
    files: tuple[Path, ...]
    megabytes: float
    problem: str | None = None
    channels: tuple[str, ...] | None = None
    sfreq: float | None = None
    minutes: float | None = None
    classes: tuple[tuple[str, int], ...] = ()
    log: tuple[str, ...] = ()
    fingerprints: dict[int, str] = field(default_factory=dict)
    trials: pd.DataFrame | None = None
    shortest: tuple[int, float] | None = None

    @property
    def n_trials(self) -> int | None:
        """Number of trials."""
        return None if self.trials is None else len(self.trials)

    @property
    def n_channels(self) -> int | None:
        """Number of EEG channels."""
        return None if self.channels is None else len(self.channels)


def found_by_name(source: RecordingSource) -> Found:
    """Say what can be said of a recording without reading it."""
    name = recording_name(source.subject, source.session)
    absent = [path.name for path in source.files if not path.is_file()]
    problem = f"{name} lacks {', '.join(absent)}." if absent else None
    size = sum(path.stat().st_size for path in source.files if path.is_file())
    return Found(name, source.files, size / 1e6, problem)


def found_by_reading(corpus: Corpus, source: RecordingSource) -> Found:
    """Read a recording and say what it holds, or why it cannot be used."""
    known = found_by_name(source)
    facts: dict[str, object] = {}
    try:
        for path in source.files:
            refuse_irregular(path)
        if isinstance(corpus, SignalCorpus):
            facts = _signal_facts(corpus.read(source))
        elif isinstance(corpus, FeatureCorpus):
            facts = _feature_facts(corpus, source)
    except EscganError as error:
        return Found(known.name, known.files, known.megabytes, str(error))
    return Found(known.name, known.files, known.megabytes, None, **facts)  # type: ignore[arg-type]


def _signal_facts(raw: RawRecording) -> dict[str, object]:
    # A constant channel is no reason to stop here: whether it is one depends on the preprocessing.
    check_recording(raw, flat_allowed=True)
    trials = [(span, trial_samples(raw.segments[span.segment].eeg, _rate(raw), span)) for span in raw.spans]
    flat = [
        raw.channels[i] for i in np.flatnonzero(np.all([np.ptp(samples, axis=1) == 0 for _, samples in trials], axis=0))
    ]
    rows = [(span.trial, span.condition, span.ratings) for span, _ in trials]
    briefest = min(raw.spans, key=lambda span: span.duration_s)
    return {
        "shortest": (briefest.trial, briefest.duration_s),
        "channels": tuple(raw.channels),
        "sfreq": _rate(raw),
        "minutes": sum(span.duration_s for span in raw.spans) / 60,
        "trials": _trials(raw.subject, raw.session, rows),
        "log": raw.log + ((f"constant in every trial: {', '.join(flat)}",) if flat else ()),
        "fingerprints": {span.trial: trial_fingerprint(samples) for span, samples in trials},
    }


def _feature_facts(corpus: FeatureCorpus, source: RecordingSource) -> dict[str, object]:
    measured = corpus.read_features(source)
    trials = measured.table["trial"].to_numpy()
    first = measured.table.drop_duplicates("trial")
    fixed = ("subject", "session", "trial", "window", "start_s", "stimulus", "condition")
    ratings = [name for name in first.columns if name not in fixed]
    rows = [
        (int(row["trial"]), row["condition"], {name: float(row[name]) for name in ratings})
        for _, row in first.iterrows()
    ]
    return {
        "channels": tuple(measured.channels),
        "sfreq": measured.sfreq,
        "trials": _trials(source.subject, source.session, rows),
        "fingerprints": {int(t): trial_fingerprint(measured.values[trials == t]) for t in first["trial"]},
    }


def _rate(raw: RawRecording) -> float:
    return raw.segments[0].sfreq


def _trials(subject: str, session: str, rows: Sequence[tuple]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"subject": subject, "session": session, "trial": trial, "condition": condition} | dict(ratings)
            for trial, condition, ratings in rows
        ]
    )
