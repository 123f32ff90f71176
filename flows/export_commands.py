"""The commands ``escgan export ...``: what a run left, in the form of others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows import completing
from flows.options import Root

export = typer.Typer(no_args_is_help=True, help="Write what a run left in the form of others.")


@export.callback()
def only_named() -> None:
    """Keep the form's name a word of the command, however many forms there are."""


@export.command()
def bids(
    run: Annotated[
        str, typer.Argument(help="A run's name, id or report's key.", metavar="RUN", autocompletion=completing.runs)
    ],
    out: Annotated[Path, typer.Option(help="Folder for the dataset; it must not hold anything.", metavar="DIR")],
    root: Root = "store",
) -> None:
    """Write a run's preprocessed recordings and features as a BIDS-derivatives dataset.

    Examples:
    $ escgan export bids eegmat --out eegmat-derivatives
    """
    from tasks.exporting import export_bids
    from tasks.opened_run import open_run

    n = export_bids(open_run(run, root), out)
    typer.echo(f"{n} recordings in {out}. Its README says how to read it again.")
