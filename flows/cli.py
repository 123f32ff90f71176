"""The command ``escgan``.

Everything heavy is imported inside the commands, so that help answers at once.
"""

from __future__ import annotations

import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.names import StageName

if TYPE_CHECKING:
    from escgan.config import PipelineConfig
    from storage.manifest import Manifest
    from storage.store import Store

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="From raw EEG of many subjects to an honest verdict: do GAN-edited emotion windows help on unseen people?",
    epilog="Exit codes: 0 done, 1 defect, 2 usage or configuration, 3 recordings, 4 store, 5 training, 130 stopped.",
)
artifacts = typer.Typer(no_args_is_help=True, help="Look at, check and remove what runs have stored.")
app.add_typer(artifacts, name="artifacts")

Root = Annotated[Path, typer.Option("--root", help="Folder of the artifact store.", show_default=True)]
Stage = Annotated[StageName | None, typer.Option(help="Run one stage from what the store holds.", metavar="STAGE")]
From = Annotated[
    StageName | None, typer.Option("--from", help="Run from this stage on, the rest from the store.", metavar="STAGE")
]
Refresh = Annotated[
    list[StageName] | None, typer.Option(help="Compute this stage anew; may be repeated.", metavar="STAGE")
]
Subjects = Annotated[str | None, typer.Option(help="Only these subjects, such as 01,02,05.", metavar="NAMES")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
Pack = Annotated[
    int | None,
    typer.Option(min=1, help="Train this many folds as one program.", show_default="32 on a GPU, 1 on a CPU"),
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
    root: Root = Path("store"),
    only: Stage = None,
    start: From = None,
    refresh: Refresh = None,
    subjects: Subjects = None,
    device: Device = "auto",
    pack: Pack = None,
) -> None:
    """Run an experiment from raw files to the report.

    Stages: ingest, features, train, augment, evaluate, report. Whatever the store holds already is not computed
    again; a run that was stopped goes on where it was.
    """
    from escgan.config import load_config

    experiment = load_config(config)
    if subjects is not None:
        experiment = experiment.model_copy(update={"subjects": _names(subjects)})
    _run_pipeline(experiment, data, root, only, start, refresh or [], device, pack)


@app.command()
def demo(root: Root = Path("store"), device: Device = "auto") -> None:
    """Run the whole pipeline on a small simulated cohort with a known truth (about 2 minutes on 2 cores)."""
    from importlib.resources import as_file, files

    from escgan.config import load_config

    with as_file(files("flows") / "demo.yaml") as path:
        config = load_config(path)
    _run_pipeline(config, None, root, None, None, [], device)


@app.command()
def profile(
    run: Annotated[str, typer.Argument(help="Name of a run's configuration, or the beginning of an artifact's key.")],
    root: Root = Path("store"),
) -> None:
    """Show where a run's time and memory went: stages, their parts, the longest units."""
    from flows.profile import print_profile

    print_profile(_existing_store(root), run)


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


@artifacts.command("list")
def list_artifacts(root: Root = Path("store"), stage: Stage = None) -> None:
    """List what the store holds."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    manifests = _existing_store(root).list(stage)
    table = Table(box=box.SIMPLE)
    for heading in ("stage", "unit", "key", "MB", "seconds", "created (UTC)"):
        table.add_column(heading, no_wrap=True, justify="right" if heading in ("MB", "seconds") else "left")
    for m in manifests:
        size = f"{m.bytes / 1e6:.2f}"
        table.add_row(m.stage, m.unit, m.key[:12], size, f"{m.wall_s:.1f}", m.created[:19].replace("T", " "))
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    typer.echo(f"{len(manifests)} artifacts, {sum(m.bytes for m in manifests) / 1e6:.1f} MB")


@artifacts.command("show")
def show_artifact(key: Annotated[str, typer.Argument(help="Beginning of a key.")], root: Root = Path("store")) -> None:
    """Print an artifact's manifest as JSON, and its folder."""
    import json
    from dataclasses import asdict

    store = _existing_store(root)
    for manifest in _resolved(root, key):
        typer.echo(json.dumps(asdict(manifest), indent=2, ensure_ascii=False))
        typer.echo(f"folder: {store.root / 'artifacts' / manifest.stage / manifest.key}")


@artifacts.command("verify")
def verify_artifacts(
    key: Annotated[str | None, typer.Argument(help="Beginning of a key; all artifacts when not given.")] = None,
    root: Root = Path("store"),
) -> None:
    """Compare every file with its digest; exit code 4 if anything is damaged."""
    store = _existing_store(root)
    addresses = [(m.stage, m.key) for m in _resolved(root, key)] if key else store.addresses()
    damaged = 0
    for stage, full_key in addresses:
        reason = store.why_not(stage, full_key)
        if reason is not None:
            damaged += 1
            typer.echo(f"{stage}/{full_key}: {reason}")
    typer.echo(
        f"{len(addresses)} artifacts checked, {damaged} damaged" + ("; run again to recompute." if damaged else ".")
    )
    if damaged:
        raise typer.Exit(4)


@artifacts.command("remove")
def remove_artifact(
    key: Annotated[str, typer.Argument(help="Beginning of a key.")],
    root: Root = Path("store"),
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete artifacts; a later run computes them again."""
    store = _existing_store(root)
    found = _resolved(root, key)
    for m in found:
        typer.echo(f"{m.stage}/{m.key[:12]} {m.unit}, {m.bytes / 1e6:.2f} MB")
    if not yes:
        typer.confirm(f"Remove {len(found)} artifact(s)?", abort=True)
    freed = sum(store.remove(m.stage, m.key) for m in found)
    typer.echo(f"Removed {len(found)} artifact(s), {freed / 1e6:.2f} MB freed.")


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
    root: Path,
    only: StageName | None,
    start: StageName | None,
    refresh: list[StageName],
    device: str,
    pack: int | None = None,
) -> None:
    import logging

    from rich.console import Console
    from rich.logging import RichHandler

    from escgan.errors import ConfigError
    from flows.environment import prepare_prefect
    from flows.interrupt import stopping_at_once
    from storage.store import Store

    # Opened first: a store that cannot be written is said in one sentence, before anything is started.
    Store(root)
    prepare_prefect(root)
    console = Console(stderr=True, width=None if sys.stderr.isatty() else 140)
    others = [name for name in refresh if only and name != only]
    if others:
        raise ConfigError(f"--refresh {others[0]} contradicts --only {only}: leave one of them out.")
    handler = RichHandler(console=console, show_time=False, show_level=False, show_path=False)
    said: set[str] = set()

    def unsaid(record: logging.LogRecord) -> bool:
        # A warning on a setting comes from every recording; people need it once.
        message = record.getMessage()
        new = message not in said
        said.add(message)
        return new

    handler.addFilter(unsaid)
    # What other packages warn of is not written for this program's users; Prefect tells of its own shutdown that way.
    logging.basicConfig(level=logging.ERROR, format="%(message)s", handlers=[handler])
    logging.getLogger("escgan").setLevel(logging.INFO)
    console.print(f"escgan: {config.dataset.title}; the store is {root}", soft_wrap=True, highlight=False)
    with console.status("starting Prefect ..."):
        from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

        from flows.closing import print_outcome
        from flows.display import RunDisplay
        from flows.pipeline import pipeline
        from tasks.progress import listening
    try:
        # Heartbeats serve deployments; a run in the foreground would only wait for their thread to end.
        with (
            stopping_at_once(console),
            temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
            RunDisplay(console) as display,
            listening(display),
        ):
            if only and not start:
                # Making six flows takes Prefect a second.
                from flows.stages import STAGE_FLOWS

                outcome = STAGE_FLOWS[only](config, data, root, device, only in refresh)
            else:
                outcome = pipeline(config, data, root, device, only, start, tuple(refresh), pack)
    except Exception as error:
        _raise_or_log(error, root)
    else:
        print_outcome(Console(width=None if sys.stdout.isatty() else 140), config, outcome)


def _raise_or_log(error: Exception, root: Path) -> None:
    """Pass on errors written for the user; keep the traceback of any other in a file."""
    from escgan.errors import EscganError
    from storage.errors import StorageError

    if isinstance(error, EscganError | StorageError):
        raise error
    log = root / "logs" / f"{datetime.now(UTC):%Y%m%dT%H%M%S}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    typer.echo(
        f"escgan: unexpected {type(error).__name__}: {error} (details in {log}; finished work is kept)", err=True
    )
    raise typer.Exit(1)


def _names(text: str | None) -> tuple[str, ...] | None:
    """Split a list of names at its commas."""
    if text is None:
        return None
    return tuple(name.strip().removeprefix("sub-") for name in text.split(",") if name.strip()) or None


def _existing_store(root: Path) -> Store:
    from escgan.errors import ConfigError
    from storage.store import Store

    if not (root / "artifacts").is_dir():
        raise ConfigError(f"There is no store at '{root}': say where it is with --root.")
    return Store(root)


def _resolved(root: Path, key: str) -> list[Manifest]:
    from storage.errors import ArtifactMissing

    found = _existing_store(root).resolve(key)
    if not found:
        raise ArtifactMissing(f"No artifact in '{root}' begins with '{key}': see `escgan artifacts list`.")
    return found


if __name__ == "__main__":
    main()
