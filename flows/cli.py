"""The command ``escgan``.

Everything heavy is imported inside the commands, so that help answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.artifact_commands import Root, artifacts, existing_store
from flows.names import STUDY_NAMES, StageName

if TYPE_CHECKING:
    from escgan.config import PipelineConfig
    from flows.execution import ExecutionConfig

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="From raw EEG of many subjects to an honest verdict: do GAN-edited emotion windows help on unseen people?",
    epilog="Exit codes: 0 done, 1 defect, 2 usage or configuration, 3 recordings, 4 store, 5 training, 130 stopped.",
)
app.add_typer(artifacts, name="artifacts")

Stage = Annotated[StageName | None, typer.Option(help="Run one stage from what the store holds.", metavar="STAGE")]
From = Annotated[
    StageName | None, typer.Option("--from", help="Run from this stage on, the rest from the store.", metavar="STAGE")
]
Refresh = Annotated[
    list[StageName] | None, typer.Option(help="Compute this stage anew; may be repeated.", metavar="STAGE")
]
Using = Annotated[
    str | None,
    typer.Option(help="Use an earlier run's features, no raw file: its name, id or report's key.", metavar="RUN"),
]
Subjects = Annotated[str | None, typer.Option(help="Only these subjects, such as 01,02,05.", metavar="NAMES")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
Pack = Annotated[
    int | None,
    typer.Option(min=1, help="Train this many folds as one program.", show_default="32 on a GPU, 1 on a CPU"),
]
Runner = Annotated[str | None, typer.Option(help="threads, processes, dask or ray.", show_default="threads")]
Workers = Annotated[int | None, typer.Option(min=1, help="Compute so many units at once.", show_default="one a core")]
Cluster = Annotated[str | None, typer.Option(help="Address of a running Dask or Ray cluster.", metavar="ADDRESS")]
GpuPool = Annotated[
    str | None, typer.Option(help="Train on this work pool of a Prefect server, a fold a run.", metavar="POOL")
]


@app.callback(invoke_without_command=True)
def escgan(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    """Hold options that stand before any command."""
    if version:
        from escgan import __version__

        typer.echo(f"escgan {__version__}")
        raise typer.Exit


@app.command()
def run(
    config: Annotated[Path, typer.Argument(help="Configuration in YAML, such as configs/eegmat.yaml.")],
    data: Annotated[Path | None, typer.Option(help="Folder with the corpus' files.", metavar="DIR")] = None,
    root: Root = "store",
    only: Stage = None,
    start: From = None,
    refresh: Refresh = None,
    using: Using = None,
    subjects: Subjects = None,
    device: Device = "auto",
    pack: Pack = None,
    runner: Runner = None,
    workers: Workers = None,
    cluster: Cluster = None,
    gpu_pool: GpuPool = None,
) -> None:
    """Run an experiment from raw files to the report.

    Stages: ingest, features, train, augment, evaluate, report. Whatever the store holds already is not computed
    again; a run that was stopped goes on where it was.
    """
    from escgan.config import load_config

    experiment = load_config(config)
    if subjects is not None:
        experiment = experiment.model_copy(update={"subjects": _names(subjects)})
    execution = _execution(device, pack, runner, workers, cluster, gpu_pool)
    _run_pipeline(experiment, data, root, only, start, refresh or [], execution, using)


@app.command()
def demo(root: Root = "store", device: Device = "auto") -> None:
    """Run the whole pipeline on a small simulated cohort with a known truth (some minutes on 2 cores)."""
    from importlib.resources import as_file, files

    from escgan.config import load_config

    with as_file(files("flows") / "demo.yaml") as path:
        config = load_config(path)
    _run_pipeline(config, None, root, None, None, [], _execution(device))


@app.command()
def study(
    kind: Annotated[str, typer.Argument(help=f"One of {', '.join(STUDY_NAMES)}.", metavar="KIND")],
    config: Annotated[Path, typer.Argument(help="Configuration in YAML; its section studies may hold options.")],
    data: Annotated[Path | None, typer.Option(help="Folder with the corpus' files.", metavar="DIR")] = None,
    root: Root = "store",
    subjects: Subjects = None,
    device: Device = "auto",
    pack: Pack = None,
    runner: Runner = None,
    workers: Workers = None,
    cluster: Cluster = None,
    gpu_pool: GpuPool = None,
) -> None:
    """Run a published experiment, or one of its kin, on an experiment's configuration.

    Leaves a page, a plot and tables in the store's folder studies/.
    """
    from escgan.config import load_experiment
    from escgan.studies import parse_study
    from flows.foreground import foreground

    experiment, options = load_experiment(config)
    kind = kind.replace("-", "_")
    settings = options.get(kind) or parse_study(kind, {}, str(config))
    if subjects is not None:
        experiment = experiment.model_copy(update={"subjects": _names(subjects)})
    settings.variants(experiment)
    execution = _execution(device, pack, runner, workers, cluster, gpu_pool)
    with foreground(root, f"{experiment.dataset.title}, {settings.title}") as console:
        from flows.closing import print_study
        from flows.study import study as study_flow

        outcome = study_flow(experiment, settings, data, root, execution)
    print_study(console, outcome)


@app.command()
def profile(
    run: Annotated[str, typer.Argument(help="Name of a run's configuration, or the beginning of an artifact's key.")],
    root: Root = "store",
) -> None:
    """Show where a run's time and memory went: stages, their parts, the longest units."""
    from flows.profiling import print_profile

    print_profile(existing_store(root), run)


