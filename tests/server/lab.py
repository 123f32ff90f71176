"""A lab of the tests' own: a real server on loopback, every deployment, and workers of two pools."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
CARD = "test-card"
_PATIENCE_S = 600


class Lab:
    """Scripts of ``deploy/`` in processes of their own, all of which are stopped in the end."""

    def __init__(self, folder: Path, **env: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder, self.logs = folder / "lab", folder / "logs"
        self.logs.mkdir()
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")} | {
            "ESCGAN_SERVER": str(self.folder),
            "ESCGAN_PORT": str(self.port),
            # Where the machine has a PostgreSQL, tests leave it alone.
            "ESCGAN_DATABASE": f"escgan-test-{self.port}",
            "VENV": sys.prefix,
            "ESCGAN_CARD": CARD,
            # What the workers start is found by it.
            "ESCGAN_LAB": str(self.port),
            **env,
        }
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, *script: str, **env: str) -> subprocess.Popen[bytes]:
        with (self.logs / f"{name}.log").open("ab") as log:
            own = subprocess.Popen(
                script, cwd=REPOSITORY, env=self.env | env, stdout=log, stderr=log, start_new_session=True
            )
        self.started.append(own)
        return own

    def start_server(self) -> None:
        self.start("server", "deploy/server.sh")
        self.wait_for(lambda: self.status("/health") == 200, "the server")
        for line in (self.folder / "env").read_text().splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            self.env[name] = value

    def status(self, path: str, password: str | None = None) -> int | None:
        """The HTTP status of a request to the API; None where nothing answers."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api{path}")
        if password is not None:
            request.add_header("Authorization", "Basic " + b64encode(password.encode()).decode())
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return None

    def call(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment to its end."""
        done = subprocess.run(
            [str(Path(sys.prefix) / "bin" / command[0]), *command[1:]],
            cwd=REPOSITORY, env=self.env, capture_output=True, text=True, timeout=_PATIENCE_S,
        )  # fmt: skip
        if check and done.returncode:
            pytest.fail(f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}\n{self.said()}")
        return done

    def run(self, deployment: str, *, watch: bool = True, check: bool = True, **parameters: object) -> str:
        """Run a deployment as a user would, to its end; gives what the command said."""
        given = [part for name, value in parameters.items() for part in ("--param", f"{name}={json.dumps(value)}")]
        return self.call(
            "prefect", "deployment", "run", deployment, *given, *(["--watch"] if watch else []), check=check
        ).stdout

    def wait_for(self, holds, what: str, patience_s: float = _PATIENCE_S) -> None:
        began = time.monotonic()
        while not holds():
            if time.monotonic() - began > patience_s:
                pytest.fail(f"Waited {patience_s:.0f} s for {what}.\n{self.said()}")
            time.sleep(0.5)

    def said(self) -> str:
        return "\n".join(f"--- {log.name}\n{log.read_text()[-3000:]}" for log in self.logs.iterdir())

    def processes(self, *parts: str) -> list[int]:
        """What the lab has started whose command line holds the parts."""
        found = []
        for folder in Path("/proc").iterdir():
            try:
                own = f"ESCGAN_LAB={self.port}".encode() in (folder / "environ").read_bytes().split(b"\0")
                if own and all(part.encode() in (folder / "cmdline").read_bytes() for part in parts):
                    found.append(int(folder.name))
            except (OSError, ValueError):
                continue
        return found

    def kill(self, pids: list[int]) -> None:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.wait_for(lambda: not set(pids) & set(self.processes()), "killed processes to be gone", 20)

    def stop(self) -> None:
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        for own in self.started:
            own.wait(20)

    def open(self) -> None:
        """Start the server, make every deployment, and start workers of both pools."""
        self.start_server()
        deploying = self.start("deploy", "deploy/deploy.sh")
        self.wait_for(lambda: deploying.poll() is not None, "the deployments")
        assert deploying.returncode == 0, self.said()
        self.start_workers()

    def start_workers(self) -> None:
        """Start a worker of each pool, that of the GPUs with a cache of its own, as on another machine."""
        for pool in ("cpu", "gpu"):
            self.start(f"worker-{pool}", "deploy/workers.sh", pool, ESCGAN_CACHE=str(self.folder / f"cache-{pool}"))
