"""Help is complete: every command, argument and option says what it is, and every example can be typed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from flows.cli import app
from flows.exit_codes import EXIT_CODES

ROOT = Path(__file__).parents[2]


def walk(command, path=()):
    """Every command below one, with the words that lead to it."""
    for name, child in getattr(command, "commands", {}).items():
        yield (*path, name), child
        yield from walk(child, (*path, name))


TREE = typer.main.get_command(app)
ALL = dict(walk(TREE))
COMMANDS = {words: command for words, command in ALL.items() if not hasattr(command, "commands")}
OPEN = [pytest.param(words, id=" ".join(words)) for words in COMMANDS]


def examples(help_text):
    """The command lines of a help text's examples."""
    _, _, after = help_text.partition("Examples:\n")
    return re.findall(r"^\s*\$ (.+)$", after, re.MULTILINE)


@pytest.fixture
def shown(escgan, monkeypatch):
    """What `escgan ... --help` prints on a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERMINAL_WIDTH", "80")

    def show(*words):
        code, out, _ = escgan(*words, "--help")
        assert code == 0
        return out

    return show


def test_the_walk_finds_commands_at_both_levels():
    assert ("run",) in COMMANDS and ("artifacts", "verify") in COMMANDS and len(COMMANDS) > 15


@pytest.mark.parametrize("words", [*ALL, ()], ids=" ".join)
def test_every_command_and_option_has_a_sentence_of_help(words):
    command = ALL[words] if words else TREE
    first = command.help.partition("\n\n")[0]
    assert first[0].isupper() and first.rstrip()[-1] in ".?"
    for parameter in command.params:
        told = parameter.help or ""
        assert told[:1].strip() and told.endswith("."), (words, parameter.name)


@pytest.mark.parametrize("words", OPEN)
def test_every_command_has_examples_that_can_be_typed_and_fit_into_80_columns(words, shown):
    command = COMMANDS[words]
    lines = examples(command.help)
    assert lines
    out = shown(*words)
    assert max(map(len, out.splitlines())) <= 80
    for line in lines:
        assert f" $ {line}" in [row.rstrip() for row in out.splitlines()]
        typed = shlex.split(line.partition(" > ")[0])
        assert tuple(typed[: 1 + len(words)]) == ("escgan", *words)
        # Parses everything and runs nothing; an option that is not there raises.
        with command.make_context("escgan", typed[1 + len(words) :]):
            pass


def test_an_example_with_an_option_that_is_not_there_would_be_found():
    with pytest.raises(typer.TyperException, match="No such option"):
        COMMANDS["runs",].make_context("escgan", ["--sort"])


def test_the_configurations_of_examples_are_there():
    named = {word for command in COMMANDS.values() for line in examples(command.help) for word in line.split()}
    files = {word for word in named if word.startswith("configs/")}
    assert files and all((ROOT / name).is_file() for name in files)


def test_the_first_page_is_a_map_in_panels_with_every_command_and_exit_code(shown):
    out = shown()
    panels = re.findall(r"─ ([A-Z][a-z ]+) ─", out)
    assert panels == ["Options", "Run experiments", "Look at results", "Data and configurations", "Machines"]
    for words in ALL:
        assert len(words) > 1 or re.search(rf"^│ {words[0]} ", out, re.MULTILINE)
    epilog = out[out.index("Exit codes:") :]
    assert [int(number) for number in re.findall(r"\b\d+\b", epilog.partition("\n\n")[0])] == list(EXIT_CODES)


def printed(*arguments, **environment):
    """What the command prints in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "flows.entry", *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=os.environ | environment,
    )
    return done.stdout


@pytest.mark.parametrize("columns", [50, 60])
def test_a_narrow_terminal_still_gets_every_option_whole(columns):
    out = printed("artifacts", "list", "--help", COLUMNS=str(columns))
    assert max(map(len, out.splitlines())) <= columns
    assert "--stage" in out and "--root" in out and "--json" in out


def test_where_colours_are_unwanted_no_control_character_is_printed():
    assert "\x1b" in printed("--help", FORCE_COLOR="1", NO_COLOR="")
    assert "\x1b" not in printed("--help", NO_COLOR="1", FORCE_COLOR="")
