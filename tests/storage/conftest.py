import os
import subprocess
import sys
from pathlib import Path

import pytest

from storage.remote_store import CACHE, RemoteStore
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


@pytest.fixture
def url(bucket):
    return f"s3://{bucket}/some store"


@pytest.fixture
def machine(tmp_path, monkeypatch, url):
    """Open the store as one of several machines, each with a cache of its own."""

    def on(name, **options):
        monkeypatch.setenv(CACHE, str(tmp_path / name))
        return RemoteStore(url, **options)

    return on


@pytest.fixture
def starts_on(tmp_path, monkeypatch, start):
    """Start code in another process, as on another machine."""

    def start_code(name, code, *arguments):
        monkeypatch.setenv(CACHE, str(tmp_path / name))
        return start(code, *arguments)

    return start_code
