"""Lost runs that no automation hears of, run again: ``python -m flows.forgotten PID`` beside a server of that PID.

The automations (:mod:`flows.automations`) go by events, and a server on SQLite that is busy drops some of them, that of
a crash among them; and a run whose worker dies before it has begun sends no heartbeat that could stop. What state a run
has is never forgotten: it is looked at here, twice a minute.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

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
# Between being given to a process and beginning, a run takes some ten seconds.
NOT_BEGUN_AFTER = timedelta(minutes=3)
_EVERY_S = 30.0


def run_again(client: SyncPrefectClient, now: datetime | None = None) -> list[str]:
    """Schedule every run with the tag ``escgan`` that is crashed, or has not begun, for a while; return their names.

    Parameters
    ----------
    client
        Of the server.
    now
        The time, with its zone; by default this moment.

    Returns
    -------
    list of str
        Runs that have a deployment and were crashed for a minute to an hour, or given to a process three minutes to an
        hour ago that has not begun.
    """
    now = now or datetime.now(UTC)
    crashed = _in_state(
        StateType.CRASHED, end_time=FlowRunFilterEndTime(after_=now - _UNTIL, before_=now - FORGOTTEN_AFTER)
    )
    found = client.read_flow_runs(flow_run_filter=crashed)
    for run in client.read_flow_runs(flow_run_filter=_in_state(StateType.PENDING)):
        if run.state is not None and NOT_BEGUN_AFTER < now - run.state.timestamp < _UNTIL:
            found.append(run)
    lost = [run for run in found if run.deployment_id is not None]
    for run in lost:
        client.set_flow_run_state(run.id, AwaitingRetry(message="It was lost, and nobody heard of it; run again."))
    return [run.name for run in lost]


def _in_state(state: StateType, **more: Any) -> FlowRunFilter:
    return FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[state])),
        tags=FlowRunFilterTags(all_=["escgan"]),
        **more,
    )


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
                    print(f"Run '{name}' was lost and forgotten: it is run again.", flush=True)
        except (httpx.HTTPError, PrefectException, RuntimeError) as error:
            # A server that starts, or is busy, answers another time.
            print(f"Lost runs cannot be looked for ({type(error).__name__}); trying again.", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
