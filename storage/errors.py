"""What can go wrong with stored artifacts, as one sentence that names the artifact and the remedy."""


class StorageError(Exception):
    """Base of every storage error whose message is written for the user."""


class ArtifactMissing(StorageError):
    """No artifact is stored under that stage and key."""


class ArtifactCorrupt(StorageError):
    """An artifact's bytes are not those its manifest promises."""
