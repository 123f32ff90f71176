"""Threads of one process: what one unit sets must not reach another."""

from __future__ import annotations

import logging
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
