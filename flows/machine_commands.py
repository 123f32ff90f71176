"""The commands that are about machines: `escgan doctor` and `setup-automations`."""

from __future__ import annotations

import typer

from flows.options import Json, Root


def doctor(root: Root = "store", as_json: Json = False) -> None:
    """Look at what is installed and reachable here, and say what would stop a run; exit code 2 if anything would.

    Examples:
    $ escgan doctor
    $ escgan doctor --root s3://bucket/folder
    """
    from flows.doctor import print_findings

    if not print_findings(root, as_json):
        raise typer.Exit(2)


def setup_automations() -> None:
    """Let the Prefect server find runs that were lost with their worker, and run them again.

    Examples:
    $ escgan setup-automations
    """
    from escgan.errors import ConfigError
    from flows.server import configured_server, refuse_unusable_server

    if configured_server() is None:
        raise ConfigError("Automations live on a Prefect server: set PREFECT_API_URL, as `make server` tells.")
    refuse_unusable_server()
    from flows.automations import install

    for name in install():
        typer.echo(f"Installed: {name}")
