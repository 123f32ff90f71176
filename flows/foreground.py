"""A flow in the foreground of a terminal: what it shows, how it stops, what becomes of its errors."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.logging import RichHandler

from flows.console import answer_console, progress_console
from flows.display import RunDisplay
from flows.environment import prepare_prefect
from flows.interrupt import KEPT, said_when_stopped
from flows.lost_server import server_lost, unsent_events_said_once
from flows.server import refuse_settings_of_prefect, refuse_unusable_server

if TYPE_CHECKING:
    from storage.store import Store


@contextmanager
def foreground(
    root: Path | str, title: str, check: Callable[[Store], None], when_stopped: str = KEPT
) -> Iterator[Console]:
    """Start Prefect and show progress while the block runs a flow; Ctrl-C says ``when_stopped``.

    ``check`` is called with the store before Prefect is imported, which takes long: it raises what is known by then.

    Gives the console on which the outcome is to be printed: it alone reaches standard output. An error written for
    the user is passed on; the traceback of any other is kept in a file of the store.
    """
    from storage.disk import disk_errors_explained
    from storage.opening import open_store

    # Opened first: a store that cannot be written is said in one sentence, before anything is started.
    store = open_store(root)
    try:
        check(store)
    except Exception as error:
        _raise_or_log(error, store.root)
    # Prefect's server would wait for minutes for a database that it cannot write.
    store.refuse_unwritable()
    with disk_errors_explained("run", store.root):
        prepare_prefect(store.root)
    console = progress_console()
    _log_to(console)
    console.print(f"escgan: {title}; the store is {root}", soft_wrap=True)
    with console.status("starting Prefect ..."):
        refuse_settings_of_prefect()
        from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

        from tasks.progress import listening

        refuse_unusable_server()
    try:
        # Heartbeats serve deployments; a run in the foreground would only wait for their thread to end.
        with (
            said_when_stopped(when_stopped),
            unsent_events_said_once(),
            temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
            RunDisplay(console) as display,
            listening(display),
        ):
            outcome = answer_console()
            with redirect_stdout(sys.stderr):
                yield outcome
    except Exception as error:
        _raise_or_log(server_lost(error) or error, store.root)


def _log_to(console: Console) -> None:
    handler = RichHandler(console=console, show_time=False, show_level=False, show_path=False)
    said: set[str] = set()

    def unsaid(record: logging.LogRecord) -> bool:
        # A warning on a setting comes from every recording; people need it once.
        message = record.getMessage()
        new = message not in said
        said.add(message)
        return new

    handler.addFilter(unsaid)
    # What other packages warn of is not written for this program's users; Prefect tells of its own shutdown that way.
    logging.basicConfig(level=logging.ERROR, format="%(message)s", handlers=[handler])
    logging.getLogger("escgan").setLevel(logging.INFO)


def _raise_or_log(error: Exception, root: Path) -> None:
    """Pass on errors written for the user; keep the traceback of any other in a file."""
    from escgan.errors import EscganError
    from flows.exit_codes import UnexpectedError
    from storage.errors import StorageError

    if isinstance(error, EscganError | StorageError):
        raise error
    from storage.disk import disk_errors_explained

    log = root / "logs" / f"{datetime.now(UTC):%Y%m%dT%H%M%S}.log"
    with disk_errors_explained(f"keep the traceback of an unexpected {type(error).__name__}", root):
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    raise UnexpectedError(
        f"unexpected {type(error).__name__}: {error} (details in {log}; finished work is kept)"
    ) from error
