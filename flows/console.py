"""The consoles that commands print on: what people named is printed as they named it.

Folders, recordings, classes and runs may have names that look like rich's markup (``[bold]``, ``:smile:``), so none is
read: styles are given as `rich.text.Text` or by ``style``.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Any

from rich.console import Console
from rich.text import Text


def literal_console(**options: Any) -> Console:
    """Return a console, with rich's options for one, that prints text as it stands."""
    return Console(markup=False, emoji=False, highlight=False, **options)


def answer_console(log_width: int = 140) -> Console:
    """Return the console for a command's answer: standard output, so many letters wide where it is no terminal."""
    return literal_console(file=sys.stdout, width=None if sys.stdout.isatty() else log_width)


def progress_console() -> Console:
    """Return the console on which a command shows how far it is: standard error.

    Where that is no terminal, lines are long and hold no control characters, also where colours are forced, as
    continuous integration does: nothing can be drawn over in a log.
    """
    if sys.stderr.isatty():
        return literal_console(stderr=True)
    return literal_console(stderr=True, width=140, force_terminal=False)


def print_what_cannot_be_encoded() -> None:
    """Let letters that the terminal's encoding lacks, and names of files that are none in it, be printed by number.

    Otherwise a bullet would end a run of hours in an error before its verdict is read.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def headed(heading: str, rest: str) -> Text:
    """Return a line that begins with something in bold."""
    return Text.assemble((heading, "bold"), rest)
