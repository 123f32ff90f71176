"""Crashed runs that the server has forgotten, run again: ``python -m flows.forgotten PID`` beside a server of that PID.

The automations (:mod:`flows.automations`) go by events, and a server on SQLite that is busy drops some of them, that of
a crash among them. What state a run has is never forgotten: it is looked at here, twice a minute.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime, timedelta

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import StateType
from prefect.exceptions import PrefectException
from prefect.states import AwaitingRetry

# An automation acts within seconds, if it does at all.
FORGOTTEN_AFTER = timedelta(seconds=60)
# Older ones were there before, and somebody has left them so.
_UNTIL = timedelta(hours=1)
_EVERY_S = 30.0


def run_again(client: SyncPrefectClient, now: datetime | None = None) -> list[str]:
    """Schedule every run with the tag ``escgan`` that has been crashed for a while, and return their names.

    Parameters
    ----------
    client
        Of the server.
    now
        The time, with its zone; by default this moment.

    Returns
    -------
    list of str
        Runs that were crashed for a minute to an hour and have a deployment that can run them.
    """
    now = now or datetime.now(UTC)
    forgotten = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CRASHED])),
        tags=FlowRunFilterTags(all_=["escgan"]),
        end_time=FlowRunFilterEndTime(after_=now - _UNTIL, before_=now - FORGOTTEN_AFTER),
    )
    names = []
    for run in client.read_flow_runs(flow_run_filter=forgotten):
        if run.deployment_id is not None:
            client.set_flow_run_state(run.id, AwaitingRetry(message="Its crash was forgotten; run again."))
            names.append(run.name)
    return names


def main(server: int) -> None:
    """Look again and again, until the server's process has ended."""
    while True:
        time.sleep(_EVERY_S)
        try:
            os.kill(server, 0)
        except ProcessLookupError:
            return
        try:
            with get_client(sync_client=True) as client:
                for name in run_again(client):
                    print(f"Run '{name}' had crashed and was forgotten: it is run again.", flush=True)
        except (httpx.HTTPError, PrefectException, RuntimeError) as error:
            # A server that starts, or is busy, answers another time.
            print(f"Crashed runs cannot be looked for ({type(error).__name__}); trying again.", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
