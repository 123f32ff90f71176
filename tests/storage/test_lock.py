import os
import threading
import time

import pytest

from storage.lock import file_lock, is_locked

HOLD = """
import sys, time
from pathlib import Path
from storage.lock import file_lock
with file_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""

HOLD_WITH_FORKED_CHILD = """
import os, sys, time
from pathlib import Path
from storage.lock import file_lock
with file_lock(Path(sys.argv[1])):
    child = os.fork()
    if child == 0:
        time.sleep(60)
        os._exit(0)
    print(child, flush=True)
    time.sleep(60)
"""

COUNT = """
import sys
from pathlib import Path
from storage.lock import file_lock
folder = Path(sys.argv[1])
for _ in range(100):
    with file_lock(folder / "lock"):
        number = int((folder / "number").read_text())
        (folder / "number").write_text(str(number + 1))
"""


def test_a_lock_creates_its_folders_and_stays_in_place(tmp_path):
    path = tmp_path / "a" / "b" / "lock"
    with file_lock(path):
        assert path.stat().st_mode & 0o777 == 0o600
    assert path.exists()


def test_a_free_lock_is_taken_without_waiting(tmp_path):
    waited = []
    with file_lock(tmp_path / "lock", on_wait=lambda: waited.append(True)):
        assert waited == []


def test_a_thread_waits_for_another_thread_and_is_told_once(tmp_path):
    path, waited, order = tmp_path / "lock", threading.Event(), []

    def wait():
        with file_lock(path, on_wait=lambda: (order.append("waiting"), waited.set())):
            order.append("second")

    thread = threading.Thread(target=wait)
    with file_lock(path):
        thread.start()
        assert waited.wait(5)
        time.sleep(0.05)
        order.append("first")
    thread.join(5)
    assert order == ["waiting", "first", "second"]


def test_a_lock_is_free_after_an_exception(tmp_path):
    with pytest.raises(RuntimeError), file_lock(tmp_path / "lock"):
        raise RuntimeError
    assert not is_locked(tmp_path / "lock")


def test_processes_exclude_each_other(tmp_path, start):
    (tmp_path / "number").write_text("0")
    for process in [start(COUNT, tmp_path) for _ in range(4)]:
        assert process.wait(20) == 0
    assert (tmp_path / "number").read_text() == "400"


def test_a_lock_held_by_a_killed_process_is_free_at_once(tmp_path, start):
    path = tmp_path / "lock"
    process = start(HOLD, path)
    assert process.stdout.readline() == "held\n"
    assert is_locked(path)
    process.kill()
    process.wait()
    with file_lock(path, on_wait=lambda: pytest.fail("waited for a dead process")):
        pass


def test_a_forked_child_does_not_keep_a_killed_parents_lock(tmp_path, start):
    path = tmp_path / "lock"
    process = start(HOLD_WITH_FORKED_CHILD, path)
    child = int(process.stdout.readline())
    try:
        time.sleep(0.1)
        assert is_locked(path), "the child's start must not free the lock while the parent lives"
        process.kill()
        process.wait()
        os.kill(child, 0)
        assert not is_locked(path)
    finally:
        os.kill(child, 9)


def test_a_lock_in_use_by_this_process_is_seen_as_locked(tmp_path):
    with file_lock(tmp_path / "lock"):
        assert is_locked(tmp_path / "lock")
    assert not is_locked(tmp_path / "lock")


def test_asking_about_an_absent_lock_does_not_create_it(tmp_path):
    assert not is_locked(tmp_path / "lock")
    assert not (tmp_path / "lock").exists()
