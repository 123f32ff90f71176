"""What units share that run side by side in threads: thread counts and MNE's log level."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Let every unit compute on one thread.

    Units run side by side, which uses the cores better than threads inside the small operations of one unit; and
    sums in a fixed order give the same bytes on machines with more or fewer cores.
    """
    from threadpoolctl import threadpool_limits

    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else os.cpu_count() or 1
    if torch:
        torch.set_num_threads(1)
    try:
        # Libraries that the first unit loads read the environment: a run from the cache never waits for them.
        with _environment(_THREAD_VARIABLES, "1"), threadpool_limits(1):
            yield
    finally:
        if torch := sys.modules.get("torch"):
            torch.set_num_threads(before)


@contextmanager
def quiet_mne() -> Iterator[None]:
    """Let MNE report errors alone, in all threads.

    Each call with ``verbose="error"`` changes the level for the whole process and puts it back when it ends, so that
    a second thread would meet the level of the first's beginning in the middle of its own call.
    """
    mne = sys.modules.get("mne")
    before = mne.set_log_level("error", return_old_level=True) if mne else None
    try:
        with _environment(["MNE_LOGGING_LEVEL"], "ERROR"):
            yield
    finally:
        if mne := sys.modules.get("mne"):
            # None: what the user has configured, as when it is first imported.
            mne.set_log_level(before)


@contextmanager
def _environment(names: Sequence[str], value: str) -> Iterator[None]:
    """Set environment variables while the block lasts."""
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, value))
    try:
        yield
    finally:
        for name, old in before.items():
            if old is None:
                del os.environ[name]
            else:
                os.environ[name] = old
