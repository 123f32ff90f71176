"""SIGKILL in the middle of GAN training, by way of the command line, and the run after it."""

import os
import signal
import subprocess
import sys
import time

import pytest
import yaml

from storage.store import Store
from tests.flows.conftest import SMALL


def start(config, data, root):
    command = [sys.executable, "-m", "flows.entry", "run", str(config), "--data", str(data), "--root", str(root)]
    # A session of its own, so that the kill also reaches the server that the run started.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return subprocess.Popen(
        [*command, "--device", "cpu"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # A shell that runs the tests in the background has SIGINT ignored, which children inherit.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        env=environment,
    )


def test_ctrl_c_stops_at_once_says_how_to_go_on_and_leaves_no_server(tmp_path, cohort):
    gan = {"kind": "escgan", "network": {"hidden": 16}, "training": {"epochs": 100000}}
    config = tmp_path / "endless.yaml"
    config.write_text(yaml.safe_dump(SMALL | {"augmenters": ["none", gan]}))
    root = tmp_path / "store"
    process = start(config, cohort, root)
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline and not list(root.glob("work/train/*/step-*.safetensors")):
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Stopped. What was finished is kept: run the same command to go on." in output and "Traceback" not in output
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and members(process.pid):
        time.sleep(0.1)
    assert not members(process.pid)
    assert len(Store(root).list("features")) == 4
    assert Store(root).sweep()


def members(group):
    """The processes that are still alive in a process group."""
    listed = subprocess.run(["ps", "-eo", "pgid,stat"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines()[1:] if int(line.split()[0]) == group and "Z" not in line.split()[1]]


def score_digests(root):
    return {m.unit: m.digest for m in Store(root).list("evaluate")}


@pytest.mark.slow
def test_a_run_killed_during_gan_training_resumes_from_its_checkpoint_to_the_same_scores(tmp_path, cohort):
    gan = {"kind": "escgan", "network": {"hidden": 4}, "training": {"epochs": 160, "batch_size": 64}, "delta": 5.0}
    changes = {"augmenters": ["none", gan], "protocol": {"kind": "subject_k_fold", "k": 2}}
    config = tmp_path / "killed.yaml"
    config.write_text(yaml.safe_dump(SMALL | changes))
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    whole = start(config, cohort, undisturbed)
    output, _ = whole.communicate(timeout=300)
    assert whole.returncode == 0, output

    process = start(config, cohort, killed)
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline and not list(killed.glob("work/train/*/step-*.safetensors")):
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert list(killed.glob("work/train/*/step-*.safetensors")), "the kill came before the first checkpoint"
    assert not Store(killed).list("evaluate")

    resumed = start(config, cohort, killed)
    output, _ = resumed.communicate(timeout=300)
    assert resumed.returncode == 0, output
    assert "resumes at step" in output
    assert score_digests(killed) == score_digests(undisturbed)
    assert not list(killed.glob("work/train/*")) and not list(killed.glob("artifacts/*/.draft-*"))
