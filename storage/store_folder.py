"""The folder of a store: what lies where, who holds what, and how files are put before people.

Layout below the root::

    artifacts/<stage>/<key>/         published artifacts; hidden names are drafts and discarded ones
    work/<stage>/<key>/              checkpoints of stages that are not finished
    orders/<digest>.json             what one process asks of another
    runs/<id>.json                   what a run used and made
    locks/<stage>/<key>.lock         one holder computes a key
    locks/changes.lock               held for an instant to begin, publish, remove or sweep
    records/                         the task runner's own small results
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile

from storage.catalog import Catalog
from storage.disk import delete_tree, disk_errors_explained, private_folder, replace_file
from storage.errors import StorageError
from storage.lock import file_lock
from storage.manifest import check_names
from storage.texts import Texts

ORDERS_LAST = timedelta(days=30)
"""Whoever gave an order and was killed takes it back no more. Nobody waits for one so long."""

# What is tried before work begins: a database and a manifest need no less.
_PROBE_BYTES = 2**20


class StoreFolder(Catalog):
    """A store's folder on this machine.

    Parameters
    ----------
    root : path
        The folder, created for its owner only if absent. It may be moved: no reference holds a path.

    Attributes
    ----------
    root : Path
        The folder, absolute.
    address : str
        Where the store is, for people and for other machines.
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
