"""Many processes at once on one store."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import pytest

from tests.faults.commands import Talk, digests, faults_of, finish, leftovers, start, write_config

pytestmark = pytest.mark.faults

N = 8


def counted(said):
    """How many results a command computed, and how many it took from the store."""
    if found := re.search(r"all (\d+) results came from the store", said):
        return 0, int(found[1])
    made, reused = re.search(r"Computed (\d+) results?", said), re.search(r"reused (\d+) from", said)
    return int(made[1]), int(reused[1]) if reused else 0


def test_processes_with_one_configuration_compute_every_key_once(tmp_path, cohort):
    config, root = write_config(tmp_path / "same.yaml"), tmp_path / "store"
    running = [start("run", config, "--data", cohort, "--root", root, "--device", "cpu") for _ in range(N)]
    said = [finish(each) for each in running]
    assert [each.returncode for each in running] == [0] * N, said
    counts = [counted(each) for each in said]
    assert sum(made for made, _ in counts) == len(digests(root)) + 1 == 26
    assert all(made + reused == 26 for made, reused in counts)
    assert len({re.search(r"On 4 unseen.*", each)[0] for each in said}) == 1
    assert faults_of(root) == {} and leftovers(root) == []


def test_processes_with_overlapping_configurations_share_what_they_have_in_common(tmp_path, cohort):
    root, names = tmp_path / "store", ["logistic", "lda", "svm", "mlp"]
    running = []
    for i in range(N):
        pair = [names[i % 4], names[(i + 1) % 4]]
        config = write_config(tmp_path / f"{i}.yaml", name=f"run-{i}", classifiers=pair)
        running.append(start("run", config, "--data", cohort, "--root", root, "--device", "cpu"))
    said = [finish(each) for each in running]
    assert [each.returncode for each in running] == [0] * N, said
    # One report a configuration; all else is named by what went into it. The recordings' labels are all the same.
    assert sum(counted(each)[0] for each in said) == len(digests(root)) + N == 4 * 4 + 1 + 8 * 4 + N
    assert faults_of(root) == {} and leftovers(root) == []


def holds_locks(process):
    """Whether a process holds locks on files now, as the kernel says."""
    held = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return any(words[1] == "FLOCK" and words[4] == str(process.pid) for words in held)


def test_a_process_killed_while_it_holds_locks_keeps_nobody_waiting(tmp_path, cohort):
    gan = {"kind": "escgan", "network": {"hidden": 4}, "training": {"epochs": 60, "batch_size": 64}, "delta": 5.0}
    config, root = write_config(tmp_path / "same.yaml", augmenters=["none", gan]), tmp_path / "store"

    def begin():
        return start("run", config, "--data", cohort, "--root", root, "--device", "cpu")

    talk = Talk(first := begin())
    assert talk.wait_for("train"), talk.text()
    while True:
        os.killpg(first.pid, signal.SIGSTOP)
        if holds_locks(first):
            break
        os.killpg(first.pid, signal.SIGCONT)
        time.sleep(0.001)
        assert not talk.when("evaluate"), "it was over before it was held up"
    others = [begin() for _ in range(3)]
    talks = [Talk(each) for each in others]
    assert all(each.wait_for("train") for each in talks), [each.text() for each in talks]
    time.sleep(2)
    assert holds_locks(first) and not any(each.when("augment") for each in talks)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait(60)
    for each in others:
        each.wait(900)
    said = [each.text() for each in [talk, *talks]]
    assert [each.returncode for each in others] == [0] * 3, said
    assert len(digests(root)) == 25 and faults_of(root) == {}
    # What the killed one left is removed by whoever begins after its death.
    assert "came from the store" in finish(begin()) and leftovers(root) == []
