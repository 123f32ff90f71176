"""Which exit code a command ends with, and what each means."""

from __future__ import annotations

import typer

from escgan.errors import ConfigError, EscganError, RecordingError
from storage.errors import StorageError

EXIT_CODES = {
    0: "done",
    1: "a defect, or a question answered with no",
    2: "usage or configuration, or something here that would stop a run",
    3: "recordings",
    4: "store",
    5: "training or evaluation",
    6: "not reproduced",
    130: "stopped by Ctrl-C",
    143: "stopped by SIGTERM",
}
"""Each exit code and its meaning, in few words; docs/exit-codes.md says more of each."""


class UnexpectedError(Exception):
    """An error that was not written for the user, in one sentence that says where its traceback is kept."""


_OF: tuple[tuple[type[Exception], int], ...] = (
    (ConfigError, 2),
    (RecordingError, 3),
    (StorageError, 4),
    (EscganError, 5),
    (UnexpectedError, 1),
)


def told(error: Exception) -> tuple[str, int] | None:
    """Return the sentence and the exit code of an error that ends a command; None for one that nobody expected.

    >>> told(RecordingError("s01.dat cannot be read: copy it again."))
    ('s01.dat cannot be read: copy it again.', 3)
    """
    if isinstance(error, typer.TyperException):
        return error.format_message(), error.exit_code
    if isinstance(error, typer.Abort):
        return "Nothing was done.", 1
    return next(((str(error), code) for kind, code in _OF if isinstance(error, kind)), None)
