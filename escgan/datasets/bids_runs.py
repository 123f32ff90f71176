"""One data file of a BIDS tree, the sidecars that apply to it, and its reading through mne-bids.

Gorgolewski et al., "The brain imaging data structure", Scientific Data 2016;3:160044, and Pernet et al., "EEG-BIDS",
Scientific Data 2019;6:103. A sidecar applies to every recording below it whose name has all of its entities
("inheritance principle"); of two tables the more specific counts, JSON files are joined.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from escgan.datasets.mne_reading import RecordedFile, described, open_recording
from escgan.datasets.own_recordings import natural_key
from escgan.datasets.raw_files import companions, unreadable
from escgan.datasets.tables import Table, read_table
from escgan.errors import RecordingError

PARTICIPANTS = "participants.tsv"
_DATA_FILE = re.compile(r"sub-.+_eeg\.(edf|bdf|vhdr|set|fif)")
_LATER_SPLIT = re.compile(r"_split-0*([2-9]|\d\d+)_")
_EVENTS = "events.tsv"
_SIDECARS = ("channels.tsv", "electrodes.tsv", "coordsystem.json", "eeg.json", _EVENTS)
_ENTITY = re.compile(r"([a-zA-Z]+)-([^_.]+)")


@dataclass(frozen=True)
class Run:
    """A data file, the tree that it lies in, and every sidecar that a reader of BIDS could take as its own."""

    path: Path
    root: Path
    sidecars: tuple[Path, ...]

    @property
    def entities(self) -> dict[str, str]:
        """What the file's name says: ``sub``, ``ses``, ``task``, ``run``, ..."""
        return entities(self.path.name)

    @property
    def files(self) -> tuple[Path, ...]:
        """The data file, those that belong to it, and the sidecars."""
        return (self.path, *companions(self.path), *self.sidecars)

    def table(self, name: str) -> Table | None:
        """Read the table that applies, such as ``events.tsv``; None where there is none."""
        applying = self._applying(name)
        return read_table(applying[-1], separators="\t") if applying else None

    def facts(self) -> dict[str, Any]:
        """Return what the ``eeg.json`` that apply say together, the more specific above the more general."""
        facts: dict[str, Any] = {}
        for path in self._applying("eeg.json"):
            try:
                content = json.loads(path.read_text(encoding="utf-8-sig"))
            except (OSError, ValueError, RecursionError) as error:
                raise RecordingError(f"The sidecar {path.name} is no JSON text ({error}): correct it.") from error
            if not isinstance(content, dict):
                raise RecordingError(f"The sidecar {path.name} holds no JSON object: correct it.")
            facts |= content
        return facts

    def _applying(self, name: str) -> list[Path]:
        mine = self.entities.items()
        found = [path for path in self.sidecars if _suffix(path) == name and entities(path.name).items() <= mine]
        return sorted(found, key=lambda path: (len(path.parts), len(entities(path.name))))


def runs_in(root: Path) -> Iterator[Run]:
    """Yield the runs of a tree, those of a folder in numerical order."""
    for folder in sorted((*root.glob("sub-*/eeg"), *root.glob("sub-*/ses-*/eeg"))):
        own = folder.relative_to(root)
        levels = [*reversed(own.parents), own]
        around = [path for level in levels for path in sorted((root / level).iterdir())]
        yield from runs_among(around, root)


def runs_among(files: Iterable[Path], root: Path | None = None) -> Iterator[Run]:
    """Yield the runs among files, which also hold the sidecars; the later parts of split files are no own runs."""
    files = tuple(files)
    sidecars = [path for path in files if _suffix(path) in _SIDECARS]
    data = [path for path in files if _DATA_FILE.fullmatch(path.name) and not _LATER_SPLIT.search(path.name)]
    for path in sorted(data, key=lambda path: natural_key(path.name)):
        mine = entities(path.name)
        fitting = [
            sidecar
            for sidecar in sidecars
            if all(mine.get(key, value) == value for key, value in entities(sidecar.name).items())
        ]
        yield Run(path, root or _root(path), tuple(fitting))


