"""What a folder is, before anything runs: which corpus, what it holds, what is missing and what is broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from escgan.datasets import DATASETS
from escgan.datasets.corpus import Corpus, FeatureCorpus, SignalCorpus
from escgan.datasets.duplicates import duplicate_trials
from escgan.datasets.simulated import TRUTH_FILE
from escgan.errors import ConfigError, EscganError, RecordingError
from escgan.labels import LEFT_OUT, LabelConfig, Labelling
from escgan.preprocessing.checks import check_recording, trial_fingerprint, trial_samples
from escgan.recording import RawRecording, RecordingSource, recording_name

# These take anything, or look like another corpus: they are the answer only where no other is.
_GENERAL = ("bids", "folder")
_MOST_FILES = 100_000
_MOST_SUBFOLDERS = 20


@dataclass(frozen=True)
class Found:
    """One recording of a folder.

    ``problem`` is the sentence why it cannot be used, or None. The numbers are None where the recording was not
    read or could not be. ``classes`` counts trials by the corpus' usual classes.
    """

    name: str
    files: tuple[Path, ...]
    megabytes: float
    problem: str | None = None
    n_trials: int | None = None
    n_channels: int | None = None
    sfreq: float | None = None
    minutes: float | None = None
    classes: tuple[tuple[str, int], ...] = ()
    log: tuple[str, ...] = ()
    fingerprints: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Inspection:
    """What was found in a folder.

    ``also`` are other corpora that the folder could be; ``missing`` names the recordings of the published corpus
    that it lacks; ``unused`` are files that belong to no recording; ``duplicates`` are sentences on trials that
    occur twice.
    """

    kind: str
    also: tuple[str, ...]
    corpus: Corpus
    recordings: tuple[Found, ...]
    missing: tuple[str, ...]
    unused: tuple[Path, ...]
    duplicates: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether every recording can be used and none occurs twice."""
        return not self.duplicates and all(found.problem is None for found in self.recordings)


def recognise(folder: Path) -> tuple[str, ...]:
    """Return the kinds of corpus that a folder can be, the likeliest first, by file names alone.

    Raises
    ------
    RecordingError
        The folder does not exist, or is none that can be read.
    """
    if Path(folder).is_file():
        raise RecordingError(f"'{folder}' is a file: give the folder that holds the corpus.")
    if not Path(folder).is_dir():
        raise RecordingError(f"The data folder '{folder}' does not exist: check the path.")
    # A simulation is written in DEAP's layout and says by a file of its own that it is none.
    if (Path(folder) / TRUTH_FILE).is_file():
        raise RecordingError(f"'{folder}' is a cohort that this program simulated: choose a folder of recordings.")
    kinds = _kinds(folder)
    if not kinds:
        raise RecordingError(
            f"'{folder}' is no corpus that is known by its file names{_hint(folder)}: see `escgan datasets` for what "
            "each must look like, or describe your own recordings by a trials.csv (`escgan datasets folder`)."
        )
    return kinds


def inspect_folder(
    folder: Path,
    kind: str | Corpus | None = None,
    *,
    labels: Labelling | None = None,
    names_only: bool = False,
    on_recording: Callable[[int, int], None] | None = None,
) -> Inspection:
    """Say what a folder holds.

    Parameters
    ----------
    folder
        Folder with a corpus' files.
    kind
        The corpus, by name or with its options; recognised by the file names when not given.
    labels
        The classes to count trials by; the corpus' usual ones when not given.
    names_only
        Do not read the recordings: fast, but a damaged file looks like a sound one.
    on_recording
        Called with the number of recordings done and the number of all.

    Raises
    ------
    RecordingError
        The folder is no corpus that is known, or not the one named.
    ConfigError
        There is no corpus of that name.
    """
    kinds, corpus = _chosen(folder, kind)
    sources = corpus.discover(folder)
    labels = labels or TypeAdapter(LabelConfig).validate_python(corpus.default_labels())
    found = []
    for i, source in enumerate(sources):
        found.append(_named(source) if names_only else _read(corpus, source, labels))
        if on_recording is not None:
            on_recording(i + 1, len(sources))
    return Inspection(
        kind=kinds[0],
        also=kinds[1:],
        corpus=corpus,
        recordings=tuple(found),
        missing=_missing(corpus, sources),
        unused=_unused(folder, corpus, sources),
        duplicates=duplicate_trials({one.name: one.fingerprints for one in found}),
    )


def _chosen(folder: Path, kind: str | Corpus | None) -> tuple[tuple[str, ...], Corpus]:
    if isinstance(kind, Corpus):
        return (kind.kind,), kind
    if kind is not None and kind not in DATASETS:
        raise ConfigError(f"There is no corpus '{kind}': expected one of {', '.join(DATASETS)}.")
    kinds = (kind,) if kind is not None else recognise(folder)
    return kinds, DATASETS[kinds[0]].model_validate({})


