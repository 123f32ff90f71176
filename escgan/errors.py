"""What can go wrong, as one sentence a user can act on: what, where, and the remedy."""

_MOST_LETTERS = 1000
# The end of a long message is kept, since it says the remedy.
_LAST_LETTERS = 300
_CUT = " ... "


class EscganError(Exception):
    """Base of every error whose message is written for the user.

    Messages quote what files say. Whatever that is, a message stays one line that a terminal can show.
    """

    def __init__(self, message: str) -> None:
        super().__init__(_one_line(message))


class RecordingError(EscganError):
    """A recording cannot be read, or its content cannot be right."""


class ConfigError(EscganError):
    """The configuration asks for something that does not exist or cannot work."""


class LeakageError(EscganError):
    """Training and test data overlap at the level the protocol declares disjoint."""


class DivergedError(EscganError):
    """A loss term became infinite or NaN during training."""


def _one_line(message: str) -> str:
    r"""Return a message without line breaks and control characters, and cut out its middle where it is too long.

    >>> _one_line("has 'a\x1b[2J'\nas a channel")
    "has 'a\\x1b[2J' as a channel"
    """
    if not message.isprintable():
        message = "".join(
            letter if letter.isprintable() else " " if letter.isspace() else letter.encode("unicode_escape").decode()
            for letter in message
        )
    if len(message) <= _MOST_LETTERS:
        return message
    return message[: _MOST_LETTERS - _LAST_LETTERS - len(_CUT)] + _CUT + message[-_LAST_LETTERS:]
