"""Threads of one process: what one unit sets must not reach another."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading

import mne
import torch
from mne.utils import warn
from threadpoolctl import threadpool_info

from flows.side_by_side import one_thread_each, quiet_mne


def test_a_unit_stays_quiet_when_another_ends_in_the_middle_of_it(recwarn) -> None:
    inside, ended = threading.Event(), threading.Event()

    def first() -> None:
        with mne.use_log_level("error"):
            inside.wait(10)
        ended.set()

    def second() -> None:
        with mne.use_log_level("error"):
            inside.set()
            ended.wait(10)
            warn("nobody should see this")

    before = mne.set_log_level("warning", return_old_level=True)
    try:
        with quiet_mne():
            threads = [threading.Thread(target=target) for target in (first, second)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert mne.utils.logger.level == logging.WARNING
    finally:
        mne.set_log_level(before)
    assert not recwarn.list


def test_numerical_libraries_compute_on_one_thread_until_the_run_ends() -> None:
    torch.set_num_threads(2)
    try:
        with one_thread_each():
            assert torch.get_num_threads() == 1
            assert {pool["num_threads"] for pool in threadpool_info()} == {1}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def test_libraries_that_a_unit_loads_compute_on_one_thread_and_stay_quiet() -> None:
    code = """
import os, sys
from flows.side_by_side import one_thread_each, quiet_mne
assert not {"torch", "mne"} & set(sys.modules)
with one_thread_each(), quiet_mne():
    import logging, mne, numpy, scipy.linalg, torch
    from threadpoolctl import threadpool_info
    assert torch.get_num_threads() == 1
    assert {pool["num_threads"] for pool in threadpool_info()} == {1}, threadpool_info()
    assert mne.utils.logger.level == logging.ERROR
assert torch.get_num_threads() == os.cpu_count()
assert mne.utils.logger.level != logging.ERROR
assert not {"OMP_NUM_THREADS", "MNE_LOGGING_LEVEL"} & set(os.environ)
"""
    clean = {name: value for name, value in os.environ.items() if not name.endswith(("_NUM_THREADS", "_LOGGING_LEVEL"))}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=clean)
    assert done.returncode == 0, done.stderr
