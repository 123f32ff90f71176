"""The store: artifacts published whole or not at all, and verified whenever they are looked up."""

import builtins
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from storage.artifact import Artifact
from storage.disk import delete_tree, disk_errors_explained, tree_bytes
from storage.draft import Draft, plain_json
from storage.errors import ArtifactCorrupt, ArtifactMissing
from storage.manifest import ArtifactRef, Manifest
from storage.publish import dead_folders, draft_folder, put_in_place, set_aside
from storage.store_folder import StoreFolder
from storage.verify import NO_ARTIFACT, verify_artifact

__all__ = ["Artifact", "ArtifactRef", "Draft", "Manifest", "Store"]


class Store(StoreFolder):
    """A folder of immutable artifacts, each known by its stage and key.

    Parameters, attributes and errors are its folder's: see `storage.store_folder.StoreFolder`.
    """

    def find(self, stage: str, key: str, *, full: bool = True) -> ArtifactRef | None:
        """Look up an artifact and verify it.

        Parameters
        ----------
        stage, key : str
            What to look for.
        full : bool
            Compare the files' digests, not only their sizes.

        Returns
        -------
        ArtifactRef or None
            None if it is absent or damaged; `why_not` tells which.

        Raises StorageError if the stage or key is not a valid name.
        """
        manifest = verify_artifact(self._target(stage, key), stage, key, full=full).manifest
        return None if manifest is None else manifest.ref

    def why_not(self, stage: str, key: str) -> str | None:
        """Tell in a few words why an artifact cannot be used, such as "features.h5 is missing".

        Parameters
        ----------
        stage, key : str
            What to look for.

        Returns
        -------
        str or None
            None if the artifact is whole.

        Raises StorageError if the stage or key is not a valid name.
        """
        return verify_artifact(self._target(stage, key), stage, key).reason

    def open(self, ref: ArtifactRef) -> Artifact:
        """Open an artifact for reading, verified.

        Parameters
        ----------
        ref : ArtifactRef
            What to open.

        Returns
        -------
        Artifact

        Raises
        ------
        ArtifactMissing
            If nothing is stored there.
        ArtifactCorrupt
            If it is damaged, or holds other content than the reference says.
        """
        target = self._target(ref.stage, ref.key)
        verdict = verify_artifact(target, ref.stage, ref.key)
        name = f"{ref.stage}/{ref.key}"
        if verdict.reason == NO_ARTIFACT:
            raise ArtifactMissing(f"No artifact {name} is stored in {self.address}: run again to recompute it.")
        if verdict.manifest is None:
            raise ArtifactCorrupt(f"Artifact {name} is damaged, {verdict.reason}: run again to recompute it.")
        if verdict.manifest.digest != ref.digest:
            raise ArtifactCorrupt(
                f"Artifact {name} holds content {verdict.manifest.digest[:12]}, not {ref.digest[:12]}: "
                "run again to recompute what was made from it."
            )
        return Artifact(ref, target, verdict.manifest)

    @contextmanager
    def create(
        self,
        stage: str,
        key: str,
        *,
        unit: str = "",
        config: Mapping[str, Any] | None = None,
        inputs: Sequence[Any] = (),
        versions: Mapping[str, str] | None = None,
        device: str = "cpu",
        spent_s: float = 0.0,
    ) -> Iterator[Draft]:
        """Make an artifact: write files into the draft; leaving the with-block publishes them, all at once.

        An equal artifact that stands there already is kept, a damaged or different one is replaced. After an
        exception nothing is published and the draft is deleted.

        Parameters
        ----------
        stage, key : str
            Where to store it.
        unit, config, inputs, versions, device
            For the manifest: see `storage.manifest.Manifest`.
        spent_s : float
            Seconds of work on it before the with-block, which the manifest counts as well.

        Yields
        ------
        Draft
            Its `ref` is set once the block has ended.

        Raises
        ------
        StorageError
            If a name is not valid, the description is not JSON, no file was written, or the disk is full or
            closed.
        """
        target = self._target(stage, key)
        header = {
            "unit": unit,
            "config": plain_json(dict(config or {}), "config"),
            "inputs": plain_json(list(inputs), "inputs"),
            "versions": plain_json(dict(versions or {}), "versions"),
            "device": device,
        }
        with disk_errors_explained(f"write {stage}/{key}", self.root), draft_folder(target, self._changing) as path:
            draft = Draft(path, stage, key, header, spent_s)
            yield draft
            draft.ref = put_in_place(path, target, draft.seal(), self._changing)

    def remove(self, stage: str, key: str) -> int:
        """Delete an artifact: it is gone at once, its bytes soon after.

        Parameters
        ----------
        stage, key : str
            What to delete.

        Returns
        -------
        int
            Bytes freed; 0 if there was no such artifact.

        Raises
        ------
        StorageError
            If a name is not valid or the store is closed.
        """
        target = self._target(stage, key)
        with disk_errors_explained(f"remove {stage}/{key}", self.root):
            with self._changing():
                discarded = set_aside(target)
            if discarded is None:
                return 0
            stored = tree_bytes(discarded)
            delete_tree(discarded)
            return stored - tree_bytes(discarded)

    def sweep(self) -> builtins.list[Path]:
        """Delete what killed runs left behind: drafts whose owner is dead, half-deleted artifacts, old orders.

        Returns
        -------
        list of Path
            What was removed. Drafts at work, in this or any other process, are left alone.

        Raises
        ------
        StorageError
            If the store is closed.
        """
        with disk_errors_explained("remove temporary folders", self.root):
            with self._changing():
                dead = dead_folders(self._artifacts)
            for path in dead:
                delete_tree(path)
        return dead + self.orders.forget()
