"""Flows that a GPU pool runs: folds of a stage, as an order in the store describes them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from prefect import Flow, flow
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner

from flows.card import own_card
from flows.execution import ExecutionConfig
from flows.fan import Unit, all_or_raise, fan
from flows.lost import refuse_endless_runs
from flows.pipeline import prepare
from flows.pool import POOLED
from flows.side_by_side import one_thread_each, quiet_mne
from tasks.editing import augment
from tasks.orders import read_order
from tasks.stage import Stage
from tasks.training import train


def fold_flow(stage: Stage) -> Flow[..., list[str]]:
    """Make the flow that computes units of a stage which another run has ordered."""

    @flow(
        name=POOLED[stage.name],
        description=f"Compute units of the stage {stage.name} for a run that waits for them.",
        task_runner=ThreadPoolTaskRunner(max_workers=os.cpu_count() or 1),  # type: ignore[arg-type]
    )
    def folds(
        order: str, units: Sequence[str], root: Path | str, execution: ExecutionConfig = ExecutionConfig()
    ) -> list[str]:
        """Compute an order's units.

        Parameters
        ----------
        order
            Digest of the order in the store, which holds everything that the units are made of.
        units
            Their names, for people.
        root
            Address of the artifact store that the waiting run shares.
        execution
            Device and pack of the waiting run.
        """
        refuse_endless_runs(flow_run.run_count)
        # The run that waits has cleaned up.
        own = prepare(root, execution, {}, sweep=False)
        science, mode = read_order(stage, own.store, order)
        if mode == "refresh":
            own.modes[stage.name] = "refresh"
        with own_card(execution.device), one_thread_each(), quiet_mne():
            found = fan(stage, [Unit(name, values) for name, values in science.items()], own)
        return [ref.key for ref in all_or_raise(found).values()]

    return folds


train_folds = fold_flow(train)
augment_folds = fold_flow(augment)
