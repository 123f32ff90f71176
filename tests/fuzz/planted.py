"""Readers that are bad on purpose, one for each kind of fault: the judge must catch them all."""

from __future__ import annotations

import ctypes
import os
import pickle
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from escgan.errors import RecordingError
from escgan.recording import RecordingSource
from tests.fuzz.jobs import Attempt
from tests.fuzz.verdicts import check_refusal, check_sources


def _raises(data: Path) -> str:
    raise KeyError("data")


def _writes_outside(data: Path) -> str:
    (data.parent.parent / "outside" / "written").write_text("x")
    return "valid"


def _writes_among_the_data(data: Path) -> str:
    (data / "written").write_text("x")
    return "valid"


def _swallows_its_own_breach(data: Path) -> str:
    try:
        (data / "written").write_text("x")
    except Exception:
        return "refused"
    return "valid"


def _leaves_a_file(data: Path) -> str:
    Path("left").write_text("x")
    return "valid"


def _reads_outside(data: Path) -> str:
    (data / ".." / ".." / "outside" / "secret.edf").read_bytes()
    return "valid"


def _lists_outside(data: Path) -> str:
    os.listdir("/etc")
    return "valid"


def _runs_a_command(data: Path) -> str:
    os.system("true")
    return "valid"


def _starts_a_process(data: Path) -> str:
    subprocess.run(["true"], check=False)
    return "valid"


def _runs_text(data: Path) -> str:
    eval("1 + 1")
    return "valid"


def _loads_a_pickle(data: Path) -> str:
    pickle.loads(pickle.dumps(np.zeros(1)))
    return "valid"


def _calls_out(data: Path) -> str:
    socket.create_connection(("127.0.0.1", 9), timeout=1)
    return "valid"


def _loops(data: Path) -> str:
    while True:
        pass


def _allocates(data: Path) -> str:
    np.ones(10 * 2**30, np.uint8)
    return "valid"


def _hides_its_want_of_memory(data: Path) -> str:
    try:
        np.ones(10 * 2**30, np.uint8)
    except MemoryError as cause:
        error = RecordingError("The file a.edf of subject 1 cannot be read: get it again.")
        error.__cause__ = cause
        check_refusal(error, data)
    return "refused"


def _crashes(data: Path) -> str:
    ctypes.memset(0, 0, 1)
    return "valid"


def _exits(data: Path) -> str:
    raise SystemExit(0)


def _vanishes(data: Path) -> str:
    os._exit(0)


def _says_two_lines(data: Path) -> str:
    # The project's own errors cannot.
    check_refusal(Exception("The file a.edf of subject 1 is bad:\nget it again."), data)
    return "refused"


def _says_nothing(data: Path) -> str:
    check_refusal(RecordingError("Bad."), data)
    return "refused"


def _leaves_the_folder(data: Path) -> str:
    check_sources([RecordingSource("1", "1", (data / "../../outside/secret.edf",))], data)
    return "valid"


def _sleeps(data: Path) -> str:
    time.sleep(10**6)
    return "valid"


PLANTED: dict[str, tuple[Callable[[Path], str], str]] = {
    "raises": (_raises, "KeyError"),
    "writes outside": (_writes_outside, "forbidden: open for writing"),
    "writes among the data": (_writes_among_the_data, "forbidden: open for writing"),
    "swallows its own breach": (_swallows_its_own_breach, "forbidden: open for writing"),
    "leaves a file": (_leaves_a_file, "left in the temporary folder"),
    "reads outside": (_reads_outside, "forbidden: open "),
    "lists outside": (_lists_outside, "forbidden: os.listdir"),
    "runs a command": (_runs_a_command, "forbidden: os.system"),
    "starts a process": (_starts_a_process, "forbidden: subprocess.Popen"),
    "runs text": (_runs_text, "forbidden: exec"),
    "loads a pickle": (_loads_a_pickle, "forbidden: pickle.find_class"),
    "calls out": (_calls_out, "forbidden: socket."),
    "loops": (_loops, "of the processor"),
    "allocates": (_allocates, "MemoryError"),
    "hides its want of memory": (_hides_its_want_of_memory, "wants more memory"),
    "crashes": (_crashes, "ended the process with status -11"),
    "exits": (_exits, "SystemExit"),
    "vanishes": (_vanishes, "ended the process with status 0"),
    "says two lines": (_says_two_lines, "no printable line"),
    "says nothing": (_says_nothing, "names no place"),
    "leaves the folder": (_leaves_the_folder, "leaves the data folder"),
}
"""The readers, and what the judge's sentence on them must hold."""


class Planted:
    """A job of one planted reader; the inputs after the first are read well."""

    def __init__(self, name: str, folder: Path) -> None:
        self._data = folder / f"planted_{name.replace(' ', '_')}" / "data"
        self._data.mkdir(parents=True)
        self._path = self._data / "a.edf"
        self._reader = PLANTED[name][0]
        self.originals = {self._path: b"a"}

    def prepare(self, start: int) -> None:
        """Do nothing: every input is made when it is asked for."""

    def sound(self) -> list[Attempt]:
        """Return nothing: there is no sound file."""
        return []

    def attempt(self, index: int) -> Attempt:
        """Return the bad reader for every third number, and a good one for the others."""
        return Attempt(self._data, self._path, b"a", self._reader if index % 3 == 1 else lambda data: "valid")
