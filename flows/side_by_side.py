"""What units share that run side by side in threads: thread counts and MNE's log level."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Let every unit compute on one thread.

    Units run side by side, which uses the cores better than threads inside the small operations of one unit; and
    sums in a fixed order give the same bytes on machines with more or fewer cores.
    """
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def quiet_mne() -> Iterator[None]:
    """Let MNE report errors alone, in all threads.

    Each call with ``verbose="error"`` changes the level for the whole process and puts it back when it ends, so that
    a second thread would meet the level of the first's beginning in the middle of its own call.
    """
    import mne

    before = mne.set_log_level("error", return_old_level=True)
    try:
        yield
    finally:
        mne.set_log_level(before)
