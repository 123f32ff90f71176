import os
import subprocess
import sys
from pathlib import Path

import pytest

from storage.store import Store

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def start():
    """Start Python code in another process; kill what is left of it afterwards."""
    running = []

    def start_code(code, *arguments):
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        )
        running.append(process)
        return process

    yield start_code
    for process in running:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
