"""The command line in processes of its own, on a small experiment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import yaml

from storage.store import Store
from tests.flows.conftest import SMALL

REPOSITORY = Path(__file__).parents[2]


def write_config(path: Path, **changes) -> Path:
    path.write_text(yaml.safe_dump(SMALL | changes))
    return path


def start(*arguments: object, before=None, **env: str) -> subprocess.Popen[str]:
    """Start ``escgan`` in a session of its own, so that a kill reaches all that it starts, without any server."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}

    def prepare() -> None:
        # A shell that runs the tests in the background has SIGINT ignored, which children inherit.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if before is not None:
            before()

    return subprocess.Popen(
        [sys.executable, "-m", "flows.entry", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=prepare,
        env=own | {"PYTHONPATH": str(REPOSITORY)} | env,
    )


def finish(process: subprocess.Popen[str], patience_s: float = 900) -> str:
    """Wait for a command's end and give what it said; its exit code is in ``returncode``."""
    said, _ = process.communicate(timeout=patience_s)
    return said


class Talk:
    """A command's lines as they come, each with the time at which it came."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.lines: list[tuple[float, str]] = []
        self._process = process
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self._process.stdout:
            self.lines.append((time.monotonic(), line.rstrip("\n")))

    def wait_for(self, beginning: str) -> bool:
        """Whether a line with this beginning came before the command's end."""
        while not self.when(beginning):
            if self._process.poll() is not None:
                return False
            time.sleep(0.005)
        return True

    def when(self, beginning: str) -> list[float]:
        return [at for at, line in self.lines if line.startswith(f"{beginning}:")]

    def text(self) -> str:
        self._thread.join(10)
        self._process.stdout.close()
        return "\n".join(line for _, line in self.lines)


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL for a command and all that it started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def alive(session: int) -> list[str]:
    """The processes of a session that have not ended."""
    listed = subprocess.run(["ps", "-eo", "sid,stat,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()[1:]]
    return [row[2] for row in rows if int(row[0]) == session and "Z" not in row[1]]


def digests(root: Path, stage: str | None = None) -> dict[tuple[str, str], str]:
    """The digest of each artifact's content, without reports, which tell how long their stages took."""
    return {(m.stage, m.unit): m.digest for m in Store(root).list(stage) if m.stage != "report"}


def faults_of(root: Path) -> dict[tuple[str, str], str]:
    """What is wrong with artifacts that a reader can see."""
    store = Store(root)
    reasons = {address: store.why_not(*address) for address in store.addresses()}
    return {address: reason for address, reason in reasons.items() if reason is not None}


def leftovers(root: Path) -> list[Path]:
    """What killed runs left and nothing removed."""
    hidden = [path for folder in ("reports", "runs", "studies") for path in root.glob(f"{folder}/**/.*")]
    return [*root.glob("artifacts/*/.*"), *root.glob("work/*/*"), *root.glob("orders/*"), *hidden]
