"""A verified artifact, opened for reading."""

from dataclasses import dataclass
from pathlib import Path

from storage.errors import StorageError
from storage.manifest import ArtifactRef, Manifest


@dataclass(frozen=True)
class Artifact:
    """An artifact whose bytes were verified when it was opened.

    Parameters
    ----------
    ref : ArtifactRef
        What was asked for.
    path : Path
        Its folder; read it, never write into it.
    manifest : Manifest
        What it is.
    """

    ref: ArtifactRef
    path: Path
    manifest: Manifest

    def file(self, name: str) -> Path:
        """Return the path of one of its files.

        Parameters
        ----------
        name : str
            A name in the manifest.

        Returns
        -------
        Path

        Raises
        ------
        StorageError
            If the artifact has no such file.
        """
        if name not in self.manifest.files:
            present = ", ".join(sorted(self.manifest.files))
            raise StorageError(f"{self.ref.stage}/{self.ref.key} has no file {name!r}: it has {present}.")
        return self.path / name
