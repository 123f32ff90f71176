"""How a run is executed: on which device, how many units at once and where. Nothing of it changes a result."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from escgan.config_faults import explain
from escgan.errors import ConfigError
from escgan.extras import need_package
from escgan.settings import Settings

if TYPE_CHECKING:
    from prefect.task_runners import TaskRunner

RunnerName = Literal["threads", "processes", "dask", "ray"]

_PACKAGES = {"dask": "prefect_dask", "ray": "prefect_ray"}


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

    tensorboard: str | None = None
    """Folder in which the loss terms of trainings are logged for TensorBoard, one log a fold and augmenter; of the
    machine that trains, which with ``gpu_pool`` is the pool's. What the store holds already is not logged."""

    @field_validator("tensorboard")
    @classmethod
    def _logs_are_files(cls, folder: str | None) -> str | None:
        if folder is not None and "://" in folder:
            raise ValueError(f"tensorboard is '{folder}', and logs are written to a folder of the machine: name one.")
        return folder

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


def need_runner(execution: ExecutionConfig) -> None:
    """Refuse a runner whose package is not installed."""
    if execution.runner in _PACKAGES:
        package = _PACKAGES[execution.runner]
        need_package(f"Runner '{execution.runner}'", package.replace("_", "-"), package, extra=execution.runner)


def task_runner(execution: ExecutionConfig) -> TaskRunner[Any]:
    """Make the task runner that a flow submits units to.

    Raises
    ------
    ConfigError
        The runner's package is not installed.
    """
    # Prefect reads its environment when it is first imported, which the command line sets after it has read options.
    from prefect.task_runners import ProcessPoolTaskRunner, ThreadPoolTaskRunner

    need_runner(execution)
    n = execution.n_workers
    if execution.runner == "threads":
        return ThreadPoolTaskRunner(max_workers=n)
    if execution.runner == "processes":
        return ProcessPoolTaskRunner(max_workers=n)
    if execution.runner == "dask":
        runner = importlib.import_module(_PACKAGES["dask"]).DaskTaskRunner
        if execution.cluster is not None:
            return runner(address=execution.cluster)
        # Processes of one thread each: what a unit sets for its process reaches no other unit.
        own = {"n_workers": n, "threads_per_worker": 1, "dashboard_address": None}
        return runner(cluster_kwargs=own)
    runner = importlib.import_module(_PACKAGES["ray"]).RayTaskRunner
    if execution.cluster is not None:
        return runner(address=execution.cluster)
    return runner(init_kwargs={"num_cpus": n, "include_dashboard": False})


def log_folder(execution: ExecutionConfig) -> Path | None:
    """Return the folder for loss terms, if they are to be logged.

    Raises
    ------
    ConfigError
        TensorBoard is not installed.
    """
    if execution.tensorboard is None:
        return None
    need_package("Option 'tensorboard'", "tensorboard", extra="tensorboard")
    # Processes that compute units stand elsewhere.
    return Path(execution.tensorboard).absolute()
