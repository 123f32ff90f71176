"""What a folder is, before anything runs: which corpus, what it holds, what is missing and what is broken."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from escgan.datasets import corpus_of
from escgan.datasets.corpus import Corpus
from escgan.datasets.duplicates import duplicate_trials
from escgan.datasets.found import Found, found_by_name, found_by_reading
from escgan.datasets.recognition import recognise
from escgan.errors import ConfigError, RecordingError
from escgan.labels import LabelConfig, Labelling, refuse_absent_classes
from escgan.labels.base import rating_columns
from escgan.labels.presence import conditions_of, found_in, trials_by_class
from escgan.recording import RecordingSource, recording_name
from escgan.windows import channels_that_differ

_MOST_FILES = 100_000


@dataclass(frozen=True)
class Inspection:
    """What was found in a folder.

    ``also`` are other corpora that the folder could be; ``missing`` names the recordings of the published corpus
    that it lacks; ``unused`` are files that belong to no recording; ``duplicates`` are sentences on trials that
    occur twice; ``together`` are sentences on why the recordings, each sound, cannot be used together.
    """

    kind: str
    also: tuple[str, ...]
    corpus: Corpus
    recordings: tuple[Found, ...]
    missing: tuple[str, ...]
    unused: tuple[Path, ...]
    duplicates: tuple[str, ...]
    together: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether every recording can be used, with the others, and none occurs twice."""
        return not self.duplicates and not self.together and all(found.problem is None for found in self.recordings)


def inspect_folder(
    folder: Path,
    kind: str | Corpus | None = None,
    *,
    labels: Labelling | None = None,
    window_s: float | None = None,
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
        The classes to count trials by, without which a recording cannot be used; the corpus' usual ones, where they
        fit, when not given.
    window_s
        Length of a window, in seconds, of which every trial must hold one; not looked at when not given.
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
    usual = TypeAdapter(LabelConfig).validate_python(corpus.default_labels())
    found = []
    for i, source in enumerate(sources):
        if names_only:
            found.append(found_by_name(source))
        else:
            found.append(_labelled(_long_enough(found_by_reading(corpus, source), window_s), labels, usual))
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
        together=tuple(_together(found, labels)),
    )


def labels_for(folder: Path, kind: str) -> dict[str, Any]:
    """Return the labels that fit a folder of one's own recordings, as a plain mapping.

    The classes are the conditions that its trials have or, where there are fewer than two, low and high of the first
    rating.

    Raises
    ------
    RecordingError
        The folder is no corpus of this kind, or none of its recordings can be read.
    ConfigError
        Its trials have neither two conditions nor ratings.
    """
    recordings = inspect_folder(folder, kind).recordings
    read = [found.trials for found in recordings if found.trials is not None]
    if not read:
        raise RecordingError(
            f"No recording in '{folder}' can be read; the first: {recordings[0].problem} Without the folder a "
            "configuration is written all the same: set there, below 'dataset', what is asked for here."
        )
    trials = pd.concat(read, ignore_index=True)
    conditions, ratings = list(conditions_of(trials)), rating_columns(trials)
    if len(conditions) > 1:
        return {"kind": "classes", "classes": conditions}
    if ratings:
        rating = "valence" if "valence" in ratings else ratings[0]
        names = [f"low {rating}", f"high {rating}"]
        return {"kind": "threshold", "rating": rating, "threshold": "median", "scope": "per_subject", "names": names}
    raise ConfigError(
        f"The trials in '{folder}' have {found_in(trials)}, and two classes are needed: say where conditions stand by "
        f"the dataset's options (`escgan datasets {kind}`)."
    )


def _chosen(folder: Path, kind: str | Corpus | None) -> tuple[tuple[str, ...], Corpus]:
    if isinstance(kind, Corpus):
        return (kind.kind,), kind
    kinds = (kind,) if kind is not None else recognise(folder)
    return kinds, corpus_of(kinds[0]).model_validate({})


def _labelled(found: Found, asked: Labelling | None, usual: Labelling) -> Found:
    """Count a recording's trials by the classes that are asked for, the usual ones, or its conditions."""
    if found.trials is None:
        return found
    try:
        return replace(found, classes=trials_by_class(asked or usual, found.trials))
    except ConfigError as error:
        if asked is not None:
            return replace(found, problem=str(error))
        return replace(found, classes=tuple(conditions_of(found.trials).items()))


def _long_enough(found: Found, window_s: float | None) -> Found:
    """Name a trial that is shorter than a window, by which a run would end."""
    if found.shortest is None or found.sfreq is None or window_s is None:
        return found
    trial, seconds = found.shortest
    # What counts are samples, to which both are rounded.
    if seconds + 0.5 / found.sfreq >= window_s:
        return found
    return replace(
        found,
        problem=f"Trial {trial} of {found.name} lasts {seconds:g} s, less than one window of {window_s:g} s: shorten "
        "the window (features.window_s) or drop the trial.",
    )


def _together(found: Sequence[Found], labels: Labelling | None) -> Iterator[str]:
    """Say why recordings that can be used alone cannot be used together."""
    usable = [one for one in found if one.problem is None and one.channels is not None]
    for one in usable[1:]:
        fault = channels_that_differ(usable[0].name, usable[0].channels or (), one.name, one.channels or ())
        if fault:
            yield f"{fault}: give all recordings one montage (drop channels that not all of them have)."
            break
    trials = [one.trials for one in usable if one.trials is not None]
    if labels is not None and trials:
        try:
            refuse_absent_classes(labels, pd.concat(trials, ignore_index=True))
        except ConfigError as error:
            yield str(error)


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
    # Path.resolve fails at a link that leads to itself.
    used = {os.path.realpath(path) for source in sources for path in source.files}
    unused = []
    for i, path in enumerate(Path(folder).rglob("*")):
        if i >= _MOST_FILES:
            break
        ours = os.path.realpath(path) in used or any(path.match(pattern) for pattern in corpus.beside)
        if path.is_file() and not path.name.startswith(".") and not ours:
            unused.append(path.relative_to(folder))
    return tuple(sorted(unused))