def _kinds(folder: Path) -> tuple[str, ...]:
    kinds = [kind for kind, corpus in DATASETS.items() if kind != "simulated" and _holds(corpus, folder)]
    return tuple(sorted(kinds, key=lambda kind: _GENERAL.index(kind) if kind in _GENERAL else -1))


def _hint(folder: Path) -> str:
    """Name a subfolder that is a corpus: archives unpack into a folder of their own."""
    try:
        below = sorted(path for path in Path(folder).iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:
        return ""
    for path in below[:_MOST_SUBFOLDERS]:
        if kinds := _kinds(path):
            return f", but its folder '{path.name}' looks like {kinds[0]}"
    return ""


def _holds(corpus: type[Corpus], folder: Path) -> bool:
    try:
        return bool(corpus.model_validate({}).discover(folder))
    except EscganError:
        return False


def _named(source: RecordingSource) -> Found:
    name = recording_name(source.subject, source.session)
    absent = [path.name for path in source.files if not path.is_file()]
    problem = f"{name} lacks {', '.join(absent)}." if absent else None
    size = sum(path.stat().st_size for path in source.files if path.is_file())
    return Found(name, source.files, size / 1e6, problem)


def _read(corpus: Corpus, source: RecordingSource, labels: Labelling) -> Found:
    named = _named(source)
    facts: dict[str, object] = {}
    try:
        if isinstance(corpus, SignalCorpus):
            facts = _signal_facts(corpus.read(source), labels)
        elif isinstance(corpus, FeatureCorpus):
            facts = _feature_facts(corpus, source, labels)
    except EscganError as error:
        return Found(named.name, named.files, named.megabytes, str(error))
    return Found(named.name, named.files, named.megabytes, None, **facts)  # type: ignore[arg-type]


def _signal_facts(raw: RawRecording, labels: Labelling) -> dict[str, object]:
    # A constant channel is no reason to stop here: whether it is one depends on the preprocessing.
    check_recording(raw, flat_allowed=True)
    trials = [(span, trial_samples(raw.segments[span.segment].eeg, _rate(raw), span)) for span in raw.spans]
    flat = [
        raw.channels[i] for i in np.flatnonzero(np.all([np.ptp(samples, axis=1) == 0 for _, samples in trials], axis=0))
    ]
    rows = [(span.trial, span.condition, span.ratings) for span, _ in trials]
    return {
        "n_trials": len(trials),
        "n_channels": len(raw.channels),
        "sfreq": _rate(raw),
        "minutes": sum(span.duration_s for span in raw.spans) / 60,
        "classes": _classes(labels, raw.subject, raw.session, rows),
        "log": raw.log + ((f"constant in every trial: {', '.join(flat)}",) if flat else ()),
        "fingerprints": {span.trial: trial_fingerprint(samples) for span, samples in trials},
    }


def _feature_facts(corpus: FeatureCorpus, source: RecordingSource, labels: Labelling) -> dict[str, object]:
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
        "n_trials": len(rows),
        "n_channels": len(measured.channels),
        "sfreq": measured.sfreq,
        "classes": _classes(labels, source.subject, source.session, rows),
        "fingerprints": {int(t): trial_fingerprint(measured.values[trials == t]) for t in first["trial"]},
    }


def _rate(raw: RawRecording) -> float:
    return raw.segments[0].sfreq


def _classes(labels: Labelling, subject: str, session: str, rows: Sequence[tuple]) -> tuple[tuple[str, int], ...]:
    """Count trials by class; none where this recording alone cannot say."""
    table = pd.DataFrame(
        [
            {"subject": subject, "session": session, "trial": trial, "condition": condition} | dict(ratings)
            for trial, condition, ratings in rows
        ]
    )
    try:
        numbers = labels.apply(table, table)
    except EscganError:
        return ()
    counts = Counter(labels.class_names[i] for i in numbers if i != LEFT_OUT)
    return tuple((name, counts[name]) for name in labels.class_names)


def _missing(corpus: Corpus, sources: Sequence[RecordingSource]) -> tuple[str, ...]:
    """Name what the published corpus has beyond these; a wholly absent subject is named once."""
    there = {(source.subject, source.session) for source in sources}
    names = []
    for subject in corpus.published_subjects:
        absent = [session for session in corpus.published_sessions if (subject, session) not in there]
        if len(absent) == len(corpus.published_sessions):
            names.append(recording_name(subject, "1"))
        else:
            names += [recording_name(subject, session) for session in absent]
    return tuple(names)


def _unused(folder: Path, corpus: Corpus, sources: Sequence[RecordingSource]) -> tuple[Path, ...]:
    used = {path.resolve() for source in sources for path in source.files}
    unused = []
    for i, path in enumerate(Path(folder).rglob("*")):
        if i >= _MOST_FILES:
            break
        ours = path.resolve() in used or any(path.match(pattern) for pattern in corpus.beside)
        if path.is_file() and not path.name.startswith(".") and not ours:
            unused.append(path.relative_to(folder))
    return tuple(sorted(unused))
