"""The command line, as the program itself describes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import typer.core
import typer.main

from flows.cli import app

_VALUES = {str: "TEXT", int: "NUMBER", Path: "PATH"}
_LEAD = """\
# Command line

`escgan --help` and `escgan COMMAND --help` say the same in a terminal. What a command's end means to a script is listed
under [exit codes](../exit-codes.md).
"""


def command_page() -> str:
    """Return the page of all commands, in Markdown."""
    root = typer.main.get_command(app)
    return "\n".join([_LEAD, *_command(root, "escgan", 2)])


def commands() -> dict[str, typer.core.TyperCommand]:
    """Return every command that does something, by what one types."""
    return dict(_leaves(typer.main.get_command(app), "escgan"))


def _leaves(command: object, typed: str) -> Iterator[tuple[str, typer.core.TyperCommand]]:
    if isinstance(command, typer.core.TyperGroup):
        for name, inner in command.commands.items():
            yield from _leaves(inner, f"{typed} {name}")
    elif isinstance(command, typer.core.TyperCommand):
        yield typed, command


def _command(command: object, typed: str, depth: int) -> Iterator[str]:
    assert isinstance(command, typer.core.TyperCommand | typer.core.TyperGroup)
    arguments = [p for p in command.params if isinstance(p, typer.core.TyperArgument)]
    options = [p for p in command.params if isinstance(p, typer.core.TyperOption) and not p.hidden]
    if typed != "escgan":
        yield f"{'#' * depth} `{typed}`\n"
        usage = [typed, *(_name(a) if a.required else f"[{_name(a)}]" for a in arguments)]
        if isinstance(command, typer.core.TyperGroup):
            usage.append("COMMAND")
        if options:
            usage.append("[OPTIONS]")
        yield f"```\n{' '.join(usage)}\n```\n"
    told, _, examples = (command.help or "").partition("\nExamples:\n")
    yield _plain(told) + "\n"
    if examples:
        lines = [line.strip().removeprefix("$ ") for line in examples.splitlines() if line.strip()]
        yield "```shell\n" + "\n".join(lines) + "\n```\n"
    for parameter in arguments:
        yield f"`{_name(parameter)}`\n:   {_plain(parameter.help or '')}\n"
    for option in options:
        shown = ", ".join([*option.opts, *option.secondary_opts])
        value = "" if option.is_flag else f" {option.metavar or _VALUES[option.type_descriptor.annotation]}"
        yield f"`{shown}{value}`\n:   {_plain(option.help or '')}{_default(option)}\n"
    if isinstance(command, typer.core.TyperGroup):
        for name, inner in command.commands.items():
            yield from _command(inner, f"{typed} {name}", depth if typed == "escgan" else depth + 1)


def _name(argument: typer.core.TyperArgument) -> str:
    return str(argument.metavar or (argument.name or "").upper())


def _default(option: typer.core.TyperOption) -> str:
    if isinstance(option.show_default, str):
        return f" Default: {option.show_default}."
    if option.is_flag or option.default in (None, ()) or callable(option.default):
        return ""
    return f" Default: `{option.default}`."


def _plain(text: str) -> str:
    return " ".join(text.replace("\n\n", "\0").split()).replace("\0", "\n\n")
