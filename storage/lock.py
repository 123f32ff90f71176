"""Exclusive locks between threads and processes, which the kernel releases when their holder dies.

`flock` belongs to an open file description. Opening the file anew for each lock makes two threads of one
process exclude each other as two processes do. A forked child inherits the description and would keep the
lock alive after its parent was killed, so children close what they inherit. Lock files are never deleted: a
lock on a deleted file excludes nobody.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_held: set[int] = set()


def _close_inherited() -> None:
    while _held:
        os.close(_held.pop())


os.register_at_fork(after_in_child=_close_inherited)


@contextmanager
def file_lock(path: Path, *, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold an exclusive lock for the length of a with-block.

    The lock is not re-entrant: taking it again inside the block waits for ever.

    Parameters
    ----------
    path : Path
        The lock file, created with its parent folders if absent, and left in place.
    on_wait : callable, optional
        Called once, before waiting, if another holds the lock.

    Yields
    ------
    None

    Raises
    ------
    OSError
        If the lock file can be neither opened nor created.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    _held.add(descriptor)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if on_wait is not None:
                on_wait()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        # A child forked inside the block has closed its copy, and must not release the parent's lock.
        if descriptor in _held:
            _held.discard(descriptor)
            # Closing alone would leave the lock with any copy of the descriptor.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Tell whether anyone, this process included, holds the lock on a file.

    Parameters
    ----------
    path : Path
        A lock file; it is not created.

    Returns
    -------
    bool
        False also when there is no such file. The answer may be out of date on return, unless the caller
        prevents others from taking the lock.

    Raises
    ------
    OSError
        If the file exists but cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
