"""Options that several commands of ``escgan`` have in common, and what becomes of their values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows import completing
from flows.names import StageName

if TYPE_CHECKING:
    from flows.execution import ExecutionConfig

Root = Annotated[
    str, typer.Option("--root", help="The artifact store: a folder, or an address such as s3://bucket/folder.")
]
Config = Annotated[
    Path,
    typer.Argument(
        help="Configuration in YAML, such as configs/eegmat.yaml.",
        metavar="CONFIG",
        autocompletion=completing.configurations,
    ),
]
Data = Annotated[Path | None, typer.Option(help="Folder with the corpus' files.", metavar="DIR")]
Stage = Annotated[StageName | None, typer.Option(help="Run one stage from what the store holds.", metavar="STAGE")]
From = Annotated[
    StageName | None, typer.Option("--from", help="Run from this stage on, the rest from the store.", metavar="STAGE")
]
Refresh = Annotated[
    list[StageName] | None, typer.Option(help="Compute this stage anew; may be repeated.", metavar="STAGE")
]
Using = Annotated[
    str | None,
    typer.Option(
        help="Use an earlier run's features, no raw file: its name, id or report's key.",
        metavar="RUN",
        autocompletion=completing.runs,
    ),
]
Subjects = Annotated[str | None, typer.Option(help="Only these subjects, such as 01,02,05.", metavar="NAMES")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.", autocompletion=completing.devices)]
Pack = Annotated[
    int | None,
    typer.Option(min=1, help="Train this many folds as one program.", show_default="32 on a GPU, 1 on a CPU"),
]
Runner = Annotated[
    str | None,
    typer.Option(help="threads, processes, dask or ray.", show_default="threads", autocompletion=completing.runners),
]
Workers = Annotated[int | None, typer.Option(min=1, help="Compute so many units at once.", show_default="one a core")]
Cluster = Annotated[str | None, typer.Option(help="Address of a running Dask or Ray cluster.", metavar="ADDRESS")]
GpuPool = Annotated[
    str | None, typer.Option(help="Train on this work pool of a Prefect server, a fold a run.", metavar="POOL")
]

Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document for scripts, and nothing else on standard output.")
]

Tensorboard = Annotated[
    str | None, typer.Option(help="Log the loss terms of trainings here, for TensorBoard.", metavar="DIR")
]


def execution_of(
    device: str,
    pack: int | None = None,
    runner: str | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    gpu_pool: str | None = None,
    tensorboard: str | None = None,
) -> ExecutionConfig:
    """Check how a command is to be executed; raises ConfigError for what contradicts itself."""
    from flows.execution import parse_execution

    given = {"pack": pack, "runner": runner, "workers": workers, "cluster": cluster, "gpu_pool": gpu_pool}
    return parse_execution({"device": device, **given, "tensorboard": tensorboard}, "the options")


def names_in(text: str | None) -> tuple[str, ...] | None:
    """Split a list of names at its commas; raises ConfigError where it was given and names nobody."""
    if text is None:
        return None
    names = tuple(name.strip().removeprefix("sub-") for name in text.split(",") if name.strip())
    if not names:
        # A variable that a script left empty must not mean everybody.
        from escgan.errors import ConfigError

        raise ConfigError(f"--subjects '{text}' names nobody: name subjects, such as 01,02, or leave it out.")
    return names
