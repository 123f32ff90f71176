"""The commands that deal with corpora: which there are, what a folder holds, what can be downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows import completing
from flows.options import Json, Subjects, names_in


def datasets(
    kind: Annotated[
        str | None,
        typer.Argument(
            help="One corpus, to be told everything about it.", metavar="[KIND]", autocompletion=completing.corpora
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the corpora: the files that each must have, its licence, and where to ask for it.

    Examples:
    $ escgan datasets
    $ escgan datasets deap
    """
    from flows.corpora import print_dataset, print_datasets

    if kind is None:
        print_datasets(as_json)
    else:
        print_dataset(kind, as_json)


def inspect(
    data: Annotated[Path, typer.Argument(help="Folder with a corpus' files.", metavar="DIR")],
    dataset: Annotated[
        str | None,
        typer.Option(
            help="The corpus, where the folder could be several.", metavar="KIND", autocompletion=completing.corpora
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="Configuration whose dataset options and labels to use.",
            metavar="FILE",
            autocompletion=completing.configurations,
        ),
    ] = None,
    names_only: Annotated[bool, typer.Option("--names-only", help="Look at file names alone, read nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Say which corpus a folder is, what it holds, and what is missing or broken, before anything runs.

    Every recording is read and checked; exit code 3 if one cannot be used.

    Examples:
    $ escgan inspect data/eegmat
    $ escgan inspect DIR --config configs/deap.yaml
    $ escgan inspect DIR --names-only
    """
    from escgan.config import load_config
    from escgan.errors import ConfigError
    from flows.corpora import print_inspection

    if config is not None and dataset is not None:
        raise ConfigError("--config says which corpus it is: leave --dataset out.")
    experiment = (config, load_config(config)) if config else None
    if not print_inspection(data, dataset, names_only, experiment, as_json):
        raise typer.Exit(3)


def fetch(
    dataset: Annotated[
        str, typer.Argument(help="An open corpus: eegmat.", metavar="KIND", autocompletion=completing.open_corpora)
    ],
    data: Annotated[Path, typer.Option(help="Folder to download into.", metavar="DIR")] = Path("data/eegmat"),
    subjects: Subjects = None,
) -> None:
    """Download an open corpus, checked against its own SHA256SUMS; run again to resume.

    Examples:
    $ escgan fetch eegmat
    $ escgan fetch eegmat --subjects 00,05 --data data/eegmat
    """
    from escgan.errors import ConfigError

    if dataset != "eegmat":
        raise ConfigError(f"'{dataset}' cannot be downloaded by a program; see `escgan datasets` for where to ask.")
    from escgan.datasets.fetch import fetch_eegmat

    files = fetch_eegmat(data, subjects=names_in(subjects))
    typer.echo(f"{len(files)} files in {data}. Next: escgan inspect {data}")
