"""A Prefect server that stops answering is said once, and not waited for."""

from __future__ import annotations

import logging
import subprocess
import sys
import time

import httpx
import pytest
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES

from escgan.errors import ConfigError, RecordingError
from flows.lost_server import (
    answered,
    is_away,
    is_lost,
    miss,
    no_long_retries,
    server_lost,
    unsent_events_said_once,
)
from flows.showing import StageProgress, show_outcome

GONE = httpx.ConnectError("[Errno 111] Connection refused")


@pytest.fixture(autouse=True)
def nothing_missed():
    answered()
    yield
    answered()


def status_error(code: int) -> httpx.HTTPStatusError:
    request = httpx.Request("POST", "http://lab:4200/api/artifacts")
    return httpx.HTTPStatusError("no", request=request, response=httpx.Response(code, request=request))


def wrapped(cause: Exception) -> Exception:
    try:
        raise RuntimeError("the engine says") from cause
    except RuntimeError as error:
        return error


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (GONE, True),
        (httpx.ReadTimeout("slow"), True),
        (status_error(503), True),
        (status_error(422), False),
        (wrapped(GONE), True),
        (wrapped(ValueError("x")), False),
        (RecordingError("s01.dat cannot be read."), False),
    ],
)
def test_only_a_server_that_does_not_answer_is_away(error, away):
    assert is_away(error) == away


def test_events_that_were_not_sent_are_said_once_and_other_words_pass(caplog, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", "http://lab:4200/api")
    prefects = logging.getLogger("prefect._internal.concurrency")
    monkeypatch.setattr(prefects, "propagate", True)
    with caplog.at_level(logging.DEBUG), unsent_events_said_once():
        for event in ("a", "b", "c"):
            prefects.error("Service %r failed to process item %r", "EventsWorker", event)
        prefects.error("something else")
    own = [record.getMessage() for record in caplog.records]
    assert own == [
        "The Prefect server at http://lab:4200/api does not answer: the run goes on without it, its results are kept, "
        "and the server's pages lack what follows.",
        "something else",
    ]
    caplog.clear()
    with caplog.at_level(logging.DEBUG):
        prefects.error("Service %r failed to process item %r", "EventsWorker", "d")
    assert "failed to process item 'd'" in caplog.text


def test_what_is_shown_is_tried_less_often_once_it_was_in_vain_and_again_when_the_server_answers():
    def retries() -> int:
        with no_long_retries():
            return PREFECT_CLIENT_MAX_RETRIES.value()

    usual = PREFECT_CLIENT_MAX_RETRIES.value()
    assert 0 < retries() < usual
    miss()
    assert retries() == 0
    answered()
    assert 0 < retries() < usual == PREFECT_CLIENT_MAX_RETRIES.value()


def test_a_run_whose_pages_cannot_be_shown_says_so_once(finished, monkeypatch, caplog):
    def refuse(*_):
        raise GONE

    monkeypatch.setattr("flows.showing.create_artifact", refuse)
    with caplog.at_level(logging.WARNING, logger="escgan"):
        show_outcome("small", finished[1])
    assert len(caplog.records) == 1 and "does not answer: the run goes on without it" in caplog.text


def test_what_is_shown_to_a_server_that_answers_is_not_missed(prefect_api):
    miss()
    StageProgress("small").begin("train", 4)
    with no_long_retries():
        assert PREFECT_CLIENT_MAX_RETRIES.value() > 0


def test_an_error_of_a_server_that_is_away_becomes_one_sentence(monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", "http://lab:4200/api")
    assert server_lost(ValueError("x")) is None
    meant = RecordingError("s01.dat cannot be read.")
    meant.__context__ = GONE
    assert server_lost(meant) is None
    said = server_lost(wrapped(GONE))
    assert isinstance(said, ConfigError) and str(said) == (
        "Prefect server: http://lab:4200/api does not answer any more; what was finished is kept: start it again, or "
        "unset PREFECT_API_URL, and run the same command to go on."
    )
    # Without an address, Prefect starts a server of its own.
    monkeypatch.delenv("PREFECT_API_URL")
    assert server_lost(GONE) is None


def test_a_server_is_lost_if_it_was_missed_and_is_away_still(monkeypatch, one_answer):
    url, answer = one_answer
    monkeypatch.setenv("PREFECT_API_URL", url)
    answer(200)
    assert not is_lost()
    miss()
    assert not is_lost()
    answer(503)
    assert is_lost()
    answered()
    assert not is_lost()


def test_a_command_ends_at_once_whatever_its_threads_wait_for():
    script = (
        "import threading; from flows.interrupt import *; "
        "threading.Thread(target=threading.Event().wait).start(); "
        "print('the last line', end=''); no_more_to_stop(2); end_without_waiting(2)"
    )
    began = time.monotonic()
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "the last line", "")
    assert time.monotonic() - began < 30
