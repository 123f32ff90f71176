"""How far each stage has come, told by tasks and shown by whoever listens.

Tasks run in the threads of one process; a run registers one listener, and without one nothing is shown.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[str, str, float], None]

_lock = threading.Lock()
_listeners: list[Listener] = []


def announce(stage: str, n_units: int) -> None:
    """Tell listeners that a stage begins, and of how many units."""
    _tell(stage, "", float(n_units))


def announce_part(name: str) -> None:
    """Tell listeners that a part of a run begins, which goes through stages of its own."""
    _tell("", name, 0.0)


def report_share(stage: str, unit: str, share: float) -> None:
    """Tell listeners which share (0 to 1) of a unit is done."""
    _tell(stage, unit, share)


def _tell(stage: str, unit: str, value: float) -> None:
    with _lock:
        current = list(_listeners)
    for listener in current:
        listener(stage, unit, value)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Call a listener with (stage, unit, share) while the block lasts.

    A stage that begins is told as (stage, "", number of units), a part of a run as ("", its name, 0).
    """
    with _lock:
        _listeners.append(listener)
    try:
        yield
    finally:
        with _lock:
            _listeners.remove(listener)
