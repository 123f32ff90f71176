"""The commands ``escgan artifacts ...``: look at, check and remove what runs have stored."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from flows import completing
from flows.answering import print_document
from flows.names import STORED_STAGES
from flows.options import Json, Root

if TYPE_CHECKING:
    from storage.store import Store

# As for a run's: what a person types by mistake, or a script from an empty variable, must not mean a whole store.
_BEGINNING = re.compile(r"[0-9a-f]{4,}")

artifacts = typer.Typer(no_args_is_help=True, help="Look at, check and remove what runs have stored.")

Stage = Annotated[
    str | None, typer.Option(help="Only this stage's.", metavar="STAGE", autocompletion=completing.stages)
]
Key = Annotated[
    str,
    typer.Argument(help="Beginning of a key, at least 4 digits of it.", metavar="KEY", autocompletion=completing.keys),
]


@artifacts.command("list")
def list_artifacts(root: Root = "store", stage: Stage = None, as_json: Json = False) -> None:
    """List what the store holds.

    Examples:
    $ escgan artifacts list
    $ escgan artifacts list --stage train
    """
    from rich import box
    from rich.table import Table

    from escgan.errors import ConfigError
    from escgan.listing import near_miss
    from flows.console import answer_console

    store = existing_store(root)
    manifests = store.list(stage)
    # A store that another version filled may hold stages that this one does not know.
    if stage is not None and not manifests and stage not in STORED_STAGES:
        raise ConfigError(
            f"There is no stage '{stage}': expected one of {', '.join(STORED_STAGES)}{near_miss(stage, STORED_STAGES)}."
        )
    if as_json:
        facts = ("stage", "unit", "key", "digest", "bytes", "wall_s", "created")
        rows = [{name: getattr(manifest, name) for name in facts} for manifest in manifests]
        print_document({"store": store.address, "artifacts": rows})
        return
    table = Table(box=box.SIMPLE)
    for heading in ("stage", "unit", "key", "MB", "seconds", "created (UTC)"):
        table.add_column(heading, no_wrap=True, justify="right" if heading in ("MB", "seconds") else "left")
    for m in manifests:
        size = f"{m.bytes / 1e6:.2f}"
        table.add_row(m.stage, m.unit, m.key[:12], size, f"{m.wall_s:.1f}", m.created[:19].replace("T", " "))
    answer_console(120).print(table)
    typer.echo(f"{len(manifests)} artifacts, {sum(m.bytes for m in manifests) / 1e6:.1f} MB")


@artifacts.command("show")
def show_artifact(key: Key, root: Root = "store", as_json: Json = False) -> None:
    """Print an artifact's manifest as JSON, and its folder.

    Examples:
    $ escgan artifacts show 3f2a91c0
    """
    import json
    from dataclasses import asdict

    from storage.errors import ArtifactCorrupt

    store = existing_store(root)
    found = []
    for stage, full_key in _resolved(store, key):
        manifest = store.manifest(stage, full_key)
        if manifest is None:
            raise ArtifactCorrupt(
                f"The manifest of {stage}/{full_key} is damaged or gone: remove the artifact, or run again to "
                "recompute it."
            )
        found.append((asdict(manifest), f"{store.address}/artifacts/{stage}/{full_key}"))
    if as_json:
        print_document({"artifacts": [described | {"folder": folder} for described, folder in found]})
        return
    for described, folder in found:
        typer.echo(json.dumps(described, indent=2, ensure_ascii=False))
        typer.echo(f"folder: {folder}")


@artifacts.command("verify")
def verify_artifacts(
    key: Annotated[
        str | None,
        typer.Argument(
            help="Beginning of a key, at least 4 digits of it; all artifacts when not given.",
            metavar="[KEY]",
            autocompletion=completing.keys,
        ),
    ] = None,
    root: Root = "store",
    as_json: Json = False,
) -> None:
    """Compare every file with its digest; exit code 4 if anything is damaged.

    Examples:
    $ escgan artifacts verify
    $ escgan artifacts verify 3f2a91c0
    """
    store = existing_store(root)
    addresses = store.addresses() if key is None else _resolved(store, key)
    damaged = []
    for stage, full_key in addresses:
        reason = store.why_not(stage, full_key)
        if reason is not None:
            damaged.append({"stage": stage, "key": full_key, "reason": reason})
            if not as_json:
                typer.echo(f"{stage}/{full_key}: {reason}")
    if as_json:
        print_document({"checked": len(addresses), "damaged": damaged})
    else:
        again = "; run again to recompute." if damaged else "."
        typer.echo(f"{len(addresses)} artifacts checked, {len(damaged)} damaged{again}")
    if damaged:
        raise typer.Exit(4)


@artifacts.command("remove")
def remove_artifact(
    key: Key,
    root: Root = "store",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete artifacts; a later run computes them again.

    Examples:
    $ escgan artifacts remove 3f2a91c0
    $ escgan artifacts remove report/3f2a91c0 --yes
    """
    store = existing_store(root)
    found = _resolved(store, key)
    for stage, full_key in found:
        manifest = store.manifest(stage, full_key)
        known = "without a sound manifest" if manifest is None else f"{manifest.unit}, {manifest.bytes / 1e6:.2f} MB"
        typer.echo(f"{stage}/{full_key[:12]} {known}")
    if not yes:
        typer.confirm(f"Remove {len(found)} artifact(s)?", abort=True)
    freed = sum(store.remove(stage, full_key) for stage, full_key in found)
    typer.echo(f"Removed {len(found)} artifact(s), {freed / 1e6:.2f} MB freed.")


def existing_store(root: str) -> Store:
    """Open a store that is there; raises ConfigError where there is none."""
    from escgan.errors import ConfigError
    from storage.opening import open_store, store_exists, why_no_store

    if not store_exists(root):
        raise ConfigError(f"{why_no_store(root)}: say where it is with --root.")
    return open_store(root)


def _resolved(store: Store, key: str) -> list[tuple[str, str]]:
    from escgan.errors import ConfigError
    from storage.errors import ArtifactMissing

    if not _BEGINNING.fullmatch(key.rpartition("/")[2]):
        raise ConfigError(
            f"'{key}' does not name an artifact: give at least 4 digits of its key, see `escgan artifacts list`."
        )
    found = store.resolve(key)
    if not found:
        raise ArtifactMissing(f"No artifact in '{store.address}' begins with '{key}': see `escgan artifacts list`.")
    return found