def entities(name: str) -> dict[str, str]:
    """Split a BIDS file name into its entities.

    >>> entities("sub-01_ses-2_task-rest_eeg.edf")
    {'sub': '01', 'ses': '2', 'task': 'rest'}
    """
    return {match[1]: match[2] for part in name.split("_")[:-1] if (match := _ENTITY.fullmatch(part))}


@contextmanager
def mirrored(files: Iterable[Path], root: Path) -> Iterator[Path]:
    """Show mne-bids a tree of links to a recording's files.

    It then sees nothing that the recording's cache key does not cover, and its lock files do not land among the raw
    data, which may be read-only. Events and participants are left to this package: mne-bids makes no trials of them.
    """
    with TemporaryDirectory(prefix="escgan-bids-") as folder:
        for path in files:
            if path.is_file() and _suffix(path) not in (_EVENTS, PARTICIPANTS):
                link = Path(folder, path.relative_to(root))
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(path.absolute())
        yield Path(folder)


def open_run(run: Run, mirror: Path, subject: str, channel_names: Literal["match", "by_order"]) -> RecordedFile:
    """Open a run through mne-bids, which applies names, types and states of ``channels.tsv``.

    Raises
    ------
    RecordingError
        The file cannot be read, or its channels are not those of ``channels.tsv``.
    """
    import mne_bids

    plain = open_recording(run.path, subject)
    named = [str(row.text("name")) for row in table.rows] if (table := run.table("channels.tsv")) else []
    if channel_names == "match":
        _refuse_other_names(named, plain)
    try:
        place = mne_bids.get_bids_path_from_fname(mirror / run.path.relative_to(run.root), verbose="error")
        mismatch = "reorder" if channel_names == "match" else "rename"
        raw = mne_bids.read_raw_bids(place.update(root=mirror), on_ch_mismatch=mismatch, verbose="error")
    except Exception as error:
        # The readers of all formats and sidecars stand behind this call.
        raise unreadable(run.path, subject, str(error).replace(f"{mirror}/", "")) from error
    file = described(raw, run.path, subject)
    renamed = channel_names == "by_order" and len(file.labels) == len(plain.labels)
    in_file = dict(zip(file.labels, plain.labels if renamed else file.labels, strict=True))
    own_hz = {label: plain.own_hz[inside] for label, inside in in_file.items() if inside in plain.own_hz}
    absent = [name for name in named if name not in file.labels]
    log = (f"channels.tsv names channels that the file does not have: {', '.join(absent)}",) if absent else ()
    return replace(file, own_hz=own_hz, in_file=in_file, log=log)


def _refuse_other_names(named: list[str], file: RecordedFile) -> None:
    """Refuse a table that names something else; that it lists more or less than the file holds is usual."""
    twice = next((name for name in named if named.count(name) > 1), None)
    fault = f"names '{twice}' twice"
    if twice is None:
        absent = [name for name in named if name not in file.labels]
        if not absent or (len(named) != len(file.labels) and len(absent) < len(named)):
            return
        new = [label for label in file.labels if label not in named]
        fault = f"names '{absent[0]}' where the file has '{new[0]}'"
    raise RecordingError(
        f"The channels.tsv of {file.path.name} of subject {file.subject} {fault}: correct it, or set the dataset's "
        "option 'channel_names' to 'by_order' if its order is the file's."
    )


def _root(path: Path) -> Path:
    """Return the tree that a data file lies in: above ``sub-*/eeg`` or ``sub-*/ses-*/eeg``."""
    above = path.parent.parent
    return above.parent.parent if above.name.startswith("ses-") else above.parent


def _suffix(path: Path) -> str:
    return path.name.rpartition("_")[2]
