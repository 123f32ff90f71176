"""A lock between machines, for an object store that can refuse to overwrite.

Each key has a row of numbered tickets. The owner of the highest ticket holds the lock, renews the ticket while it
does, and marks it as given back when it ends. Whoever finds the highest ticket given back, or sees it unchanged for
longer than a lease lasts by its own clock, draws the next number; of two that try, the store lets one. The highest
ticket is never deleted, so that a number which was drawn too late is seen to be old. Clocks of different machines are
never compared.

A holder that was only asleep may wake beside its successor: both then compute the same, which costs time and
nothing else, because publication is safe without any lock.
"""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from storage.errors import StorageError
from storage.remote import RemoteFolder

LEASE_S = 60.0
_RENEWALS = 4
_POLL_S = 2.0
_WIDTH = 12


@contextmanager
def lease(
    folder: RemoteFolder,
    name: str,
    owner: str,
    *,
    on_wait: Callable[[], None] | None = None,
    lease_s: float = LEASE_S,
    poll_s: float = _POLL_S,
) -> Iterator[None]:
    """Hold the lock of a name for the length of a with-block.

    Parameters
    ----------
    folder : RemoteFolder
        Its `creates_exclusively` must be true.
    name : str
        Where the tickets lie, such as "locks/train/3fa9".
    owner : str
        Names the machine, within which the caller excludes others by other means: an own ticket that is found
        was left by a process that is dead, and is not waited for.
    on_wait : callable, optional
        Called once, before waiting, if another holds the lock.
    lease_s : float
        Seconds without a sign of life after which a holder is taken for dead. All machines must agree on it.
    poll_s : float
        Seconds between two looks at another's ticket.

    Yields
    ------
    None

    Raises
    ------
    StorageError
        If the store cannot be reached on entering.
    """
    ticket = _draw(folder, name, owner, on_wait, lease_s, poll_s)
    ended = threading.Event()
    renewing = threading.Thread(
        target=_renew, args=(folder, ticket, owner, ended, lease_s / _RENEWALS), name=f"lease {name}", daemon=True
    )
    renewing.start()
    try:
        yield
    finally:
        ended.set()
        renewing.join()
        # A ticket that cannot be given back runs out.
        with suppress(StorageError):
            folder.write(ticket, _mark(owner, held=False))


def _draw(
    folder: RemoteFolder, name: str, owner: str, on_wait: Callable[[], None] | None, lease_s: float, poll_s: float
) -> str:
    seen, since, told = None, 0.0, False
    while True:
        tickets = [each.name for each in folder.objects(name)]
        content = folder.read(tickets[-1]) if tickets else None
        # One that vanished was outdated, so that a higher one is there.
        vanished = bool(tickets) and content is None
        if not vanished:
            if (tickets, content) != seen:
                seen, since = (tickets, content), time.monotonic()
            stale = time.monotonic() - since > lease_s
            if content is None or _is_free(content, owner) or stale:
                number = int(tickets[-1].rpartition("/")[2]) + 1 if tickets else 1
                own = f"{name}/{number:0{_WIDTH}d}"
                if folder.create(own, _mark(owner, held=True)):
                    # Whoever was slow may have drawn a number that was used and deleted; then a higher is there.
                    tickets = [each.name for each in folder.objects(name)]
                    if tickets[-1:] == [own]:
                        folder.delete(tickets[:-1])
                        return own
                    folder.delete([own])
                continue
        if not told and on_wait is not None:
            on_wait()
        told = True
        time.sleep(poll_s)


def _renew(folder: RemoteFolder, ticket: str, owner: str, ended: threading.Event, every_s: float) -> None:
    while not ended.wait(every_s):
        # What cannot be written now may be the next time.
        with suppress(StorageError):
            folder.write(ticket, _mark(owner, held=True))


def _mark(owner: str, held: bool) -> bytes:
    # The beat makes every renewal differ from the one before.
    return json.dumps({"owner": owner, "process": os.getpid(), "held": held, "beat": uuid.uuid4().hex}).encode()


def _is_free(content: bytes, owner: str) -> bool:
    try:
        ticket = json.loads(content)
        return not ticket["held"] or ticket["owner"] == owner
    except (ValueError, TypeError, KeyError):
        # Damaged: it will be found unchanged.
        return False
