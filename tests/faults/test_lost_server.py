"""A Prefect server that is killed in the middle of a run in the foreground, and never comes back."""

from __future__ import annotations

import time

import pytest

from tests.faults.commands import Talk, digests, faults_of, finish, leftovers, start, write_config
from tests.server.lab import Lab

pytestmark = pytest.mark.faults

# Prefect tries for about a minute to tell of the run's end, and once more to tell that this failed.
PATIENCE_S = 240


@pytest.fixture
def lab(tmp_path):
    own = Lab(tmp_path)
    try:
        own.start_server()
        yield own
    finally:
        own.stop()


def test_a_server_killed_during_a_run_costs_its_pages_and_no_result(tmp_path, cohort, lab, finished):
    server = {name: lab.env[name] for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING")}
    config, root = write_config(tmp_path / "small.yaml"), tmp_path / "store"
    arguments = ("run", config, "--data", cohort, "--root", root, "--device", "cpu")
    talk = Talk(process := start(*arguments, **server))
    assert talk.wait_for("train"), talk.text()
    lab.kill(lab.processes("prefect", "server"))
    killed_at = time.monotonic()
    process.wait(PATIENCE_S)
    waited_s = time.monotonic() - killed_at
    said = talk.text()
    assert process.returncode == 2, said
    assert "failed to process" not in said and "Traceback" not in said
    assert " ".join(said.split()).count("does not answer: the run goes on without it") == 1
    assert said.splitlines()[-1] == (
        f"escgan: Prefect server: {server['PREFECT_API_URL']} does not answer any more; what was finished is kept: "
        "start it again, or unset PREFECT_API_URL, and run the same command to go on."
    )
    assert faults_of(root) == {} and leftovers(root) == []
    assert digests(root) == digests(finished[0]), "all was computed without the server"
    said = finish(again := start(*arguments))
    assert again.returncode == 0 and "Nothing had to be computed: all 26 results came from the store." in said, said
    print(f"\nended {waited_s:.0f} s after its server was killed, {len(digests(root))} results kept")
