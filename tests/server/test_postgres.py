"""A server that keeps its runs in PostgreSQL, and hundreds of units at once."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from storage.store import Store
from tests.server.lab import Lab

pytestmark = pytest.mark.server

N_RECORDINGS = 300


@pytest.fixture(scope="module")
def cluster():
    """Folder of the socket of a PostgreSQL of the test's own; no port is open."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    places = [*reversed(installed), *(Path(place) for place in os.environ["PATH"].split(os.pathsep))]
    programs = next((p for p in places if all((p / name).exists() for name in ("initdb", "pg_ctl", "createdb"))), None)
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    # It refuses to run as root.
    owner = pwd.getpwnam("postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name)
    folder = Path(tempfile.mkdtemp(prefix="escgan-pg-"))
    os.chown(folder, owner.pw_uid, owner.pw_gid)

    def call(program, *arguments):
        own = {"user": owner.pw_uid, "group": owner.pw_gid} if os.geteuid() == 0 else {}
        subprocess.run([programs / program, *arguments], check=True, cwd=folder, capture_output=True, **own)

    data = folder / "data"
    call("initdb", "-D", data, "-U", "lab", "--auth", "trust", "--encoding", "UTF8", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    call("pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", options, "start")
    try:
        call("createdb", "-h", folder, "-U", "lab", "escgan")
        yield folder
    finally:
        call("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def lab(cluster, tmp_path_factory):
    own = Lab(tmp_path_factory.mktemp("lab"), ESCGAN_DATABASE="escgan", PGHOST=str(cluster), PGUSER="lab")
    try:
        own.open()
        yield own
    finally:
        own.stop()


def test_hundreds_of_units_at_once_neither_fail_nor_stall(lab, cluster, tmp_path):
    assert "Database: PostgreSQL, escgan." in (lab.logs / "server.log").read_text()
    config = {
        "name": "three-hundred",
        "dataset": {"kind": "simulated", "n_subjects": N_RECORDINGS, "n_trials": 2},
        "features": {"window_s": 3.0},
        "augmenters": [{"kind": "none"}],
        "classifiers": [{"kind": "logistic"}],
    }
    root = tmp_path / "store"
    for stage in ("ingest", "features"):
        lab.run(f"{stage}/default", config=config, root=str(root), watch=False)
        lab.wait_for(lambda stage=stage: len(Store(root).list(stage)) == N_RECORDINGS, f"the {stage} of all", 900)

    def counted(query):
        command = ["psql", "-h", cluster, "-U", "lab", "--tuples-only", "--no-align", "--command", query, "escgan"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    flows = "select state_type, count(*) from flow_run group by 1"
    lab.wait_for(lambda: counted(flows) == "COMPLETED|2", "the runs to end", 120)
    # The second run takes each recording from the store, which is a task as well.
    tasks = "select state_type, count(*) from task_run group by 1"
    lab.wait_for(lambda: counted(tasks) == f"COMPLETED|{3 * N_RECORDINGS}", "what the server knows of units", 120)
    for stage in ("ingest", "features"):
        times = sorted(datetime.fromisoformat(m.created) for m in Store(root).list(stage))
        assert max(b - a for a, b in pairwise(times)) < timedelta(seconds=30)
    said = "".join((lab.logs / name).read_text() for name in ("server.log", "worker-cpu.log"))
    # The status, not the thousandths of a second or the number of a process.
    for trouble in (r"(?<![.\d\[])503\b", "QueuePool", "TimeoutError", "locked", "Traceback"):
        assert not re.search(trouble, said), lab.said()
