"""Ctrl-C and SIGTERM: stop at once, since nothing finished can be lost.

Waiting for the units in work would take as long as the slowest of them trains. Artifacts are published whole or not
at all and training resumes from its checkpoints, so leaving at any moment costs seconds of work.

One thread of its own hears the signals: the main thread may be in a long call, and Prefect puts a handler of its own
for SIGTERM in place while a flow runs. In all other threads SIGINT is blocked, which the processes that they start
inherit: a terminal sends Ctrl-C to every process of the command, and each would end with a traceback of its own.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from flows import answering

AGAIN = "Stopped. Run the same command to start again."
KEPT = "Stopped. What was finished is kept: run the same command to go on."
EXIT_CODES = {int(signal.SIGINT): 130, int(signal.SIGTERM): 143}

_LEAVE_WITHIN_S = 0.6
# Each look into a file lets go of the interpreter's lock, for which threads in work would let this one wait 5 ms.
_SWITCH_EVERY_S = 1e-5
# Ends by itself as soon as this process has, and removes what the process left in shared memory.
_TRACKER = b"multiprocessing.resource_tracker"
# What Python tells its audit hooks before it starts a process.
_STARTS = frozenset({"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system"})
_last_words = AGAIN
_stopping = threading.Event()
_ended_with: int | None = None
# Where a signal can be read from the moment it came, and what is held while one is taken from there.
_signals: int | None = None
_taking = threading.Lock()


def stop_at_signals() -> None:
    """From now on, end the process at the first SIGINT or SIGTERM, and without any farewell at the second.

    To be called by the main thread, before there are others. A signal that whoever started the command has told it to
    ignore, as shells do for jobs in the background, stays ignored.
    """
    heard = [number for number in EXIT_CODES if signal.getsignal(number) != signal.SIG_IGN]
    if not heard:
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    global _signals
    _signals = reading
    for number in heard:
        signal.signal(number, _leave_it_to_the_listener)
    # Registered before all others, this is called after them.
    atexit.register(_ignore, heard)
    threading.Thread(target=_listen, args=(reading,), name="stop at signals", daemon=True).start()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def keep_signals_from_processes() -> None:
    """Make sure that processes which this thread starts by `multiprocessing` inherit that SIGINT is blocked.

    The first of them makes it start a tracker, which ends with SIGINT unblocked in this thread. So it is started now.
    """
    from multiprocessing import resource_tracker

    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    resource_tracker.ensure_running()
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def said_when_stopped(words: str) -> Iterator[None]:
    """While the block lasts, let a command that is stopped say this, which tells how to go on."""
    global _last_words
    before, _last_words = _last_words, words
    try:
        yield
    finally:
        _last_words = before


def no_more_to_stop(code: int) -> None:
    """Tell that the command has ended with an exit code; a signal that still comes changes neither it nor its words.

    Where the process has been told to stop before, wait for its end: no other exit code may come before its own.
    """
    global _ended_with
    while _signals is not None and _readable(_signals, 0):
        # The listener has not had its turn yet: a handler of somebody else's can lead here at once.
        time.sleep(0.001)
    with _taking:
        if not _stopping.is_set():
            _ended_with = code
    if _stopping.is_set() and _ended_with is None:
        threading.Event().wait()


def end_without_waiting(code: int) -> None:
    """End the process, after `no_more_to_stop`, without waiting for threads that may be long in ending."""
    threading.Thread(target=_leave, args=(code,), daemon=True).start()
    time.sleep(_LEAVE_WITHIN_S)
    _end(code)


def _leave_it_to_the_listener(signum: int, frame: FrameType | None) -> None:
    """Do nothing: without any handler, Python would not pass the signal on to the listener."""


def _ignore(heard: list[int]) -> None:
    """Let no signal end the interpreter in its last moments, when nobody listens any more: all is done."""
    if not _stopping.is_set():
        for number in heard:
            signal.signal(number, signal.SIG_IGN)


def _listen(reading: int) -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    while not _stopping.is_set():
        _readable(reading, None)
        with _taking:
            # Python notes every signal that has a handler, and others may have set one.
            number = os.read(reading, 1)[0]
            if number in EXIT_CODES:
                _stopping.set()
                code = EXIT_CODES[number] if _ended_with is None else _ended_with
    sys.setswitchinterval(_SWITCH_EVERY_S)
    sys.addaudithook(_start_nothing_more)
    threading.Thread(target=_leave, args=(code,), daemon=True).start()
    _readable(reading, _LEAVE_WITHIN_S)
    _end(code)


def _start_nothing_more(event: str, arguments: tuple[object, ...]) -> None:
    """Hold up whoever is about to start a process: it would come too late to be ended with the others."""
    if event in _STARTS:
        threading.Event().wait()


def _readable(descriptor: int, within_s: float | None) -> bool:
    return bool(select.select([descriptor], [], [], within_s)[0])


def _leave(code: int) -> None:
    if _ended_with is None:
        sys.stderr.flush()
        show_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""
        os.write(2, f"{show_cursor}\n{_last_words}\n".encode())
        if answering.wanted():
            os.write(1, f"{json.dumps(answering.error_document(_last_words, code))}\n".encode())
    else:
        sys.stdout.flush()
        sys.stderr.flush()
    # What threads and processes say of being ended helps nobody, and these are the last words.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    _kill(_descendants())
    # Temporary folders and semaphores are removed; the listener waits a moment for it.
    atexit._run_exitfuncs()
    _end(code)


def _end(code: int) -> None:
    _kill(_descendants())
    os._exit(code)


def _kill(processes: list[int]) -> None:
    for process in processes:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _descendants() -> list[int]:
    """Return the processes that this one and its children have started: Prefect's server, workers of a pool."""
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            # Behind the name, which may hold anything: state and parent.
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            # It has ended meanwhile.
            continue
    found = [os.getpid()]
    for process in found:
        found += [child for child, parent in parents.items() if parent == process]
    return [process for process in found[1:] if not _is_tracker(process)]


def _is_tracker(process: int) -> bool:
    try:
        return _TRACKER in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False