@app.command()
def runs(root: Root = "store") -> None:
    """List the runs that a store remembers, each with the id by which --using finds it."""
    from flows.run_list import print_runs

    print_runs(existing_store(root))


@app.command()
def datasets(
    kind: Annotated[str | None, typer.Argument(help="One corpus, to be told everything about it.")] = None,
) -> None:
    """List the corpora: the files that each must have, its licence, and where to ask for it."""
    from flows.corpora import print_dataset, print_datasets

    if kind is None:
        print_datasets()
    else:
        print_dataset(kind)


@app.command()
def inspect(
    data: Annotated[Path, typer.Argument(help="Folder with a corpus' files.", metavar="DIR")],
    dataset: Annotated[str | None, typer.Option(help="The corpus, where the folder could be several.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="Configuration whose dataset options and labels to use.", metavar="FILE")
    ] = None,
    names_only: Annotated[bool, typer.Option("--names-only", help="Look at file names alone, read nothing.")] = False,
) -> None:
    """Say which corpus a folder is, what it holds, and what is missing or broken, before anything runs.

    Every recording is read and checked; exit code 3 if one cannot be used.
    """
    from escgan.config import load_config
    from escgan.errors import ConfigError
    from flows.corpora import print_inspection

    if config is not None and dataset is not None:
        raise ConfigError("--config says which corpus it is: leave --dataset out.")
    if not print_inspection(data, dataset, names_only, experiment=(config, load_config(config)) if config else None):
        raise typer.Exit(3)


@app.command()
def fetch(
    dataset: Annotated[str, typer.Argument(help="An open corpus: eegmat.")],
    data: Annotated[Path, typer.Option(help="Folder to download into.", metavar="DIR")] = Path("data/eegmat"),
    subjects: Subjects = None,
) -> None:
    """Download an open corpus, checked against its own SHA256SUMS; run again to resume."""
    from escgan.errors import ConfigError

    if dataset != "eegmat":
        raise ConfigError(f"'{dataset}' cannot be downloaded by a program; see `escgan datasets` for where to ask.")
    from escgan.datasets.fetch import fetch_eegmat

    files = fetch_eegmat(data, subjects=_names(subjects))
    typer.echo(f"{len(files)} files in {data}. Next: escgan inspect {data}")


@app.command("setup-automations")
def setup_automations() -> None:
    """Let the Prefect server find runs that were lost with their worker, and run them again."""
    import os

    from escgan.errors import ConfigError

    if not os.environ.get("PREFECT_API_URL"):
        raise ConfigError("Automations live on a Prefect server: set PREFECT_API_URL, as `make server` tells.")
    from flows.automations import install

    for name in install():
        typer.echo(f"Installed: {name}")


def main() -> None:
    """Run the command; errors written for the user become one sentence and an exit code."""
    from escgan.errors import ConfigError, EscganError, RecordingError
    from storage.errors import StorageError

    codes: tuple[tuple[type[Exception], int], ...] = (
        (ConfigError, 2),
        (RecordingError, 3),
        (StorageError, 4),
        (EscganError, 5),
    )
    try:
        app()
    except (EscganError, StorageError) as error:
        typer.echo(f"escgan: {error}", err=True)
        sys.exit(next(code for kind, code in codes if isinstance(error, kind)))


def _run_pipeline(
    config: PipelineConfig,
    data: Path | None,
    root: str,
    only: StageName | None,
    start: StageName | None,
    refresh: list[StageName],
    execution: ExecutionConfig,
    using: str | None = None,
) -> None:
    from escgan.errors import ConfigError
    from flows.foreground import foreground

    others = [name for name in refresh if only and name != only]
    if others:
        raise ConfigError(f"--refresh {others[0]} contradicts --only {only}: leave one of them out.")
    with foreground(root, config.dataset.title) as console:
        from flows.closing import print_outcome

        if only and not start:
            # Making six flows takes Prefect a second.
            from flows.stages import STAGE_FLOWS

            outcome = STAGE_FLOWS[only](config, data, root, execution, only in refresh, using)
        else:
            from flows.pipeline import pipeline

            outcome = pipeline(config, data, root, execution, only, start, tuple(refresh), using)
    print_outcome(console, config, outcome)


def _execution(
    device: str,
    pack: int | None = None,
    runner: str | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    gpu_pool: str | None = None,
) -> ExecutionConfig:
    from flows.execution import parse_execution

    given = {"pack": pack, "runner": runner, "workers": workers, "cluster": cluster, "gpu_pool": gpu_pool}
    return parse_execution({"device": device, **given}, "the options")


def _names(text: str | None) -> tuple[str, ...] | None:
    """Split a list of names at its commas."""
    if text is None:
        return None
    return tuple(name.strip().removeprefix("sub-") for name in text.split(",") if name.strip()) or None


if __name__ == "__main__":
    main()
