"""Ctrl-C: stop at once, since nothing finished can be lost.

Waiting for the units in work would take as long as the slowest of them trains. Artifacts are published whole or not
at all and training resumes from its checkpoints, so leaving at any moment costs seconds of work.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console

EXIT_CODE = 130
_LEAVE_WITHIN_S = 1.5


@contextmanager
def stopping_at_once(console: Console) -> Iterator[None]:
    """End the process at the first SIGINT while the block lasts, after telling how to go on.

    Prefect's own server is told to end by its exit handler, which gets a moment; threads in work are not waited for.
    """

    def stop(signum: int, frame: FrameType | None) -> None:
        console.show_cursor(True)
        sys.stderr.write("\nStopped. What was finished is kept: run the same command to go on.\n")
        sys.stderr.flush()
        closing = threading.Thread(target=atexit._run_exitfuncs, daemon=True)
        closing.start()
        closing.join(_LEAVE_WITHIN_S)
        os._exit(EXIT_CODE)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
