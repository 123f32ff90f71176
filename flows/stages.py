"""Each stage as a flow of its own, to be deployed and rerun alone from what the store holds."""

from __future__ import annotations

import os
from pathlib import Path

from prefect import Flow, flow
from prefect.task_runners import ThreadPoolTaskRunner

from escgan.config import PipelineConfig
from flows.execution import ExecutionConfig
from flows.names import STAGES, StageName
from flows.pipeline import Outcome, pipeline


def stage_flow(name: StageName) -> Flow[..., Outcome]:
    """Make the flow that runs one stage; what the stage needs must be in the store."""

    @flow(
        name=name.value,
        flow_run_name=f"{name.value} {{config.name}}",
        description=f"Run the stage {name} alone; what comes before it is taken from the store.",
        task_runner=ThreadPoolTaskRunner(max_workers=os.cpu_count() or 1),  # type: ignore[arg-type]
    )
    def one_stage(
        config: PipelineConfig,
        data: Path | None = None,
        root: Path | str = Path("store"),
        execution: ExecutionConfig = ExecutionConfig(),
        refresh: bool = False,
        using: str | None = None,
    ) -> Outcome:
        return pipeline.fn(config, data, root, execution, only=name, refresh=(name,) if refresh else (), using=using)

    return one_stage


ingest = stage_flow(StageName.INGEST)
features = stage_flow(StageName.FEATURES)
train = stage_flow(StageName.TRAIN)
augment = stage_flow(StageName.AUGMENT)
evaluate = stage_flow(StageName.EVALUATE)
report = stage_flow(StageName.REPORT)

STAGE_FLOWS: dict[StageName, Flow[..., Outcome]] = dict(
    zip(STAGES, (ingest, features, train, augment, evaluate, report), strict=True)
)
