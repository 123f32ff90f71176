"""Prefect's settings for runs from the command line.

Prefect reads its environment when it is first imported, so this is applied before. What the user has set wins.
"""

from __future__ import annotations

import os
from pathlib import Path

from flows.server import configured_server


def prepare_prefect(root: Path) -> None:
    """Keep Prefect's own database inside the store, give its start time, and let it tell nobody.

    Where an API is configured (``PREFECT_API_URL``), that server is used and only the manners are set.
    """
    defaults = {
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_CLI_PROMPT": "false",
        # Errors reach the user as one sentence; Prefect would print each with a traceback, once a task.
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
        # The same of its server and its database, which complain when a run ends before all events are written.
        "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    }
    if configured_server() is None:
        # Set but empty, Prefect would take it for an address.
        os.environ.pop("PREFECT_API_URL", None)
        home = root.expanduser().absolute() / "prefect"
        if "PREFECT_HOME" not in os.environ:
            # Prefect creates its home only where the parent exists.
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
        defaults |= {
            # Two stores must never see each other's records.
            "PREFECT_HOME": str(home),
            # A fresh database takes up to half a minute on a slow disk.
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
            "PREFECT_LOGGING_TO_API_ENABLED": "false",
        }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
