"""Units of a stage on a work pool: submitted as runs of a deployment, waited for, and taken from the store.

The store is where results are; a run's state only tells whether to go on waiting. So a run that was lost after its
last artifact costs nothing, and one that was lost before is submitted again, resuming from the checkpoints.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.runtime import flow_run
from prefect.settings import PREFECT_API_URL
from prefect.states import Cancelling

from escgan.errors import ConfigError, EscganError
from flows.execution import ExecutionConfig
from flows.server import no_server_for
from storage.manifest import ArtifactRef
from storage.store import Store
from tasks.orders import write_order
from tasks.stage import Mode, Science, Stage

LOG = logging.getLogger("escgan")

# Stages whose units a pool computes, and the flow that computes them.
POOLED = {"train": "train-folds", "augment": "augment-folds"}

_POLL_S = 2.0
# So many runs are asked about at once: the server answers with 200 at most.
_ASKED = 200
# An automation may be about to run a crashed run again (`escgan setup-automations`).
_GRACE_S = 20.0
_MOST_ATTEMPTS = 3
# After so long without a worker, the user is told that none takes runs.
_NO_WORKER_S = 60.0


@dataclass
class _Submitted:
    """Units that one run computes: their order in the store, and how often it was tried."""

    units: dict[str, Science]
    order: str
    run: UUID | None = None
    attempts: int = 0
    crashed_at: float | None = None
    began: bool = False
    revived: int = 0


@dataclass
class PoolRuns:
    """The runs of one stage on a pool."""

    stage: Stage
    store: Store
    execution: ExecutionConfig
    on_ended: Callable[[str], None]
    poll_s: float = _POLL_S
    grace_s: float = _GRACE_S
    mode: Mode = "run"
    _results: dict[str, ArtifactRef | EscganError] = field(default_factory=dict)

    def compute(self, packs: Sequence[Mapping[str, Science]]) -> dict[str, ArtifactRef | EscganError]:
        """Run every pack of units on the pool, wait for all, and return each unit's artifact or error.

        Raises
        ------
        ConfigError
            There is no server, or no deployment of this stage on the pool.
        """
        if PREFECT_API_URL.value() is None:
            raise no_server_for(str(self.execution.gpu_pool))
        waiting = [_Submitted(dict(pack), write_order(self.stage, self.store, pack, self.mode)) for pack in packs]
        try:
            with get_client(sync_client=True) as client:
                try:
                    for submitted in waiting:
                        self._submit(submitted)
                    self._wait(client, waiting)
                except BaseException:
                    _cancel(client, waiting)
                    raise
        finally:
            for submitted in waiting:
                self.store.orders.delete(submitted.order)
        return self._results

    @property
    def deployment(self) -> str:
        """The deployment whose runs compute this stage on the pool."""
        return f"{POOLED[self.stage.name]}/{self.execution.gpu_pool}"

    def _submit(self, submitted: _Submitted) -> None:
        first, *others = submitted.units
        told = self.execution.model_copy(update={"gpu_pool": None, "runner": "threads", "cluster": None})
        submitted.attempts += 1
        try:
            run = run_deployment(
                self.deployment,
                parameters={
                    "order": submitted.order,
                    "units": list(submitted.units),
                    "root": self.store.address,
                    "execution": told.model_dump(mode="json"),
                },
                flow_run_name=f"{self.stage.name} {first}" + (f" and {len(others)} more" if others else ""),
                tags=["escgan", self.stage.name],
                timeout=0,
                # Asked for twice, it is one run: by a request that was answered too late, or by a waiting run that was
                # itself lost and is run again.
                idempotency_key=(
                    f"{flow_run.get_id() or time.time_ns()}-{submitted.order}-{submitted.attempts}-{submitted.revived}"
                ),
            )
        except ObjectNotFound as cause:
            raise ConfigError(
                f"The Prefect server has no deployment '{self.deployment}': run `prefect --no-prompt deploy --all` "
                "with a pool of that name, or name another gpu_pool."
            ) from cause
        if not isinstance(run, FlowRun):
            raise TypeError("Runs are submitted from a flow that is no coroutine.")
        if run.state is not None and run.state.is_final():
            # It was cancelled, or failed, for this waiting run before that was run again: that counts no more.
            submitted.attempts -= 1
            submitted.revived += 1
            self._submit(submitted)
            return
        submitted.run = run.id
        submitted.crashed_at = None

    def _wait(self, client: SyncPrefectClient, waiting: Sequence[_Submitted]) -> None:
        began, told = time.monotonic(), False
        pending = list(waiting)
        while pending:
            states = _states(client, [s.run for s in pending if s.run is not None])
            pending = [s for s in pending if not self._has_ended(s, states.get(s.run) if s.run else None)]
            idle = bool(pending) and not any(s.began for s in waiting)
            if idle and not told and time.monotonic() - began > _NO_WORKER_S:
                LOG.warning(
                    "%s: %d runs wait for a worker: prefect worker start --pool '%s'",
                    self.stage.name,
                    len(pending),
                    self.execution.gpu_pool,
                )
                told = True
            if pending:
                time.sleep(self.poll_s)

    def _has_ended(self, submitted: _Submitted, state: State | None) -> bool:
        """Settle what a run's state means for its units; true where nothing is left to wait for."""
        submitted.began |= state is not None and not state.is_scheduled()
        if state is not None and not state.is_final():
            submitted.crashed_at = None
            return False
        found = self._found(submitted, state)
        lost = state is None or state.type == StateType.CRASHED
        if len(found) < len(submitted.units) and lost:
            # A run that is gone altogether was deleted: nothing will revive it.
            now = time.monotonic()
            submitted.crashed_at = submitted.crashed_at or now
            if state is not None and now - submitted.crashed_at < self.grace_s:
                return False
            if submitted.attempts < _MOST_ATTEMPTS:
                LOG.warning(
                    "%s %s: its run was lost; submitting it again", self.stage.name, next(iter(submitted.units))
                )
                self._submit(submitted)
                return False
        for unit in submitted.units:
            self._results[unit] = found.get(unit) or self._failure(unit, state, submitted.attempts)
            self.on_ended(unit)
        return True

    def _found(self, submitted: _Submitted, state: State | None) -> dict[str, ArtifactRef]:
        """Return what an ended run has made; what was there before it counts unless it was to be made anew."""
        if self.mode == "refresh" and (state is None or state.type != StateType.COMPLETED):
            return {}
        looked = {unit: self.stage.lookup(self.store, science) for unit, science in submitted.units.items()}
        return {unit: ref for unit, ref in looked.items() if ref is not None}

    def _failure(self, unit: str, state: State | None, attempts: int) -> EscganError:
        what = f"Stage '{self.stage.name}' of {unit} on work pool '{self.execution.gpu_pool}'"
        if state is None or state.type == StateType.CRASHED:
            return EscganError(f"{what} was lost {attempts} times: look at the workers' logs, and run again to resume.")
        if state.type in (StateType.CANCELLED, StateType.CANCELLING):
            return EscganError(f"{what} was cancelled: run again to go on.")
        if state.type == StateType.COMPLETED:
            return EscganError(
                f"{what} ended without its artifact in {self.store.address}: do the worker and this run share that "
                "store?"
            )
        return EscganError(f"{what} failed: {_said(state)}")


def _said(state: State) -> str:
    """Return what a failed run's error said, without what Prefect puts before it."""
    message = state.message or "without a word; look at its logs"
    _, marker, own = message.partition("exception: ")
    if marker:
        message = own.partition(": ")[2] or own
    return message


def _states(client: SyncPrefectClient, runs: Sequence[UUID]) -> dict[UUID, State]:
    found: dict[UUID, State] = {}
    for start in range(0, len(runs), _ASKED):
        some = FlowRunFilter(id=FlowRunFilterId(any_=list(runs[start : start + _ASKED])))
        for run in client.read_flow_runs(flow_run_filter=some, limit=_ASKED):
            if run.state is not None:
                found[run.id] = run.state
    return found


def _cancel(client: SyncPrefectClient, waiting: Sequence[_Submitted]) -> None:
    """Let no run go on that nobody waits for."""
    states = _states(client, [s.run for s in waiting if s.run is not None])
    for run, state in states.items():
        if not state.is_final():
            client.set_flow_run_state(run, Cancelling())
