"""What a run shows while it works: a bar a stage, or lines where nobody watches a terminal."""

from __future__ import annotations

import threading
import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from tasks.progress import Counts, Listener

_DOING = {
    "ingest": "reading and preprocessing",
    "features": "measuring features",
    "separation": "looking for bands that give a class away",
    "train": "training augmenters",
    "augment": "making windows",
    "evaluate": "training and testing classifiers",
    "report": "writing the report",
    "robustness": "attacking classifiers",
    "fidelity": "measuring edits",
    "study": "reading the results",
}
# Between two lines of one stage in a log file: at first so long, later this share of the time that the stage has taken,
# so that an hour's stage makes some sixty lines and a night's a hundred.
_LINE_EVERY_S = 30.0
_LINE_EVERY_SHARE = 0.05
# Units that end so soon were in the store, where a server shows these as well: they say nothing of how long the others
# will take.
_AT_ONCE_S = 1.0


class RunDisplay(Listener):
    """A progress listener: shows each stage's units, done and in work, with the time left."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            *_columns(console.width),
            console=console,
            disable=not console.is_terminal,
        )
        self._lock = threading.Lock()
        self._bars: dict[str, TaskID] = {}
        self._shares: dict[str, dict[str, float]] = {}
        self._totals: dict[str, int] = {}
        self._began: dict[str, float] = {}
        self._stored: dict[str, int] = {}
        self._at_once: dict[str, float] = {}
        self._spoke: dict[str, float] = {}

    def __enter__(self) -> RunDisplay:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def part(self, name: str) -> None:
        """Begin a part of a run: its stages are counted anew."""
        with self._lock:
            for bar in self._bars.values():
                self._progress.remove_task(bar)
            for known in (self._bars, self._shares, self._totals, self._stored, self._at_once):
                known.clear()
            self._console.print(name, style="bold")

    def begin(self, stage: str, n_units: int, stored: int = 0) -> None:
        """Show a stage, and how many of its units need not be computed."""
        with self._lock:
            self._totals[stage], self._stored[stage], self._shares[stage] = n_units, stored, {}
            self._began[stage] = self._spoke[stage] = time.monotonic()
            doing = _DOING.get(stage, stage)
            if self._console.is_terminal:
                self._bars[stage] = self._progress.add_task(
                    doing, total=n_units + stored, completed=stored, stage=stage, note=_note(Counts(stored=stored))
                )
            elif n_units:
                known = f", {stored} in the store" if stored else ""
                self._console.print(f"{stage}: {doing}, {n_units} to do{known}")

    def share(self, stage: str, unit: str, share: float) -> None:
        """Move a stage's bar, or say now and then how far it is."""
        with self._lock:
            if stage not in self._totals:
                return
            # Late partial reports must not take back a unit that has ended.
            self._shares[stage][unit] = max(share, self._shares[stage].get(unit, 0.0))
            if self._console.is_terminal:
                done = self._stored[stage] + sum(self._shares[stage].values())
                self._progress.update(self._bars[stage], completed=round(done, 2))
            else:
                self._speak(stage)

    def end(self, stage: str, counts: Counts) -> None:
        """Say what became of a stage's units."""
        with self._lock:
            if stage not in self._totals:
                return
            if self._console.is_terminal:
                done = counts.computed + counts.stored
                self._progress.update(self._bars[stage], completed=done, note=_note(counts))
            elif told := _ends(counts, time.monotonic() - self._began[stage]):
                self._console.print(f"{stage}: {told}")

    def _speak(self, stage: str) -> None:
        now = time.monotonic()
        done, total = sum(self._shares[stage].values()), self._totals[stage]
        ended = sum(share >= 1 for share in self._shares[stage].values())
        taken = now - self._began[stage]
        if taken < _AT_ONCE_S:
            self._at_once[stage] = done
        if ended == total:
            # How its units have ended is said when all of the stage is known.
            return
        computed = done - self._at_once.get(stage, 0.0)
        if now - self._spoke[stage] >= max(_LINE_EVERY_S, _LINE_EVERY_SHARE * taken) and computed > 0:
            left = duration(taken * (total - done) / computed)
            self._console.print(f"{stage}: {done:.1f} of {total}, about {left} left")
            self._spoke[stage] = now


def _ends(counts: Counts, taken_s: float) -> str:
    """Write how a stage's units have ended, and how long those took that the store did not hold.

    >>> _ends(Counts(computed=2, stored=2), 40), _ends(Counts(stored=4), 0), _ends(Counts(1, 0, 11), 5)
    ('2 done in 40 s, 2 in the store', '4 in the store', '1 done, 11 failed in 5 s')
    """
    worked = [f"{n} {how}" for n, how in ((counts.computed, "done"), (counts.failed, "failed")) if n]
    parts = [f"{', '.join(worked)} in {duration(taken_s)}"] if worked else []
    return ", ".join([*parts, *([f"{counts.stored} in the store"] if counts.stored else [])])


def _note(counts: Counts) -> str:
    """Write beside a bar what its count does not tell."""
    noted = ((counts.stored, "in the store"), (counts.failed, "failed"))
    return ", ".join(f"{n} {how}" for n, how in noted if n)


def _columns(width: int) -> tuple[ProgressColumn, ...]:
    """Return what of each stage fits beside each other: always its name, the count and the time left."""
    count = (MofNCompleteColumn(), TextColumn("left"), TimeRemainingColumn())
    if width < 60:
        return (TextColumn("{task.fields[stage]:<10}"), *count)
    note = TextColumn("{task.fields[note]}")
    if width < 110:
        return (TextColumn("{task.fields[stage]:<10}"), BarColumn(16), *count, *([note] if width >= 80 else []))
    return (TextColumn("{task.description:<27}"), BarColumn(), count[0], TimeElapsedColumn(), *count[1:], note)


def duration(seconds: float) -> str:
    """Write a duration for people.

    >>> duration(4.2), duration(75), duration(7500)
    ('4 s', '1 min 15 s', '2 h 5 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"
