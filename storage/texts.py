"""Small texts beside the artifacts, by which processes that share a store tell each other things."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from storage.disk import delete_tree, disk_errors_explained, private_folder, replace_file
from storage.errors import StorageError

_NAME = re.compile(r"[0-9a-f]{8}[0-9a-f-]{0,56}")
_SUFFIX = ".json"


class Texts:
    """One kind of texts, each with a name of its own.

    Parameters
    ----------
    folder : Path
        Where they are kept; made when the first is written.
    lasts : timedelta or None
        After this `forget` deletes them; None: never.
    """

    def __init__(self, folder: Path, lasts: timedelta | None = None):
        self._folder = folder
        self._lasts = lasts

    def write(self, name: str, text: str) -> None:
        """Write a text; one of that name is replaced at once.

        Parameters
        ----------
        name : str
            A digest or a UUID.
        text : str
            What to write.

        Raises
        ------
        StorageError
            If the name is not valid, or the text cannot be written.
        """
        check_text_name(name)
        with disk_errors_explained(f"write {self._folder.name}/{name}", self._folder):
            private_folder(self._folder)
            replace_file(self._path(name), text.encode())

    def read(self, name: str) -> str | None:
        """Return a text; None if there is none of that name.

        Raises
        ------
        StorageError
            If the name is not valid, or the text cannot be read.
        """
        check_text_name(name)
        with suppress(FileNotFoundError), disk_errors_explained(f"read {self._folder.name}/{name}", self._folder):
            return self._path(name).read_text(encoding="utf-8", errors="replace")
        return None

    def read_all(self) -> dict[str, str]:
        """Return every text by name, in the order of names."""
        names = sorted(path.name.removesuffix(_SUFFIX) for path in self._folder.glob(f"*{_SUFFIX}"))
        found = {name: self.read(name) for name in names if _NAME.fullmatch(name)}
        return {name: text for name, text in found.items() if text is not None}

    def delete(self, name: str) -> None:
        """Delete a text; no error if there is none.

        Raises
        ------
        StorageError
            If the name is not valid.
        """
        check_text_name(name)
        self._path(name).unlink(missing_ok=True)

    def forget(self) -> list[Path]:
        """Delete what is older than it lasts, and list the files."""
        if self._lasts is None:
            return []
        oldest = time.time() - self._lasts.total_seconds()
        old = sorted(path for path in self._folder.glob("*") if _written(path) < oldest)
        for path in old:
            delete_tree(path)
        return old

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{_SUFFIX}"


def check_text_name(name: str) -> None:
    """Refuse a name that could lead out of the store.

    Raises
    ------
    StorageError
        If it is neither a digest nor a UUID.
    """
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise StorageError(f"{name!r} cannot name a text of the store: use hexadecimal digits, 8 at least.")


def _written(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return time.time()
