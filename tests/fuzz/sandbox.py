"""A process that judges inputs in children of its own, many in each: none can take it, or the tests, along.

``python -m tests.fuzz.sandbox FOLDER`` answers lines of JSON with lines of JSON. With a job and a number after the
folder it does that one input again, in the open.
"""

from __future__ import annotations

import gc
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).parents[2]
WALL_S = 90.0
"""After so long without a word a child is ended: it sleeps, or waits for something."""
_SIGNALS = {signal.SIGPROF: "took more than {cpu:g} s of the processor", signal.SIGKILL: "did not end in {wall:g} s"}


class Attempting(Protocol):
    """A file to be damaged, where it lies, and its judge."""

    data: Path
    path: Path
    content: bytes
    judge: Any


class Job(Protocol):
    """Inputs by their numbers, and the files that they damage."""

    originals: dict[Path, bytes]

    def attempt(self, index: int) -> Attempting:
        """Return one input."""
        ...


@dataclass
class Outcome:
    """What became of a run of inputs; ``findings`` are numbers and sentences."""

    tried: int = 0
    valid: int = 0
    refused: int = 0
    findings: list[tuple[int, str]] = field(default_factory=list)
    wall_s: float = 0.0


class Sandbox:
    """The process, from the tests' side."""

    def __init__(self, folder: Path) -> None:
        single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        home = folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, **single, "HOME": str(home), "MPLCONFIGDIR": str(home), "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.sandbox", str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment,
        )  # fmt: skip

    def run(self, job: str, start: int, stop: int) -> Outcome:
        """Judge the inputs of a job from ``start`` to below ``stop``."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps([job, start, stop]) + "\n")
        self._process.stdin.flush()
        outcome, began = Outcome(), time.monotonic()
        for line in self._process.stdout:
            answer = json.loads(line)
            if answer["verdict"] == "end":
                outcome.wall_s = time.monotonic() - began
                return outcome
            if answer["verdict"] == "broken":
                raise RuntimeError(answer["words"])
            outcome.tried += 1
            if answer["verdict"] in ("valid", "refused"):
                setattr(outcome, answer["verdict"], getattr(outcome, answer["verdict"]) + 1)
            else:
                outcome.findings.append((answer["index"], answer["words"]))
        raise RuntimeError("The sandbox itself ended.")

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(30)


def judged(attempt: Attempting, index: int, watch: Any, temporary: Path) -> dict[str, Any]:
    """Judge one input and return its answer."""
    from tests.fuzz.jobs import place
    from tests.fuzz.verdicts import told
    from tests.fuzz.watch import CPU_S, limit_time

    place(attempt, index)
    before = _listing(attempt.data)
    words = ""
    watch.arm(attempt.data)
    limit_time(CPU_S)
    try:
        verdict = attempt.judge(attempt.data)
    except BaseException as error:
        # Whatever comes is a finding, the exceptions of the watch and of exit among them.
        verdict, words = "finding", told(error)
    limit_time(0)
    watch.disarm()
    if watch.breaches:
        verdict, words = "finding", f"forbidden: {'; '.join(watch.breaches[:3])} ({words})"
    after = _listing(attempt.data)
    if after != before:
        verdict, words = "finding", f"wrote into the data folder: {sorted(after ^ before)[:3]} ({words})"
    if left := [path.name for path in temporary.iterdir()]:
        verdict, words = "finding", f"left in the temporary folder: {left[:3]} ({words})"
        for name in left:
            shutil.rmtree(temporary / name, ignore_errors=True)
            (temporary / name).unlink(missing_ok=True)
    return {"verdict": verdict, "words": words, "index": index}


def serve(folder: Path) -> None:
    """Answer requests until there are no more."""
    from tests.fuzz.all_jobs import check_sound, job_called

    for line in sys.stdin:
        name, start, stop = json.loads(line)
        try:
            job = job_called(name, folder)
            if unsound := check_sound(job):
                raise AssertionError(f"the undamaged {name} of {unsound} is not valid")
            job.prepare(start)
            for answer in _run(job, start, stop, folder):
                print(json.dumps(answer), flush=True)
        except Exception as error:  # the tests say what is wrong with them
            print(json.dumps({"verdict": "broken", "words": f"{type(error).__name__}: {error}"}), flush=True)
            raise
        print(json.dumps({"verdict": "end"}), flush=True)


def _run(job: Job, start: int, stop: int, folder: Path) -> Iterator[dict[str, Any]]:
    """Judge inputs in a child, and go on in another behind an input that ended it."""
    from tests.fuzz.watch import CPU_S

    while start < stop:
        for path, content in job.originals.items():
            path.write_bytes(content)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _child(job, start, stop, folder, writing)
        os.close(writing)
        for answer in _answers(reading, child):
            yield answer
            start = answer["index"] + 1
        _, status = os.waitpid(child, 0)
        if start < stop:
            number = os.waitstatus_to_exitcode(status)
            words = _SIGNALS.get(-number, "ended the process with status {number}")
            yield {
                "verdict": "finding",
                "words": words.format(cpu=CPU_S, wall=WALL_S, number=number),
                "index": start,
            }
            start += 1
    for path, content in job.originals.items():
        path.write_bytes(content)


def _answers(reading: int, child: int) -> Iterator[dict[str, Any]]:
    with os.fdopen(reading) as file:
        while True:
            if not select.select([file], [], [], WALL_S)[0]:
                os.kill(child, signal.SIGKILL)
                return
            line = file.readline()
            if not line:
                return
            yield json.loads(line)


def _child(job: Job, start: int, stop: int, folder: Path, writing: int) -> None:
    """Judge, answer and never return."""
    from tests.fuzz.watch import Watch, limit_process

    status = 1
    try:
        temporary = folder / "temporary"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        tempfile.tempdir = str(temporary)
        os.chdir(temporary)
        warnings.simplefilter("ignore")
        watch = Watch(temporary)
        limit_process()
        with os.fdopen(writing, "w", buffering=1) as answers:
            for index in range(start, stop):
                answers.write(json.dumps(judged(job.attempt(index), index, watch, temporary)) + "\n")
                if index % 50 == 0:
                    gc.collect()
        status = 0
    finally:
        os._exit(status)


def _listing(data: Path) -> set[str]:
    return {f"{path.relative_to(data)}" for path in data.rglob("*")}


if __name__ == "__main__":
    from tests.fuzz.all_jobs import job_called, warm_up

    place_of_all = Path(sys.argv[1]).resolve()
    warm_up(place_of_all)
    if len(sys.argv) > 2:
        asked = job_called(sys.argv[2], place_of_all)
        asked.prepare(int(sys.argv[3]))
        alone = asked.attempt(int(sys.argv[3]))
        alone.path.write_bytes(alone.content)
        print(alone.path, alone.content[:600], sep="\n")
        print(alone.judge(alone.data))
    else:
        serve(place_of_all)
