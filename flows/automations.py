"""Automations that find runs lost with their worker and run them again, on the server that is configured."""

from __future__ import annotations

from datetime import timedelta

from prefect.automations import AutomationCore
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

# Three heartbeats of 30 s, which deployments send.
SILENCE = timedelta(seconds=90)

LOST = "escgan: a run without heartbeat has crashed"
AGAIN = "escgan: a crashed run is run again"

_ENDS = ("Completed", "Failed", "Cancelled", "Crashed")
_OURS = ResourceSpecification({"prefect.resource.role": "tag", "prefect.resource.id": "prefect.tag.escgan"})
_RUNS = ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"})


def automations(silence: timedelta = SILENCE) -> tuple[AutomationCore, AutomationCore]:
    """Make both automations; they concern runs with the tag ``escgan`` alone.

    A run that ends its process each time is not tried for ever: flows refuse it (:mod:`flows.lost`).
    """
    lost = AutomationCore(
        name=LOST,
        description="Its worker is gone: no heartbeat came for a while.",
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.heartbeat", *(f"prefect.flow-run.{end}" for end in _ENDS)},
            match=_RUNS,
            match_related=_OURS,
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=silence,
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, message="No heartbeat: its worker is gone.")],
    )
    again = AutomationCore(
        name=AGAIN,
        description="It goes on from its artifacts and checkpoints.",
        trigger=EventTrigger(
            expect={"prefect.flow-run.Crashed"},
            match=_RUNS,
            match_related=_OURS,
            posture=Posture.Reactive,
            threshold=1,
            within=timedelta(0),
        ),
        actions=[ChangeFlowRunState(state=StateType.SCHEDULED, name="AwaitingRetry", message="Lost; run again.")],
    )
    return lost, again


def install(silence: timedelta = SILENCE) -> list[str]:
    """Create or renew both automations and return their names."""
    names = []
    with get_client(sync_client=True) as client:
        for automation in automations(silence):
            for old in client.read_automations_by_name(automation.name):
                client.delete_automation(old.id)
            client.create_automation(automation)
            names.append(automation.name)
    return names
