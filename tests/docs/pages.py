"""What a page of the documentation tells its reader to write and run, and doing it."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
# What stands before a block that only a running Prefect server can answer.
ON_A_SERVER = "<!-- needs a server -->"

_BLOCK = re.compile(r'^```(\w+)?(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_PATIENCE_S = 600


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file that it is (if any), its text, its line, whether it needs a server."""

    language: str
    title: str | None
    text: str
    line: int
    on_server: bool


def blocks(page: Path) -> list[Block]:
    """Every fenced block of a page, in order."""
    content = page.read_text(encoding="utf-8")
    return [
        Block(
            found[1] or "",
            found[2],
            found[3],
            content.count("\n", 0, found.start()) + 1,
            content[: found.start()].rstrip().endswith(ON_A_SERVER),
        )
        for found in _BLOCK.finditer(content)
    ]


def follow(page: Path, folder: Path) -> Iterator[Block]:
    """Do what a page says in a folder, block by block; what does not end as the page says is an AssertionError."""
    reader = _Reader(page, folder)
    for block in blocks(page):
        if not block.on_server:
            reader.take(block)
            yield block


def shell_lines(page: Path) -> Iterator[list[str]]:
    """Every command of a page's shell blocks as words, comments left out, continued lines joined."""
    for block in blocks(page):
        if block.language in ("shell", ""):
            for line in block.text.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                if words:
                    yield words


# What the suite was told, and readers were not.
_LEFT_OUT = ("PREFECT_", "ESCGAN_", "PYTEST_")


class _Reader:
    """Somebody who types what a page shows: files are written, commands run, output compared with what is shown."""

    def __init__(self, page: Path, folder: Path) -> None:
        self.page, self.folder = page, folder
        self.names: dict[str, object] = {"__name__": "__main__"}
        self.said: str | None = None
        programs = folder.parent / f"{folder.name}-programs"
        programs.mkdir()
        # A page that works in a clone runs the clone's code.
        for name, start in {"escgan": "-m flows.cli", "python": ""}.items():
            script = programs / name
            script.write_text(
                f'#!/bin/sh\nhere="$PWD"\n[ -d "$here/flows" ] || here={shlex.quote(str(ROOT))}\n'
                f'PYTHONPATH="$here" exec {shlex.quote(sys.executable)} {start} "$@"\n'
            )
            script.chmod(0o755)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}
        self.env = kept | {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "120",
            "DO_NOT_TRACK": "1",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        }

    def take(self, block: Block) -> None:
        where = f"{self.page.name}, line {block.line}"
        if block.language == "text":
            assert self.said is not None, f"{where}: nothing was run whose output this could be"
            assert _alike(block.text, self.said), f"{where} shows\n{block.text}\nbut what came was\n{self.said}"
            self.said = None
        elif block.language == "diff":
            self._change(block, where)
        elif block.title:
            path = self.folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            said = io.StringIO()
            with redirect_stdout(said):
                exec(compile(block.text, where, "exec"), self.names)
            self.said = said.getvalue()
        else:
            assert block.language == "shell", f"{where}: nobody runs a block of '{block.language}'"
            done = subprocess.run(
                ["bash", "-e", "-c", block.text],
                cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=_PATIENCE_S,
            )  # fmt: skip
            assert done.returncode == 0, f"{where} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
            self.said = done.stdout

    def _change(self, block: Block, where: str) -> None:
        """Change a file as a diff says, wherever in it the lines stand."""
        path = self.folder / str(block.title)
        content = path.read_text(encoding="utf-8")
        for hunk in re.split(r"^@@.*\n", block.text, flags=re.MULTILINE):
            if hunk.strip():
                lines = hunk.splitlines(keepends=True)
                before = "".join(line[1:] for line in lines if line[0] in " -")
                after = "".join(line[1:] for line in lines if line[0] in " +")
                assert content.count(before) == 1, f"{where}: {block.title} does not hold once\n{before}"
                content = content.replace(before, after)
        path.write_text(content, encoding="utf-8")


def _alike(shown: str, said: str) -> bool:
    """Whether a shown output is what was said; ``...`` stands for anything, and spaces at a line's end for nothing."""

    def tidy(text: str) -> str:
        return "\n".join(line.rstrip() for line in text.strip().splitlines())

    pattern = ".*".join(re.escape(part) for part in tidy(shown).split("..."))
    return re.fullmatch(pattern, tidy(said), re.DOTALL) is not None
