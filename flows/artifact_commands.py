"""The commands ``escgan artifacts ...``: look at, check and remove what runs have stored."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from storage.manifest import Manifest
    from storage.store import Store

artifacts = typer.Typer(no_args_is_help=True, help="Look at, check and remove what runs have stored.")

Root = Annotated[
    str, typer.Option("--root", help="The artifact store: a folder, or an address such as s3://bucket/folder.")
]
Stage = Annotated[str | None, typer.Option(help="Only this stage's.", metavar="STAGE")]


@artifacts.command("list")
def list_artifacts(root: Root = "store", stage: Stage = None) -> None:
    """List what the store holds."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    manifests = existing_store(root).list(stage)
    table = Table(box=box.SIMPLE)
    for heading in ("stage", "unit", "key", "MB", "seconds", "created (UTC)"):
        table.add_column(heading, no_wrap=True, justify="right" if heading in ("MB", "seconds") else "left")
    for m in manifests:
        size = f"{m.bytes / 1e6:.2f}"
        table.add_row(m.stage, m.unit, m.key[:12], size, f"{m.wall_s:.1f}", m.created[:19].replace("T", " "))
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    typer.echo(f"{len(manifests)} artifacts, {sum(m.bytes for m in manifests) / 1e6:.1f} MB")


@artifacts.command("show")
def show_artifact(key: Annotated[str, typer.Argument(help="Beginning of a key.")], root: Root = "store") -> None:
    """Print an artifact's manifest as JSON, and its folder."""
    import json
    from dataclasses import asdict

    store = existing_store(root)
    for manifest in _resolved(root, key):
        typer.echo(json.dumps(asdict(manifest), indent=2, ensure_ascii=False))
        typer.echo(f"folder: {store.address}/artifacts/{manifest.stage}/{manifest.key}")


@artifacts.command("verify")
def verify_artifacts(
    key: Annotated[str | None, typer.Argument(help="Beginning of a key; all artifacts when not given.")] = None,
    root: Root = "store",
) -> None:
    """Compare every file with its digest; exit code 4 if anything is damaged."""
    store = existing_store(root)
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
    root: Root = "store",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete artifacts; a later run computes them again."""
    store = existing_store(root)
    found = _resolved(root, key)
    for m in found:
        typer.echo(f"{m.stage}/{m.key[:12]} {m.unit}, {m.bytes / 1e6:.2f} MB")
    if not yes:
        typer.confirm(f"Remove {len(found)} artifact(s)?", abort=True)
    freed = sum(store.remove(m.stage, m.key) for m in found)
    typer.echo(f"Removed {len(found)} artifact(s), {freed / 1e6:.2f} MB freed.")


def existing_store(root: str) -> Store:
    """Open a store that is there; raises ConfigError where there is none."""
    from escgan.errors import ConfigError
    from storage.opening import open_store, store_exists

    if not store_exists(root):
        raise ConfigError(f"There is no store at '{root}': say where it is with --root.")
    return open_store(root)


def _resolved(root: str, key: str) -> list[Manifest]:
    from storage.errors import ArtifactMissing

    found = existing_store(root).resolve(key)
    if not found:
        raise ArtifactMissing(f"No artifact in '{root}' begins with '{key}': see `escgan artifacts list`.")
    return found
