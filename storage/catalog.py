"""What a store holds, by the artifacts' own manifests."""

import builtins
from collections.abc import Sequence
from pathlib import Path

from storage.errors import ArtifactCorrupt
from storage.manifest import MANIFEST_NAME, Manifest, check_names


class Catalog:
    """The manifests of a folder of artifacts, read without verifying the files they name.

    Parameters
    ----------
    artifacts : Path
        The folder, with one of each artifact at <stage>/<key>.
    """

    def __init__(self, artifacts: Path):
        self._artifacts = artifacts

    def list(self, stage: str | None = None) -> list[Manifest]:
        """Read the manifests of all artifacts, without verifying their files.

        Parameters
        ----------
        stage : str, optional
            Only this stage's.

        Returns
        -------
        list of Manifest
            By stage, then creation time. Artifacts with a damaged manifest are left out.
        """
        found = []
        for path in self._artifacts.glob(f"*/*/{MANIFEST_NAME}"):
            if stage not in (None, path.parts[-3]):
                continue
            try:
                manifest = Manifest.read(path)
            except ArtifactCorrupt:
                continue
            # A draft's folder has another name than its key.
            if (manifest.stage, manifest.key) == path.parts[-3:-1]:
                found.append(manifest)
        return sorted(found, key=lambda manifest: (manifest.stage, manifest.created, manifest.key))

    def manifest(self, stage: str, key: str) -> Manifest | None:
        """Read one artifact's manifest, without verifying its files; None if it is absent or damaged.

        Raises StorageError if the stage or key is not a valid name.
        """
        try:
            manifest = Manifest.read(self._target(stage, key) / MANIFEST_NAME)
        except ArtifactCorrupt:
            return None
        return manifest if (manifest.stage, manifest.key) == (stage, key) else None

    def addresses(self) -> Sequence[tuple[str, str]]:
        """List the stage and key of every artifact, damaged ones included, in order."""
        folders = (path for path in self._artifacts.glob("*/[0-9a-f]*") if path.is_dir())
        return sorted((path.parent.name, path.name) for path in folders)

    def resolve(self, prefix: str) -> builtins.list[tuple[str, str]]:
        """Find artifacts by the beginning of their key, as typed by a person.

        Parameters
        ----------
        prefix : str
            "3fa9" or "features/3fa9".

        Returns
        -------
        list of tuple
            Stage and key of every artifact that fits, damaged ones included, in order.
        """
        stage, slash, start = prefix.rpartition("/")
        return [(own, key) for own, key in self.addresses() if key.startswith(start) and (not slash or own == stage)]

    def _target(self, stage: str, key: str) -> Path:
        check_names(stage, key)
        return self._artifacts / stage / key
