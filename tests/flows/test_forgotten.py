"""Lost runs that no automation heard of are run again."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from flows import forgotten
from flows.forgotten import main, run_again


@pytest.fixture
def client(prefect_api):
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as own:
        yield own


@pytest.fixture
def add(client):
    """What makes a run with a state; gives its id."""
    from prefect import flow
    from prefect.states import State

    @flow(name="forgotten")
    def nothing():
        pass

    flow_id = client.create_flow(nothing)
    deployment = client.create_deployment(flow_id, "forgotten")

    def make(name, state, tags=("escgan",), deployed=True):
        if deployed:
            run = client.create_flow_run_from_deployment(deployment, name=name, tags=tags)
        else:
            run = client.create_flow_run(nothing, name=name, tags=tags)
        client.set_flow_run_state(run.id, State(type=state), force=True)
        return run.id

    return make


def test_only_runs_that_have_been_crashed_for_a_while_and_can_be_run_are_run_again(client, add):
    from prefect.client.schemas.objects import StateType

    crashed = add("crashed", StateType.CRASHED)
    others = {
        add("of others", StateType.CRASHED, tags=("theirs",)): StateType.CRASHED,
        add("in a terminal", StateType.CRASHED, deployed=False): StateType.CRASHED,
        add("done", StateType.COMPLETED): StateType.COMPLETED,
        add("failed", StateType.FAILED): StateType.FAILED,
        add("cancelled", StateType.CANCELLED): StateType.CANCELLED,
        add("at work", StateType.RUNNING): StateType.RUNNING,
    }
    now = datetime.now(UTC)
    assert run_again(client, now) == [], "an automation may still hear of it"
    assert run_again(client, now + timedelta(hours=2)) == [], "somebody has left it so"
    assert run_again(client, now + timedelta(minutes=2)) == ["crashed"]
    state = client.read_flow_run(crashed).state
    assert state.type == StateType.SCHEDULED and state.name == "AwaitingRetry"
    assert {run: client.read_flow_run(run).state.type for run in others} == others
    assert run_again(client, now + timedelta(minutes=2)) == []


def test_a_run_that_was_given_to_a_process_and_never_began_is_run_again(client, add):
    from prefect.client.schemas.objects import StateType

    begun, theirs = add("begun", StateType.RUNNING), add("of others", StateType.PENDING, tags=("theirs",))
    given = add("given", StateType.PENDING)
    now = datetime.now(UTC)
    assert run_again(client, now + timedelta(minutes=2)) == [], "it may still begin"
    assert run_again(client, now + timedelta(minutes=4)) == ["given"]
    assert client.read_flow_run(given).state.name == "AwaitingRetry"
    assert client.read_flow_run(begun).state.type == StateType.RUNNING
    assert client.read_flow_run(theirs).state.type == StateType.PENDING


def test_it_looks_again_whatever_the_server_answers_and_ends_with_the_server(prefect_api, monkeypatch, capsys):
    server = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    answers = iter([httpx.ConnectError("away"), ["lost"], []])

    def answer(_):
        said = next(answers, None)
        if said is None:
            server.communicate(b"\n")
            return []
        if isinstance(said, Exception):
            raise said
        return said

    monkeypatch.setattr(forgotten, "run_again", answer)
    monkeypatch.setattr(forgotten, "_EVERY_S", 0.0)
    main(server.pid)
    assert capsys.readouterr().out.splitlines() == [
        "Lost runs cannot be looked for (ConnectError); trying again.",
        "Run 'lost' was lost and forgotten: it is run again.",
    ]
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)
