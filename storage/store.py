"""The store: artifacts published whole or not at all, and verified whenever they are looked up.

Layout below the root::

    artifacts/<stage>/<key>/         published artifacts; hidden names are drafts and discarded ones
    work/<stage>/<key>/              checkpoints of stages that are not finished
    orders/<digest>.json             what one process asks of another
    runs/<id>.json                   what a run used and made
    locks/<stage>/<key>.lock         one holder computes a key
    locks/changes.lock               held for an instant to begin, publish, remove or sweep
    records/                         the task runner's own small results
"""

import builtins
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import Any

from storage.artifact import Artifact
from storage.catalog import Catalog
from storage.disk import delete_tree, disk_errors_explained, private_folder, replace_file, tree_bytes
from storage.draft import Draft, plain_json
from storage.errors import ArtifactCorrupt, ArtifactMissing, StorageError
from storage.lock import file_lock
from storage.manifest import ArtifactRef, Manifest, check_names
from storage.publish import dead_folders, draft_folder, put_in_place, set_aside
from storage.texts import Texts
from storage.verify import NO_ARTIFACT, verify_artifact

__all__ = ["Artifact", "ArtifactRef", "Draft", "Manifest", "Store"]

ORDERS_LAST = timedelta(days=30)
"""Whoever gave an order and was killed takes it back no more. Nobody waits for one so long."""

# What is tried before work begins: a database and a manifest need no less.
_PROBE_BYTES = 2**20


class Store(Catalog):
    """A folder of immutable artifacts, each known by its stage and key.

    Parameters
    ----------
    root : path
        The store's folder, created for its owner only if absent. It may be moved: no reference holds a path.

    Attributes
    ----------
    root : Path
        Its folder on this machine, absolute.
    address : str
        Where it is, for people and for other machines.
    orders : Texts
        What one process asks of another that shares the store.
    runs : Texts
        What each run used and made, by the run's id.
    records : Path
        Where the task runner keeps its own small records.

    Raises
    ------
    StorageError
        If the folder cannot be created.
    """

    def __init__(self, root: Path | str):
        self.root = Path(os.path.abspath(os.path.expanduser(root)))
        self.address = str(self.root)
        self.records = self.root / "records"
        super().__init__(self.root / "artifacts")
        self._work = self.root / "work"
        self._locks = self.root / "locks"
        self.orders = Texts(self.root / "orders", ORDERS_LAST)
        self.runs = Texts(self.root / "runs")
        with disk_errors_explained("open the store", self.root):
            if not self.root.is_dir():
                try:
                    private_folder(self.root)
                except FileNotFoundError as error:
                    # Kernels show folders, such as /proc, in which nothing can be made.
                    raise StorageError(
                        f"Cannot open the store in {self.root}, no folder can be made there: choose another folder."
                    ) from error
            for folder in (self._artifacts, self._work, self._locks, self.records):
                private_folder(folder)

    @property
    def excludes_machines(self) -> bool:
        """Whether `lock` keeps other machines out as well: on a shared disk it does, where that disk knows locks."""
        return True

    def refuse_unwritable(self) -> None:
        """Refuse a store to which nothing can be written, before work is begun whose results it could not keep.

        Raises
        ------
        StorageError
            The disk is full, may only be read, or is closed to this user.
        """
        # Without a name, it is gone with the process, however that ends.
        with disk_errors_explained("write to the store", self.root), TemporaryFile(dir=self._work) as probe:
            probe.write(bytes(_PROBE_BYTES))
            probe.flush()
            os.fsync(probe.fileno())

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

    def lock(self, stage: str, key: str, on_wait: Callable[[], None] | None = None) -> AbstractContextManager[None]:
        """Return the lock under which a key is looked up and computed, so that the work is done once.

        Parameters
        ----------
        stage, key : str
            What is to be computed.
        on_wait : callable, optional
            Called once if another holds the lock.

        Returns
        -------
        context manager

        Raises
        ------
        StorageError
            If a name is not valid, or on entering, if the store is closed.
        """
        check_names(stage, key)
        return self._locked(self._locks / stage / f"{key}.lock", f"lock {stage}/{key}", on_wait)

    def workspace(self, stage: str, key: str) -> Path:
        """Return a private folder, created if absent, for checkpoints that survive a kill.

        Raises
        ------
        StorageError
            If a name is not valid or the folder cannot be created.
        """
        check_names(stage, key)
        with disk_errors_explained(f"keep checkpoints of {stage}/{key}", self.root):
            private_folder(self._work / stage)
            return private_folder(self._work / stage / key)

    def clear_workspace(self, stage: str, key: str) -> None:
        """Delete a stage's checkpoints; no error if there are none.

        Raises
        ------
        StorageError
            If a name is not valid.
        """
        check_names(stage, key)
        delete_tree(self._work / stage / key)

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

    def show(self, name: str, content: bytes) -> Path:
        """Put a file where a person finds it, outside of any artifact.

        Parameters
        ----------
        name : str
            Its place below the store, such as "reports/demo.html".
        content : bytes
            What to write; a file that is there is replaced.

        Returns
        -------
        Path
            The file on this machine.

        Raises
        ------
        StorageError
            If the store is full or closed.
        """
        shown = self.root.joinpath(*PurePosixPath(name).parts)
        with disk_errors_explained(f"write {name}", self.root):
            shown.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(shown, content)
        return shown

    def shared_address(self, shown: Path) -> str | None:
        """Return where other machines find a file that was shown; None if it is this machine's alone."""
        return None

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

    def _changing(self) -> AbstractContextManager[None]:
        return self._locked(self._locks / "changes.lock", "change the store", None)

    @contextmanager
    def _locked(self, path: Path, action: str, on_wait: Callable[[], None] | None) -> Iterator[None]:
        with ExitStack() as stack:
            # Only the taking of the lock is explained: what the block raises is the block's own.
            with disk_errors_explained(action, self.root):
                private_folder(path.parent)
                stack.enter_context(file_lock(path, on_wait=on_wait))
            yield
