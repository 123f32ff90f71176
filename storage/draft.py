"""An artifact in the making: a folder that only its maker can see, until it is sealed and published.

A draft's owner holds a lock on a file inside it. The kernel lets go of the lock when the owner dies, however
it dies, which is how a dead draft is told from one at work.
"""

import json
import os
import resource
import stat
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from storage.digest import canonical_json, digest_content, digest_file
from storage.disk import flush_file, flush_folder
from storage.errors import StorageError
from storage.manifest import MANIFEST_NAME, ArtifactRef, FileEntry, Manifest, check_file_name

ALIVE_NAME = ".alive"


class Draft:
    """The folder that a stage writes its files into.

    Parameters
    ----------
    path : Path
        The folder.
    stage, key : str
        What is being made.
    header : dict
        The manifest's unit, config, inputs, versions and device.
    spent_s : float
        Seconds of work before the draft was begun.
    """

    def __init__(self, path: Path, stage: str, key: str, header: Mapping[str, Any], spent_s: float = 0.0):
        self.path = path
        self.stage = stage
        self.key = key
        self._header = header
        self._extra: dict[str, Any] = {}
        self._began_s = time.perf_counter() - spent_s
        self._ref: ArtifactRef | None = None

    @property
    def ref(self) -> ArtifactRef:
        """The published artifact.

        Raises
        ------
        StorageError
            Before the with-block has ended, or if it failed.
        """
        if self._ref is None:
            raise StorageError(f"The draft of {self.stage}/{self.key} is not published: leave its with-block first.")
        return self._ref

    @ref.setter
    def ref(self, ref: ArtifactRef) -> None:
        self._ref = ref

    def file(self, name: str) -> Path:
        """Return the path at which to write a file.

        Parameters
        ----------
        name : str
            A plain name such as "features.h5".

        Returns
        -------
        Path

        Raises
        ------
        StorageError
            If the name is hidden, reserved or leads out of the folder.
        """
        check_file_name(name)
        return self.path / name

    def note(self, **extra: Any) -> None:
        """Add JSON values, such as timings, to the manifest's `extra`.

        Raises
        ------
        StorageError
            If a value is not JSON.
        """
        for name, value in extra.items():
            self._extra[name] = plain_json(value, name)

    def seal(self) -> Manifest:
        """Flush every file, and write the manifest last.

        Returns
        -------
        Manifest

        Raises
        ------
        StorageError
            If there is no file, or something other than plain files.
        OSError
            If the disk cannot take them.
        """
        files = _collect(self.path)
        if not files:
            raise StorageError(f"The draft of {self.stage}/{self.key} has no file: write at least one.")
        manifest = Manifest(
            stage=self.stage,
            key=self.key,
            files=files,
            digest=digest_content({name: entry.sha256 for name, entry in files.items()}),
            wall_s=round(time.perf_counter() - self._began_s, 6),
            # Linux counts in KiB.
            peak_memory_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 3),
            created=datetime.now(UTC).isoformat(timespec="microseconds"),
            extra=self._extra,
            **self._header,
        )
        manifest.write(self.path / MANIFEST_NAME)
        flush_folder(self.path)
        return manifest


def plain_json(value: Any, what: str) -> Any:
    """Return a value as it will be read back from JSON.

    Parameters
    ----------
    value : JSON value
        Tuples become lists.
    what : str
        Its name, for the error.

    Returns
    -------
    JSON value
        A deep copy.

    Raises
    ------
    StorageError
        If it holds NaN, an infinity, or anything that JSON cannot express.

    Examples
    --------
    >>> plain_json({"band_hz": (4, 8)}, "config")
    {'band_hz': [4, 8]}
    """
    try:
        return json.loads(canonical_json(value))
    except (TypeError, ValueError, RecursionError) as error:
        raise StorageError(f"{what} is not JSON ({error}): use dicts, lists, strings and finite numbers.") from error


def _collect(folder: Path) -> dict[str, FileEntry]:
    files = {}
    for path in sorted(folder.iterdir()):
        if path.name == ALIVE_NAME:
            continue
        check_file_name(path.name)
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise StorageError(f"{path.name} in the draft is not a plain file: an artifact holds plain files only.")
        os.chmod(path, 0o600)
        flush_file(path)
        files[path.name] = FileEntry(bytes=status.st_size, sha256=digest_file(path))
    return files
