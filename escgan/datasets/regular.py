"""Only regular files are opened: what opens a named pipe waits until somebody writes into it, often for ever."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from escgan.errors import RecordingError


def refuse_irregular(path: Path) -> None:
    """Refuse named pipes, sockets and devices, and links to them, in a file's place.

    What is not there, and folders, of which some formats consist, are left to whoever reads them.

    Raises
    ------
    RecordingError
        The path is there, and neither a regular file nor a folder.
    """
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        what = "a named pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
        raise RecordingError(f"{path} is {what} where a file is expected: put the file itself there.")
