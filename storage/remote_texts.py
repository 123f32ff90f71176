"""Texts of a store that lies in an object store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from storage.remote import RemoteFolder
from storage.texts import Texts, check_text_name


class RemoteTexts(Texts):
    """As `storage.texts.Texts`, each an object.

    Parameters
    ----------
    remote : RemoteFolder
        The store's address.
    kind : str
        What they are, such as "orders": the first part of the objects' names.
    lasts : timedelta or None
        After this `forget` deletes them; None: never.
    """

    def __init__(self, remote: RemoteFolder, kind: str, lasts: timedelta | None = None):
        self._remote = remote
        self._kind = kind
        self._lasts = lasts

    def write(self, name: str, text: str) -> None:
        """Write a text; one of that name is replaced at once."""
        self._remote.write(self._object(name), text.encode())

    def read(self, name: str) -> str | None:
        """Return a text; None if there is none of that name."""
        content = self._remote.read(self._object(name))
        return None if content is None else content.decode(errors="replace")

    def read_all(self) -> dict[str, str]:
        """Return every text by name, in the order of names."""
        found = self._remote.read_many(each.name for each in self._remote.objects(self._kind))
        start = len(self._kind) + 1
        return {
            name[start:].removesuffix(".json"): content.decode(errors="replace")
            for name, content in sorted(found.items())
        }

    def delete(self, name: str) -> None:
        """Delete a text; no error if there is none."""
        self._remote.delete([self._object(name)])

    def forget(self) -> list[Path]:
        """Delete what is older than it lasts, and list the objects."""
        if self._lasts is None:
            return []
        oldest = datetime.now(UTC) - self._lasts
        names = [each.name for each in self._remote.objects(self._kind) if each.written and each.written < oldest]
        self._remote.delete(names)
        return [Path(name) for name in names]

    def _object(self, name: str) -> str:
        check_text_name(name)
        return f"{self._kind}/{name}.json"
