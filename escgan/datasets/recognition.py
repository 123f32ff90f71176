"""Which corpus a folder is, by its file names alone."""

from __future__ import annotations

import os
from pathlib import Path

from escgan.datasets import DATASETS
from escgan.datasets.corpus import Corpus, why_no_folder
from escgan.datasets.simulated import TRUTH_FILE
from escgan.errors import EscganError, RecordingError

# These take anything, or look like another corpus: they are the answer only where no other is.
_GENERAL = ("bids", "folder")
_MOST_SUBFOLDERS = 20


def recognise(folder: Path) -> tuple[str, ...]:
    """Return the kinds of corpus that a folder can be, the likeliest first, by file names alone.

    Raises
    ------
    RecordingError
        The folder does not exist, or is none that can be read.
    """
    if not os.path.isdir(folder):
        remedy = "give the folder that holds the corpus" if os.path.exists(folder) else "check the path"
        raise RecordingError(f"{why_no_folder(Path(folder))}: {remedy}.")
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
