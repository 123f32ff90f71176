"""Seconds and memory of the parts of a unit's work, for its artifact's manifest."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PAGE_MB = resource.getpagesize() / 2**20


class Parts:
    """The named parts of one unit's work, in the order they began.

    Memory is the process', in which other units may be at work: what is told of a part is the most that the
    process is known to have held while the part lasted.
    """

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, float]] = {}

    @contextmanager
    def part(self, name: str, share: float = 1.0) -> Iterator[None]:
        """Count the block to a part; a part that is entered again goes on.

        ``share`` is this unit's of the seconds, where the block computes several units.
        """
        began, before, highest = time.perf_counter(), _resident_mb(), _highest_mb()
        try:
            yield
        finally:
            row = self._rows.setdefault(name, {"seconds": 0.0, "peak_memory_mb": 0.0})
            row["seconds"] = round(row["seconds"] + share * (time.perf_counter() - began), 6)
            known = [row["peak_memory_mb"], before, _resident_mb()]
            if _highest_mb() > highest:
                known.append(_highest_mb())
            row["peak_memory_mb"] = round(max(known), 3)

    def rows(self) -> list[dict[str, float | str]]:
        """Return one row a part: its name, seconds and peak memory in MiB."""
        return [{"part": name, **row} for name, row in self._rows.items()]


def _highest_mb() -> float:
    # Linux counts in KiB.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _resident_mb() -> float:
    try:
        return int(Path("/proc/self/statm").read_bytes().split()[1]) * _PAGE_MB
    except OSError:
        return 0.0
