"""SIGKILL at random moments of a whole run, again and again, until a run gets to its end."""

from __future__ import annotations

import os
import random
import time

import pytest

from tests.faults.commands import digests, faults_of, finish, kill, leftovers, start, write_config

pytestmark = pytest.mark.faults

N_KILLS = int(os.environ.get("ESCGAN_KILLS", "40"))
ORDER = "nothing ingest features train augment evaluate"
GAN = {"kind": "escgan", "network": {"hidden": 4}, "training": {"epochs": 40, "batch_size": 64}, "delta": 5.0}


def test_a_run_killed_at_random_moments_ends_with_the_bytes_of_an_undisturbed_one(tmp_path, cohort):
    config = write_config(tmp_path / "killed.yaml", augmenters=["none", GAN])

    def begin(root):
        return start("run", config, "--data", cohort, "--root", root, "--device", "cpu")

    began = time.monotonic()
    said = finish(whole := begin(tmp_path / "whole"))
    assert whole.returncode == 0, said
    length_s = time.monotonic() - began
    expected = digests(tmp_path / "whole")
    draw = random.Random(0)
    kills, rounds, stages = 0, 0, set()
    while kills < N_KILLS:
        root = tmp_path / f"store-{rounds}"
        for _ in range(3):
            running = begin(root)
            time.sleep(waited_s := draw.uniform(0.2, 1.1) * length_s)
            if running.poll() is None:
                kill(running)
                kills += 1
            else:
                # The machine has other work at times: no run takes longer than the shortest that was seen.
                running.communicate()
                length_s = min(length_s, waited_s)
            if root.exists():
                assert faults_of(root) == {}, "a reader sees a partial artifact"
                found = digests(root)
                assert found.items() <= expected.items()
                stages.add(max((stage for stage, _ in found), default="nothing", key=ORDER.find))
        said = finish(last := begin(root))
        assert last.returncode == 0, said
        assert digests(root) == expected and faults_of(root) == {} and leftovers(root) == []
        rounds += 1
    print(f"\n{kills} kills in {rounds} stores, {length_s:.0f} s a run, farthest stages {sorted(stages)}: 0 lost")
