"""How a run is executed: on which device, how many units at once and where. Nothing of it changes a result."""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError, model_validator

from escgan.config import explain
from escgan.errors import ConfigError
from escgan.settings import Settings

if TYPE_CHECKING:
    from prefect.task_runners import TaskRunner

RunnerName = Literal["threads", "processes", "dask", "ray"]


class ExecutionConfig(Settings):
    """Device, fan-out and GPU pool of a run; none of it enters a cache key."""

    device: str = "auto"
    """auto, cpu, cuda or mps; with ``gpu_pool``, of the pool's workers."""
    pack: int | None = Field(default=None, ge=1)
    """Most folds that are trained as one program; by default 32 on a GPU and 1 on a CPU."""
    runner: RunnerName = "threads"
    """Where units are computed: ``threads`` of this process, ``processes`` of this machine, or a ``dask`` or ``ray``
    cluster. Processes take seconds to start and use the cores better where units are small networks on a CPU."""
    workers: int | None = Field(default=None, ge=1)
    """How many units are computed at once; one a core when not given."""
    cluster: str | None = None
    """Address of a running Dask or Ray cluster, such as ``tcp://scheduler:8786``; without one, a cluster of this
    machine is started for the run."""
    gpu_pool: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$")
    """Work pool on which augmenters are trained and windows are made, each fold (or pack of folds) as a run of the
    deployments ``train/POOL`` and ``augment/POOL``; this run waits for them and goes on from their artifacts."""

    @model_validator(mode="after")
    def _only_clusters_have_addresses(self) -> ExecutionConfig:
        if self.cluster is not None and self.runner not in ("dask", "ray"):
            raise ValueError(f"cluster is an address of Dask or Ray, and runner is '{self.runner}': give runner dask.")
        return self

    @property
    def n_workers(self) -> int:
        """How many units are computed at once."""
        return self.workers or os.cpu_count() or 1


def parse_execution(values: dict[str, Any], source: str) -> ExecutionConfig:
    """Build it from plain values, those that are None left out; raises ConfigError with one sentence for a fault."""
    try:
        return ExecutionConfig.model_validate({name: value for name, value in values.items() if value is not None})
    except ValidationError as error:
        raise ConfigError(explain(error, source)) from error


def task_runner(execution: ExecutionConfig) -> TaskRunner[Any]:
    """Make the task runner that a flow submits units to.

    Raises
    ------
    ConfigError
        The runner's package is not installed.
    """
    # Prefect reads its environment when it is first imported, which the command line sets after it has read options.
    from prefect.task_runners import ProcessPoolTaskRunner, ThreadPoolTaskRunner

    n = execution.n_workers
    if execution.runner == "threads":
        return ThreadPoolTaskRunner(max_workers=n)
    if execution.runner == "processes":
        return ProcessPoolTaskRunner(max_workers=n)
    if execution.runner == "dask":
        runner = _from_package("prefect_dask", "DaskTaskRunner", "dask")
        if execution.cluster is not None:
            return runner(address=execution.cluster)
        # Processes of one thread each: what a unit sets for its process reaches no other unit.
        own = {"n_workers": n, "threads_per_worker": 1, "dashboard_address": None}
        return runner(cluster_kwargs=own)
    runner = _from_package("prefect_ray", "RayTaskRunner", "ray")
    if execution.cluster is not None:
        return runner(address=execution.cluster)
    return runner(init_kwargs={"num_cpus": n, "include_dashboard": False})


def _from_package(package: str, name: str, extra: str) -> Any:
    try:
        return getattr(importlib.import_module(package), name)
    except ImportError as cause:
        raise ConfigError(
            f"Runner '{extra}' needs the package {package.replace('_', '-')}: pip install 'escgan[{extra}]'."
        ) from cause
