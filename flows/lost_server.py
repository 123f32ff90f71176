"""A Prefect server that stops answering while a run is at work: said once, and never waited for longer than it helps.

Prefect tries everything again that a server did not take, each event for seconds, tells of each that it gives up, and
waits at a command's end until all are through. Results are in the store, whatever a server knows of them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from escgan.errors import ConfigError, EscganError
from flows.server import configured_server, trouble_with

LOG = logging.getLogger("escgan")

_UNSENT = logging.getLogger("prefect._internal.concurrency")
_UNSENT_TEXT = "failed to process item"
# Seconds double from one retry to the next: 2 and 4, in place of about a minute.
_RETRIES = 2
# Only of 5xx could it be that the server is not itself: others are this program's faults.
_SERVERS_FAULT = 500

_missed = threading.Event()


def is_away(error: BaseException) -> bool:
    """Tell whether an error, or what it was raised from, means that a server does not answer or is out of order."""
    import httpx

    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code >= _SERVERS_FAULT
    if isinstance(error, httpx.TransportError):
        return True
    cause = error.__cause__ or error.__context__
    return cause is not None and is_away(cause)


def miss() -> None:
    """Note that a server did not take something, and say so the first time."""
    if not _missed.is_set():
        _missed.set()
        LOG.warning(
            "The Prefect server at %s does not answer: the run goes on without it, its results are kept, and the "
            "server's pages lack what follows.",
            configured_server() or "its address",
        )


@contextmanager
def no_long_retries() -> Iterator[None]:
    """Try what only shows something a few times, and once after it was in vain: the run waits for it meanwhile."""
    from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

    with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0 if _missed.is_set() else _RETRIES}):
        yield


def answered() -> None:
    """Note that the server takes things again."""
    _missed.clear()


@contextmanager
def unsent_events_said_once() -> Iterator[None]:
    """While the block lasts, say once what Prefect would say of every event that a server did not take."""

    def said_once(record: logging.LogRecord) -> bool:
        if _UNSENT_TEXT not in record.getMessage():
            return True
        miss()
        return False

    _UNSENT.addFilter(said_once)
    try:
        yield
    finally:
        _UNSENT.removeFilter(said_once)


def is_lost() -> bool:
    """Tell whether the server that a run missed is away still, so that waiting for it helps nobody."""
    url = configured_server()
    return _missed.is_set() and url is not None and trouble_with(url) is not None


def server_lost(error: Exception) -> ConfigError | None:
    """Return what to say of a run that ended with an error because its server is away; None of any other error."""
    url = configured_server()
    # What was written for the user is more to the point, whatever the server did before.
    if url is None or isinstance(error, EscganError) or not is_away(error):
        return None
    miss()
    said = ConfigError(
        f"Prefect server: {url} does not answer any more; what was finished is kept: start it again, or unset "
        "PREFECT_API_URL, and run the same command to go on."
    )
    said.__cause__ = error
    return said
