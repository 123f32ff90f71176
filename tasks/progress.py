"""How far each stage has come, told by tasks and flows and shown by whoever listens.

Tasks run in the threads of one process; a run registers one listener, and without one nothing is shown.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Counts:
    """How the units of a stage have ended: computed, found in the store, or failed."""

    computed: int = 0
    stored: int = 0
    failed: int = 0


class Listener:
    """Hears how far a run is. What a listener does not care for, it leaves as it is here."""

    def part(self, name: str) -> None:
        """Hear that a part of a run begins, which goes through stages of its own."""

    def begin(self, stage: str, n_units: int, stored: int = 0) -> None:
        """Hear that a stage begins: how many units are to be computed, and how many are known to be in the store."""

    def share(self, stage: str, unit: str, share: float) -> None:
        """Hear which share (0 to 1) of a unit is done; 1 also where it failed."""

    def end(self, stage: str, counts: Counts) -> None:
        """Hear how all units of a stage have ended."""


_lock = threading.Lock()
_listeners: list[Listener] = []


def announce(stage: str, n_units: int, stored: int = 0) -> None:
    """Tell listeners that a stage begins, how many units it computes, and how many more the store holds."""
    _tell(lambda listener: listener.begin(stage, n_units, stored))


def announce_part(name: str) -> None:
    """Tell listeners that a part of a run begins, which goes through stages of its own."""
    _tell(lambda listener: listener.part(name))


def report_share(stage: str, unit: str, share: float) -> None:
    """Tell listeners which share (0 to 1) of a unit is done."""
    _tell(lambda listener: listener.share(stage, unit, share))


def conclude(stage: str, counts: Counts) -> None:
    """Tell listeners how all units of a stage have ended."""
    _tell(lambda listener: listener.end(stage, counts))


def _tell(tell: Callable[[Listener], None]) -> None:
    with _lock:
        current = list(_listeners)
    for listener in current:
        tell(listener)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Let a listener hear what is told while the block lasts."""
    with _lock:
        _listeners.append(listener)
    try:
        yield
    finally:
        with _lock:
            _listeners.remove(listener)
