"""Private folders, durable writes, and disk failures told as one sentence.

A renamed folder survives a power cut only if its files, the folder and its parent were all flushed: the
functions here are the pieces of that promise.
"""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from storage.errors import StorageError

_FULL = "free some space and run again"
_CLOSED = "choose a store folder that you may write to"
_OCCUPIED = "move it away or choose another store folder"
_CAUSES = {
    errno.ENOSPC: ("the disk is full", _FULL),
    errno.EDQUOT: ("the disk quota is used up", _FULL),
    errno.EROFS: ("the file system is read-only", _CLOSED),
    errno.EACCES: ("permission is denied", _CLOSED),
    errno.EPERM: ("the operation is not permitted", _CLOSED),
    errno.ENOTDIR: ("a file stands where a folder is needed", _OCCUPIED),
    errno.EEXIST: ("a file stands where a folder is needed", _OCCUPIED),
    errno.ENAMETOOLONG: ("a name is longer than the file system takes", "choose a store folder with a shorter name"),
}


@contextmanager
def disk_errors_explained(action: str, root: Path) -> Iterator[None]:
    """Turn a full or closed disk inside a with-block into a StorageError that names the remedy.

    Parameters
    ----------
    action : str
        What was being done, to follow "Cannot".
    root : Path
        The store. An error that names a file elsewhere is not the store's, and passes unchanged.

    Yields
    ------
    None

    Raises
    ------
    StorageError
        From the OSError, for a full disk, a used-up quota, a read-only file system or a denied permission.
    """
    try:
        yield
    except OSError as error:
        cause = _CAUSES.get(error.errno or 0)
        if cause is None or not _may_concern(error, root):
            raise
        reason, remedy = cause
        raise StorageError(f"Cannot {action} in {root}, {reason}: {remedy}.") from error


def private_folder(path: Path) -> Path:
    """Create a folder that only its owner can enter, and close an existing one to others.

    Parameters
    ----------
    path : Path
        Missing parents are created with the usual permissions.

    Returns
    -------
    Path
        The same path.

    Raises
    ------
    OSError
        If it cannot be created.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        flush_folder(path.parent)
        status = path.stat()
    if status.st_mode & 0o777 != 0o700 and status.st_uid == os.geteuid():
        # A store on a read-only disk can still be read; its permissions are what they are.
        with suppress(OSError):
            path.chmod(0o700)
    return path


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that readers see the old content or the new, never a part.

    Raises
    ------
    OSError
        If it cannot be written; the old file then stands.
    """
    partial = path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def flush_file(path: Path) -> None:
    """Wait until a file's bytes are on the disk.

    Raises
    ------
    OSError
        If they cannot be written, for instance because the disk is full.
    """
    _flush(path, os.O_RDONLY | os.O_NOFOLLOW)


def flush_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk.

    Raises
    ------
    OSError
        If they cannot be written.
    """
    _flush(path, os.O_RDONLY | os.O_DIRECTORY)


def delete_tree(path: Path) -> None:
    """Delete a file, a link or a whole folder as far as possible; what is absent is no error."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def tree_bytes(path: Path) -> int:
    """Sum the sizes in bytes of the files below a path, without following links; 0 if it is absent."""
    if path.is_symlink() or path.is_file():
        return path.lstat().st_size
    return sum((Path(folder) / name).lstat().st_size for folder, _, names in os.walk(path) for name in names)


def _flush(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _may_concern(error: OSError, root: Path) -> bool:
    # Failed writes (and every HDF5 error) carry no file name.
    if not isinstance(error.filename, str | os.PathLike):
        return True
    path = Path(os.path.abspath(error.filename))
    return path.is_relative_to(root) or root.is_relative_to(path)
