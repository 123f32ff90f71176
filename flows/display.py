"""What a run shows while it works: a bar a stage, or lines where nobody watches a terminal."""

from __future__ import annotations

import threading
import time
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

_DOING = {
    "ingest": "reading and preprocessing",
    "features": "measuring features",
    "train": "training augmenters",
    "augment": "making windows",
    "evaluate": "training and testing classifiers",
    "report": "writing the report",
    "robustness": "attacking classifiers",
    "fidelity": "measuring edits",
    "study": "reading the results",
}
# Between two lines of one stage in a log file.
_LINE_EVERY_S = 30.0


class RunDisplay:
    """A progress listener: shows each stage's units, done and in work, with the time left."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description:<27}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._lock = threading.Lock()
        self._bars: dict[str, TaskID] = {}
        self._shares: dict[str, dict[str, float]] = {}
        self._totals: dict[str, int] = {}
        self._began: dict[str, float] = {}
        self._spoke: dict[str, float] = {}
        self._closed: dict[str, float] = {}

    def __enter__(self) -> RunDisplay:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, stage: str, unit: str, share: float) -> None:
        """Take a report from a task; an empty unit announces the stage's number of units, an empty stage a part."""
        with self._lock:
            if not stage:
                self._head(unit)
                return
            if not unit:
                self._begin(stage, int(share))
                return
            if stage not in self._totals:
                return
            # Late partial reports must not take back a unit that has ended.
            self._shares[stage][unit] = max(share, self._shares[stage].get(unit, 0.0))
            if self._console.is_terminal:
                self._progress.update(self._bars[stage], completed=round(sum(self._shares[stage].values()), 2))
            else:
                self._speak(stage)

    def _head(self, part: str) -> None:
        """Begin a part of a run: its stages are counted anew."""
        for bar in self._bars.values():
            self._progress.remove_task(bar)
        for known in (self._bars, self._shares, self._totals, self._closed):
            known.clear()
        self._console.print(f"[bold]{escape(part)}[/bold]", highlight=False)

    def _begin(self, stage: str, total: int) -> None:
        self._totals[stage], self._shares[stage] = total, {}
        self._began[stage] = self._spoke[stage] = time.monotonic()
        if self._console.is_terminal:
            self._bars[stage] = self._progress.add_task(_DOING.get(stage, stage), total=total)
        else:
            self._console.print(f"{stage}: {_DOING.get(stage, stage)}, {total} to do")

    def _speak(self, stage: str) -> None:
        now = time.monotonic()
        done, total = sum(self._shares[stage].values()), self._totals[stage]
        ended = sum(share >= 1 for share in self._shares[stage].values())
        taken = now - self._began[stage]
        if ended == total:
            # A unit reports its end itself and again when its task ends: say it once.
            if self._closed.get(stage) is None:
                self._console.print(f"{stage}: {total} done in {duration(taken)}")
                self._closed[stage] = now
        elif now - self._spoke[stage] >= _LINE_EVERY_S and done > 0:
            left = duration(taken * (total - done) / done)
            self._console.print(f"{stage}: {done:.1f} of {total}, about {left} left")
            self._spoke[stage] = now


def duration(seconds: float) -> str:
    """Write a duration for people.

    >>> duration(4.2), duration(75)
    ('4 s', '1 min 15 s')
    """
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"
