"""What a shell offers for the values of options and arguments.

A shell asks at each press of the key, so nothing is imported that takes longer than the look into a folder.
"""

from __future__ import annotations

import json
from pathlib import Path

import typer

from flows.names import CORPUS_NAMES, STORED_STAGES, STUDY_NAMES

_SHOWN_LETTERS = 12


def corpora(incomplete: str) -> list[str]:
    """Return the kinds of corpus."""
    return _beginning(CORPUS_NAMES, incomplete)


def open_corpora(incomplete: str) -> list[str]:
    """Return the kinds of corpus that a program may download."""
    return _beginning(("eegmat",), incomplete)


def stages(incomplete: str) -> list[str]:
    """Return the names of the stages whose results a store keeps."""
    return _beginning(STORED_STAGES, incomplete)


def studies(incomplete: str) -> list[str]:
    """Return the studies' names."""
    return _beginning(STUDY_NAMES, incomplete)


def devices(incomplete: str) -> list[str]:
    """Return what can compute."""
    return _beginning(("auto", "cpu", "cuda", "mps"), incomplete)


def runners(incomplete: str) -> list[str]:
    """Return where units can be computed."""
    return _beginning(("threads", "processes", "dask", "ray"), incomplete)


def configurations(incomplete: str) -> list[str]:
    """Return YAML files that begin so, and those of folders that do; without any, the shell completes as it does."""
    folder, _, start = incomplete.rpartition("/")
    place = Path(f"{folder}/" if folder or incomplete.startswith("/") else ".").expanduser()
    prefix = incomplete[: len(incomplete) - len(start)]
    # A word from a shell may hold signs that mean something else in a pattern.
    found = [path for pattern in ("*.yaml", "*/*.yaml") for path in place.glob(pattern)]
    names = [path.relative_to(place).as_posix() for path in found]
    return sorted(prefix + name for name in names if name.startswith(start) and not name.startswith("."))


def runs(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the names of the runs that the store at ``--root`` remembers."""
    names: dict[str, None] = {}
    for path in _store(ctx).glob("runs/*.json"):
        try:
            names[json.loads(path.read_text(encoding="utf-8"))["name"]] = None
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return _beginning(sorted(names), incomplete)


def keys(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the beginnings of the keys in the store at ``--root``."""
    found = {path.name[: max(_SHOWN_LETTERS, len(incomplete))] for path in _store(ctx).glob("artifacts/*/[0-9a-f]*")}
    return _beginning(sorted(found), incomplete)


def _store(ctx: typer.Context) -> Path:
    return Path(ctx.params.get("root") or "store").expanduser()


def _beginning(names: list[str] | tuple[str, ...], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
