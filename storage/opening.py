"""A store by its address: a folder of this machine, or a URL."""

from __future__ import annotations

import os
import re
from pathlib import Path

from storage.store import Store

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_LOCAL = ("file://", "local://")


def is_remote(root: Path | str) -> bool:
    """Tell whether an address is a URL of something else than this machine's files.

    >>> is_remote("s3://lab/store"), is_remote("store"), is_remote("file:///srv/store")
    (True, False, False)
    """
    return isinstance(root, str) and _URL.match(root) is not None and not root.startswith(_LOCAL)


def open_store(root: Path | str) -> Store:
    """Open a store, and make it if there is none.

    Parameters
    ----------
    root : path or str
        A folder, or a URL such as "s3://bucket/folder".

    Returns
    -------
    Store

    Raises
    ------
    StorageError
        If it can be neither opened nor made.
    """
    if isinstance(root, str) and is_remote(root):
        # What speaks to object stores takes a while to import.
        from storage.remote_store import RemoteStore

        return RemoteStore(root)
    return Store(local_folder(root))


def store_exists(root: Path | str) -> bool:
    """Tell whether there is a store at an address.

    Raises
    ------
    StorageError
        If the address cannot be reached.
    """
    if isinstance(root, str) and is_remote(root):
        from storage.remote import RemoteFolder
        from storage.remote_store import MARKER

        return RemoteFolder(root).read(MARKER) is not None
    return os.path.isdir(local_folder(root) / "artifacts")


def why_no_store(root: Path | str) -> str:
    """Say of an address without a store whether a file is there, to be followed by the remedy."""
    a_file = not is_remote(root) and os.path.isfile(local_folder(root))
    return f"'{root}' is a file, no store" if a_file else f"There is no store at '{root}'"


def local_folder(root: Path | str) -> Path:
    """Return the folder that an address of this machine means, whoever expands ``~``: shells do not in ``--root=~/a``.

    >>> local_folder("file:///srv/store")
    PosixPath('/srv/store')
    """
    text = str(root)
    for start in _LOCAL:
        text = text.removeprefix(start)
    return Path(os.path.expanduser(text))
