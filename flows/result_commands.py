"""The commands that look at what runs have found: `escgan runs`, `compare` and `profile`."""

from __future__ import annotations

from typing import Annotated

import typer

from flows import completing
from flows.artifact_commands import existing_store
from flows.options import Json, Root


def runs(
    run: Annotated[
        str | None,
        typer.Argument(
            help="Tell all of this one: a run's name, id or report's key.",
            metavar="[RUN]",
            autocompletion=completing.runs,
        ),
    ] = None,
    root: Root = "store",
    as_json: Json = False,
) -> None:
    """List the runs that a store remembers, or tell where one's report lies and how it was configured.

    What is printed of one run is a configuration that runs it again.

    Examples:
    $ escgan runs
    $ escgan runs 3f2a91c0
    $ escgan runs eegmat > again.yaml
    $ escgan runs --root s3://bucket/folder
    """
    from flows.run_list import print_run, print_runs

    store = existing_store(root)
    if run is None:
        print_runs(store, as_json)
    else:
        print_run(store, run, as_json)


def compare(
    first: Annotated[
        str,
        typer.Argument(
            help="A run's name, id or report's key, or a report's folder.",
            metavar="RUN",
            autocompletion=completing.runs,
        ),
    ],
    second: Annotated[
        str, typer.Argument(help="The run to hold against it.", metavar="OTHER", autocompletion=completing.runs)
    ],
    root: Root = "store",
    as_json: Json = False,
) -> None:
    """Hold two runs against each other: the settings that differ, and their scores, paired over common subjects.

    Examples:
    $ escgan compare eegmat eegmat-cleaned
    $ escgan compare 3f2a91c0 77b0e4d5 --json
    """
    from flows.comparing import print_runs_compared

    print_runs_compared(root, first, second, as_json)


def profile(
    run: Annotated[
        str,
        typer.Argument(
            help="Name of a run's configuration, or the beginning of an artifact's key.",
            metavar="RUN",
            autocompletion=completing.runs,
        ),
    ],
    root: Root = "store",
    as_json: Json = False,
) -> None:
    """Show where a run's time and memory went: stages, their parts, the longest units.

    Examples:
    $ escgan profile eegmat
    """
    from flows.profiling import print_profile

    print_profile(existing_store(root), run, as_json)
