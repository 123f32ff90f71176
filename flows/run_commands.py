"""The commands that compute: `escgan run`, `demo`, `study` and `reproduce`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows import completing
from flows.answering import print_document
from flows.names import STUDY_NAMES, StageName
from flows.options import (
    Cluster,
    Config,
    Data,
    Device,
    From,
    GpuPool,
    Json,
    Pack,
    Refresh,
    Root,
    Runner,
    Stage,
    Subjects,
    Tensorboard,
    Using,
    Workers,
    execution_of,
    names_in,
)

if TYPE_CHECKING:
    from escgan.config import PipelineConfig
    from flows.execution import ExecutionConfig
    from storage.store import Store


def run(
    config: Config,
    data: Data = None,
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
    tensorboard: Tensorboard = None,
    as_json: Json = False,
) -> None:
    """Run an experiment from raw files to the report.

    Stages: ingest, features, train, augment, evaluate, report. Whatever the
    store holds already is not computed again; a run that was stopped goes on
    where it was.

    Examples:
    $ escgan run configs/eegmat.yaml --data data/eegmat
    $ escgan run configs/eegmat.yaml --data data/eegmat --subjects 00,05
    $ escgan run configs/eegmat.yaml --data data/eegmat --from train
    $ escgan run configs/eegmat.yaml --only evaluate --using eegmat
    """
    from escgan.config import load_config

    experiment = load_config(config)
    if subjects is not None:
        experiment = experiment.model_copy(update={"subjects": names_in(subjects)})
    execution = execution_of(device, pack, runner, workers, cluster, gpu_pool, tensorboard)
    _run_pipeline(experiment, data, root, only, start, refresh or [], execution, using, as_json)


def demo(root: Root = "store", device: Device = "auto", as_json: Json = False) -> None:
    """Run the whole pipeline on a small simulated cohort with a known truth (some minutes on 2 cores).

    Examples:
    $ escgan demo
    $ escgan demo --root /tmp/demo --device cpu
    """
    from importlib.resources import as_file, files

    from escgan.config import load_config

    with as_file(files("flows") / "demo.yaml") as path:
        config = load_config(path)
    _run_pipeline(config, None, root, None, None, [], execution_of(device), as_json=as_json)


def study(
    kind: Annotated[
        str,
        typer.Argument(help=f"One of {', '.join(STUDY_NAMES)}.", metavar="KIND", autocompletion=completing.studies),
    ],
    config: Annotated[
        Path,
        typer.Argument(
            help="Configuration in YAML; its section studies may hold options.",
            metavar="CONFIG",
            autocompletion=completing.configurations,
        ),
    ],
    data: Data = None,
    root: Root = "store",
    subjects: Subjects = None,
    device: Device = "auto",
    pack: Pack = None,
    runner: Runner = None,
    workers: Workers = None,
    cluster: Cluster = None,
    gpu_pool: GpuPool = None,
    tensorboard: Tensorboard = None,
    as_json: Json = False,
) -> None:
    """Run a published experiment, or one of its kin, on an experiment's configuration.

    Leaves a page, a plot and tables in the store's folder studies/.

    Examples:
    $ escgan study compare configs/studies/eegmat-compare.yaml --data DIR
    $ escgan study hard-case configs/deap.yaml --data DIR --device cuda
    """
    from escgan.config import load_experiment
    from escgan.studies import parse_study
    from flows.foreground import foreground
    from flows.preconditions import refuse_hopeless

    experiment, options = load_experiment(config)
    kind = kind.replace("-", "_")
    settings = options.get(kind) or parse_study(kind, {}, str(config))
    if subjects is not None:
        experiment = experiment.model_copy(update={"subjects": names_in(subjects)})
    settings.variants(experiment)
    execution = execution_of(device, pack, runner, workers, cluster, gpu_pool, tensorboard)

    def check(store: Store) -> None:
        refuse_hopeless(experiment, data, store, execution)

    with foreground(root, f"{experiment.dataset.title}, {settings.title}", check) as console:
        from flows.closing import print_study, study_document
        from flows.study import study as study_flow

        outcome = study_flow(experiment, settings, data, root, execution)
    if as_json:
        print_document(study_document(experiment.name, settings.kind, outcome))
    else:
        print_study(console, outcome)


def reproduce(
    run: Annotated[
        str,
        typer.Argument(
            help="A run's name, id or report's key, or the path of its report's manifest.",
            metavar="RUN",
            autocompletion=completing.runs,
        ),
    ],
    data: Annotated[
        Path | None, typer.Option(help="Folder with the corpus' files; else from the stored features.", metavar="DIR")
    ] = None,
    root: Root = "store",
    device: Device = "auto",
    runner: Runner = None,
    workers: Workers = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            help="Compute in this store, not the run's own, and keep it.", metavar="DIR", show_default="a temporary one"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Compute an earlier run again, in a store of its own, and compare every result byte by byte.

    Says first which packages have other versions now, and last how many results
    were reused, not computed: the features without --data, and what the store of
    --keep held. Exit code 6 if a result has other bytes or none was computed.

    Examples:
    $ escgan reproduce eegmat
    $ escgan reproduce eegmat --data data/eegmat --keep again
    $ escgan reproduce manifest.json --data data/eegmat
    """
    from flows.reproducing import reproduced

    if not reproduced(run, root, data, keep, execution_of(device, None, runner, workers), as_json):
        raise typer.Exit(6)


def _run_pipeline(
    config: PipelineConfig,
    data: Path | None,
    root: str,
    only: StageName | None,
    start: StageName | None,
    refresh: list[StageName],
    execution: ExecutionConfig,
    using: str | None = None,
    as_json: bool = False,
) -> None:
    from escgan.errors import ConfigError
    from flows.foreground import foreground
    from flows.preconditions import refuse_hopeless

    others = [name for name in refresh if only and name != only]
    if others:
        raise ConfigError(f"--refresh {others[0]} contradicts --only {only}: leave one of them out.")

    def check(store: Store) -> None:
        refuse_hopeless(config, data, store, execution, only=only, start=start, refresh=refresh, using=using)

    with foreground(root, config.dataset.title, check) as console:
        from flows.closing import outcome_document, print_outcome

        if only and not start:
            # Making six flows takes Prefect a second.
            from flows.stages import STAGE_FLOWS

            outcome = STAGE_FLOWS[only](config, data, root, execution, only in refresh, using)
        else:
            from flows.pipeline import pipeline

            outcome = pipeline(config, data, root, execution, only, start, tuple(refresh), using)
    if as_json:
        print_document(outcome_document(config, outcome))
    else:
        print_outcome(console, config, outcome)
