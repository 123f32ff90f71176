"""How a process ends that is told to stop, in small programs of their own; tests/faults stops whole runs."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.commands import alive

REPOSITORY = Path(__file__).parents[2]
BEGIN = """
import atexit, json, os, signal, subprocess, sys, threading, time
from flows.interrupt import KEPT, no_more_to_stop, said_when_stopped, stop_at_signals
stop_at_signals()
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
def ready():
    time.sleep(0.3)
    print(child.pid, flush=True)
"""


@pytest.fixture
def program():
    """Start a program that has heeded signals, once it has said that it is ready."""
    started = []

    def start(code, ignoring=()):
        def prepare():
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN if number in ignoring else signal.SIG_DFL)

        process = subprocess.Popen(
            [sys.executable, "-c", BEGIN + code],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=prepare,
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        )
        started.append(process)
        child = int(process.stdout.readline())
        return process, child

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def stop(process, number=signal.SIGINT):
    began = time.monotonic()
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    said, errors = process.communicate(timeout=30)
    return time.monotonic() - began, said, errors


def ended(child):
    status = Path(f"/proc/{child}/stat")
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_ends_the_process_and_its_children_and_says_how_to_go_on(program, number, code):
    process, child = program("with said_when_stopped(KEPT):\n    ready()\n    time.sleep(60)")
    took, _, errors = stop(process, number)
    assert (process.returncode, errors.splitlines()) == (
        code,
        ["", "Stopped. What was finished is kept: run the same command to go on."],
    )
    assert took < 2 and ended(child)


def test_before_anything_was_begun_the_command_is_to_be_started_again(program):
    process, _ = program("ready()\ntime.sleep(60)")
    assert stop(process)[2].splitlines()[-1] == "Stopped. Run the same command to start again."


def test_a_handler_that_others_set_and_threads_in_work_change_nothing(program):
    process, _ = program("""
def raise_it(*_):
    raise RuntimeError("spam")
signal.signal(signal.SIGTERM, raise_it)
threading.Thread(target=time.sleep, args=(60,)).start()
code = 1
try:
    ready()
    time.sleep(60)
finally:
    no_more_to_stop(code)
""")
    took, _, errors = stop(process, signal.SIGTERM)
    assert process.returncode == 143 and took < 2 and "Traceback" not in errors


def test_what_hangs_while_leaving_is_left_and_a_second_stop_leaves_at_once(program):
    hanging = "atexit.register(time.sleep, 60)\nready()\ntime.sleep(60)"
    process, _ = program(hanging)
    took, _, _ = stop(process)
    assert process.returncode == 130 and 0.5 < took < 2
    process, _ = program(f"import flows.interrupt\nflows.interrupt._LEAVE_WITHIN_S = 60\n{hanging}")
    process.send_signal(signal.SIGINT)
    assert process.stderr.readline() == "\n"
    took, _, _ = stop(process)
    assert process.returncode == 130 and took < 2


def test_threads_that_compute_do_not_hold_the_stop_up(program):
    process, child = program("""
def compute():
    while True:
        sum(range(100))
for _ in range(4):
    threading.Thread(target=compute, daemon=True).start()
ready()
time.sleep(60)
""")
    took, _, _ = stop(process)
    assert process.returncode == 130 and took < 1.5 and ended(child)


def test_processes_that_are_being_started_meanwhile_are_ended_too(program):
    process, _ = program("""
def start():
    while True:
        subprocess.Popen(["sleep", "60"])
for _ in range(4):
    threading.Thread(target=start, daemon=True).start()
ready()
time.sleep(60)
""")
    took, _, _ = stop(process)
    time.sleep(0.1)  # What was killed takes a moment to end.
    assert process.returncode == 130 and took < 2 and alive(process.pid) == []


def test_what_is_to_be_removed_at_the_end_is_removed(program, tmp_path):
    process, _ = program(f"""
import tempfile
kept = tempfile.TemporaryDirectory(dir={str(tmp_path)!r})
ready()
time.sleep(60)
""")
    assert list(tmp_path.iterdir())
    stop(process)
    assert list(tmp_path.iterdir()) == []


def test_a_command_that_has_done_its_work_keeps_its_exit_code(program):
    process, child = program("no_more_to_stop(3)\nready()\ntime.sleep(60)")
    _, said, errors = stop(process)
    assert (process.returncode, said, errors) == (3, "", "") and ended(child)


def test_a_script_is_answered_that_the_command_was_stopped(program):
    process, _ = program("sys.argv.append('--json')\nready()\ntime.sleep(60)")
    _, said, _ = stop(process)
    assert said == ('{"error": {"message": "Stopped. Run the same command to start again.", "exit_code": 130}}\n')


def test_a_signal_that_the_caller_ignores_stays_ignored(program):
    process, _ = program("ready()\ntime.sleep(1)\nchild.kill()\nchild.wait()\nprint('done')", [signal.SIGINT])
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, "done\n")


@pytest.mark.parametrize(("first", "heard"), [("", True), ("keep_signals_from_processes()", False)])
def test_processes_of_a_pool_hear_no_ctrl_c_where_that_was_seen_to(program, first, heard):
    process, _ = program(f"""
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from flows.interrupt import keep_signals_from_processes
{first}
with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
    blocked = pool.submit(signal.pthread_sigmask, signal.SIG_BLOCK, ()).result()
ready()
print(signal.SIGINT not in blocked, flush=True)
time.sleep(60)
""")
    assert process.stdout.readline() == f"{heard}\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_interpreters_last_moments_changes_no_exit_code(program, number):
    # What modules hold is let go of after all else; here it takes a while, and says when it begins.
    process, _ = program("""
child.kill()
child.wait()
class Slow:
    def __del__(self, write=os.write, sleep=time.sleep):
        write(1, b"last moments\\n")
        sleep(1)
slow = Slow()
no_more_to_stop(0)
ready()
""")
    assert process.stdout.readline() == "last moments\n"
    _, _, errors = stop(process, number)
    assert (process.returncode, errors) == (0, "")
