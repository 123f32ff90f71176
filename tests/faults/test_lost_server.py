"""A Prefect server that is killed in the middle of a run in the foreground, and never comes back."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from tests.faults.commands import Talk, digests, faults_of, finish, leftovers, start, write_config

pytestmark = pytest.mark.faults

# Prefect tries for about a minute to tell of the run's end, and once more to tell that this failed.
PATIENCE_S = 240


@pytest.fixture
def server(tmp_path):
    """A server of the test's own: its address, and what kills it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    running = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start", "--port", str(port)],
        env=env | {"PREFECT_HOME": str(tmp_path / "prefect")}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def kill():
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait(30)

    url = f"http://127.0.0.1:{port}/api"
    began = time.monotonic()
    while True:
        try:
            urllib.request.urlopen(f"{url}/health", timeout=5).close()
            break
        except OSError:
            assert time.monotonic() - began < 120 and running.poll() is None
            time.sleep(0.5)
    yield url, kill
    kill()


def test_a_server_killed_during_a_run_costs_its_pages_and_no_result(tmp_path, cohort, server, finished):
    url, kill = server
    config, root = write_config(tmp_path / "small.yaml"), tmp_path / "store"
    arguments = ("run", config, "--data", cohort, "--root", root, "--device", "cpu")
    talk = Talk(process := start(*arguments, PREFECT_API_URL=url))
    assert talk.wait_for("train"), talk.text()
    kill()
    killed_at = time.monotonic()
    process.wait(PATIENCE_S)
    waited_s = time.monotonic() - killed_at
    said = talk.text()
    assert process.returncode == 2, said
    assert "failed to process" not in said and "Traceback" not in said
    assert " ".join(said.split()).count("does not answer: the run goes on without it") == 1
    assert said.splitlines()[-1] == (
        f"escgan: Prefect server: {url} does not answer any more; what was finished is kept: start it again, or unset "
        "PREFECT_API_URL, and run the same command to go on."
    )
    assert faults_of(root) == {} and leftovers(root) == []
    assert digests(root) == digests(finished[0]), "all was computed without the server"
    said = finish(again := start(*arguments))
    assert again.returncode == 0 and "Nothing had to be computed: all 26 results came from the store." in said, said
    print(f"\nended {waited_s:.0f} s after its server was killed, {len(digests(root))} results kept")
