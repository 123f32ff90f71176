"""What can go wrong, as one sentence a user can act on: what, where, and the remedy."""


class EscganError(Exception):
    """Base of every error whose message is written for the user."""


class RecordingError(EscganError):
    """A recording cannot be read, or its content cannot be right."""


class ConfigError(EscganError):
    """The configuration asks for something that does not exist or cannot work."""


class LeakageError(EscganError):
    """Training and test data overlap at the level the protocol declares disjoint."""


class DivergedError(EscganError):
    """A loss term became infinite or NaN during training."""
