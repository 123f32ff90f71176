"""One sandbox for all of the fuzzing's tests of a process."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.sandbox import Sandbox

QUICK, THOROUGH = 25, int(os.environ.get("ESCGAN_FUZZ", "3000"))
"""Inputs a format: in the ordinary suite, and by ``make test-fuzz``."""
# Containers have a disk in memory of 64 MB.
_ROOM_BYTES = 2 << 30


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A process that judges; in memory where the system has a disk there, since every input is written."""
    memory = Path("/dev/shm")
    folder = tmp_path_factory.mktemp("fuzz")
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM_BYTES:
        folder = memory / f"escgan-fuzz-{os.getpid()}"
        folder.mkdir()
    made = Sandbox(folder)
    yield made
    made.close()
    shutil.rmtree(folder, ignore_errors=True)
