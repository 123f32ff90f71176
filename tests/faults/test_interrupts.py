"""Ctrl-C and SIGTERM at random moments of every stage: how long until everything has ended, and what is left."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from itertools import pairwise
from statistics import median

import pytest

from tests.faults.commands import Talk, alive, digests, faults_of, finish, leftovers, start, write_config

pytestmark = pytest.mark.faults

GAN = {"kind": "escgan", "network": {"hidden": 4}, "training": {"epochs": 40, "batch_size": 64}, "delta": 5.0}
# Before the first word the interpreter itself starts, before the second Prefect does.
MOMENTS = ("imports", "escgan", "ingest", "features", "train", "augment", "evaluate", "report")
MOST_S = 2.0
KEPT = "Stopped. What was finished is kept: run the same command to go on."
AGAIN = "Stopped. Run the same command to start again."


def stop_and_measure(process: subprocess.Popen[str], number: int) -> float:
    """Signal the whole process group, as a terminal does, and tell how long until all of it has ended."""
    began = time.monotonic()
    # A service's stop and `kill` reach the command alone, Ctrl-C its children as well.
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    process.wait(timeout=60)
    while alive(process.pid):
        assert time.monotonic() - began < 60, alive(process.pid)
        time.sleep(0.01)
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("number", "code", "options", "rounds"),
    [(signal.SIGINT, 130, (), 2), (signal.SIGTERM, 143, (), 1), (signal.SIGINT, 130, ("--runner", "processes"), 2)],
    ids=["ctrl-c", "sigterm", "ctrl-c-processes"],
)
def test_a_run_stopped_at_random_moments_of_every_stage_ends_within_two_seconds_and_goes_on(
    tmp_path, cohort, number, code, options, rounds
):
    config = write_config(tmp_path / "stopped.yaml", augmenters=["none", GAN])

    def begin(root):
        return start("run", config, "--data", cohort, "--root", root, "--device", "cpu", *options)

    whole = begin(tmp_path / "whole")
    began = time.monotonic()
    talk = Talk(whole)
    whole.wait(900)
    said = talk.text()
    assert whole.returncode == 0, said
    starts = [began, *(talk.when(moment)[0] for moment in MOMENTS[1:]), time.monotonic()]
    lengths = dict(zip(MOMENTS, (b - a for a, b in pairwise(starts)), strict=True))
    expected = digests(tmp_path / "whole")
    draw = random.Random(code)
    root = tmp_path / "store"
    took: dict[str, list[float]] = {moment: [] for moment in MOMENTS}
    for moment in MOMENTS * rounds:
        process = begin(root)
        talk = Talk(process)
        if moment == "imports" or talk.wait_for(moment):
            # The interpreter's own first moments are not ours: it ends with a word of its own.
            first = 0.2 if moment == "imports" else 0.0
            time.sleep(first + draw.random() * (lengths[moment] - first))
        if process.poll() is not None:
            said = talk.text()
            assert process.returncode == 0, said
            continue
        seconds = stop_and_measure(process, number)
        said = talk.text()
        if process.returncode == 0:
            # All was done when the signal came; only the interpreter had not ended.
            assert "Stopped" not in said and "Report:" in said
            continue
        took[moment].append(seconds)
        print(f"{moment} {seconds:.2f} s", flush=True)
        assert process.returncode == code, (moment, said)
        assert said.splitlines()[-1] in (KEPT, AGAIN) and "Traceback" not in said, (moment, said)
        if moment not in ("imports", "escgan"):
            assert said.splitlines()[-1] == KEPT
        assert not root.exists() or faults_of(root) == {}, "a reader sees a partial artifact"
    said = finish(last := begin(root))
    assert last.returncode == 0, said
    assert digests(root) == expected and leftovers(root) == []
    every = [s for each in took.values() for s in each]
    figures = ", ".join(f"{moment} {' '.join(f'{s:.2f}' for s in each)}" for moment, each in took.items())
    print(f"\n{len(every)} stops: median {median(every):.2f} s, worst {max(every):.2f} s ({figures})")
    assert max(every) < MOST_S
