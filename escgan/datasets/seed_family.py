"""Facts that the SEED corpora share: the cap, the films and their classes, the names of folders and files.

All were recorded with one 62-channel cap at the BCMI laboratory of Shanghai Jiao Tong University.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

# Row i of every array of the family is electrode i; CB1 and CB2 are the cap's cerebellar places.
# fmt: off
ELECTRODES = (
    "Fp1", "Fpz", "Fp2", "AF3", "AF4", "F7", "F5", "F3", "F1", "Fz", "F2", "F4", "F6", "F8",
    "FT7", "FC5", "FC3", "FC1", "FCz", "FC2", "FC4", "FC6", "FT8",
    "T7", "C5", "C3", "C1", "Cz", "C2", "C4", "C6", "T8",
    "TP7", "CP5", "CP3", "CP1", "CPz", "CP2", "CP4", "CP6", "TP8",
    "P7", "P5", "P3", "P1", "Pz", "P2", "P4", "P6", "P8",
    "PO7", "PO5", "PO3", "POz", "PO4", "PO6", "PO8", "CB1", "O1", "Oz", "O2", "CB2",
)
# fmt: on

SEED_CONDITIONS: Mapping[int, str] = {-1: "negative", 0: "neutral", 1: "positive"}
"""The classes by the number that stands for them in ``label.mat``."""
SEED_LABELS = (1, 0, -1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 0, 1, -1)
"""Class of each of the 15 films; every session shows the same films in the same order."""
SEED_FILM_S = (235, 233, 206, 238, 185, 195, 237, 216, 265, 237, 235, 233, 235, 238, 206)
"""Length of each film in seconds."""

SEED_IV_CONDITIONS: Mapping[int, str] = {0: "neutral", 1: "sad", 2: "fear", 3: "happy"}
"""The classes by the number that stands for them in the owners' list."""
SEED_IV_LABELS: Mapping[str, tuple[int, ...]] = {
    "1": (1, 2, 3, 0, 2, 0, 0, 1, 0, 1, 2, 1, 1, 1, 2, 3, 2, 2, 3, 3, 0, 3, 0, 3),
    "2": (2, 1, 3, 0, 0, 2, 0, 2, 3, 3, 2, 3, 2, 0, 1, 1, 2, 1, 0, 3, 0, 1, 3, 1),
    "3": (1, 2, 2, 1, 3, 3, 3, 1, 1, 2, 1, 0, 2, 3, 3, 0, 2, 3, 0, 0, 2, 0, 1, 0),
}
"""Class of each of the 24 films of a session; each session has films of its own."""

SUBJECTS = tuple(str(number) for number in range(1, 16))
"""The 15 subjects, whose numbers in SEED and in SEED-IV have nothing to do with each other."""
SESSIONS = ("1", "2", "3")
"""Every subject came three times."""

_DATED = re.compile(r"(\d+)_(\d{8})\.mat")
_OWNERS_FOLDERS = re.compile(
    r"Preprocessed_EEG|ExtractedFeatures(_\ds)?|SEED_RAW_EEG|eeg_raw_data|eeg_feature_smooth|eye_raw_data|eye_feature_smooth"
)


@dataclass(frozen=True)
class DatedFile:
    """A recording's file, named ``{subject}_{yyyymmdd}.mat``."""

    subject: str
    day: date
    path: Path


def dated_files(folder: Path) -> tuple[DatedFile, ...]:
    """List a folder's dated files, subjects in numerical order, each one's dates in the calendar's.

    A file whose eight digits are no day of the calendar is none of the corpus; a folder that is not there has none.
    """
    if not folder.is_dir():
        return ()
    matches = [match for path in folder.iterdir() if (match := _DATED.fullmatch(path.name))]
    files = [DatedFile(m[1], day, folder / m[0]) for m in matches if (day := _day(m[2])) is not None]
    return tuple(sorted(files, key=lambda file: (int(file.subject), file.subject, file.day)))


def _day(digits: str) -> date | None:
    try:
        return datetime.strptime(digits, "%Y%m%d").date()
    except ValueError:
        return None


def named_folders(folder: Path, name: str, parents: Iterable[str] = ()) -> tuple[Path, ...]:
    """List where a form of a corpus may lie, by its folder's name: the folder itself, in it, or in a parent in it.

    Several forms have the same file names, so that only the folder's name tells them apart. Unpacking an archive
    may have put the folder into one of its own name.
    """
    itself = (folder,) if name in _names_of(folder) else ()
    return (*itself, folder / name, *(folder / parent / name for parent in parents))


def renamed_by_user(folder: Path) -> bool:
    """Tell whether a folder has a name that none of the corpora's owners gave."""
    return not any(_OWNERS_FOLDERS.fullmatch(name) for name in _names_of(folder))


def _names_of(folder: Path) -> tuple[str, str]:
    """Return a folder's name as it was given, and the one behind links and dots."""
    return folder.name, os.path.basename(os.path.realpath(folder))
