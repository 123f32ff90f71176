"""How a finished draft becomes an artifact, and how an artifact leaves: by one rename each.

Nobody publishes, removes or sweeps in between: each change is made under the store's lock on changes, which
functions here take by ``changing`` or expect their caller to hold.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from storage.disk import delete_tree, flush_folder, private_folder
from storage.draft import ALIVE_NAME
from storage.lock import file_lock, is_locked
from storage.manifest import ArtifactRef, Manifest
from storage.verify import verify_artifact

_DRAFT_PREFIX = ".draft-"
_DISCARDED_PREFIX = ".discarded-"


def draft_path(target: Path) -> Path:
    """Return an unused, hidden path beside an artifact's folder, on the same file system."""
    return target.with_name(f"{_DRAFT_PREFIX}{target.name}-{os.getpid()}-{secrets.token_hex(4)}")


@contextmanager
def draft_folder(target: Path, changing: Callable[[], AbstractContextManager[None]]) -> Iterator[Path]:
    """Make a hidden folder beside an artifact's, which no sweep takes while the block lasts.

    Parameters
    ----------
    target : Path
        The artifact's folder.
    changing : callable
        Gives the store's lock on changes.

    Yields
    ------
    Path
        The folder; what is left of it when the block ends is deleted.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    path = draft_path(target)
    private_folder(target.parent)
    with ExitStack() as alive:
        try:
            # Under the lock, no sweep can see the draft before its owner's lock is on it.
            with changing():
                path.mkdir(mode=0o700)
                alive.enter_context(file_lock(path / ALIVE_NAME))
            yield path
        finally:
            delete_tree(path)


def put_in_place(
    path: Path, target: Path, manifest: Manifest, changing: Callable[[], AbstractContextManager[None]]
) -> ArtifactRef:
    """Publish a sealed draft, delete what stood there if it was another, and return what stands there now.

    Raises
    ------
    OSError
        If the disk cannot make the change.
    """
    with changing():
        ref, discarded = publish(path, target, manifest)
    if discarded is not None:
        delete_tree(discarded)
    return ref


def publish(path: Path, target: Path, manifest: Manifest) -> tuple[ArtifactRef, Path | None]:
    """Put a sealed draft in its place, unless an equal artifact stands there.

    Parameters
    ----------
    path : Path
        The draft's folder. It stays where it is if an equal artifact makes it needless.
    target : Path
        The artifact's folder.
    manifest : Manifest
        The draft's.

    Returns
    -------
    ref : ArtifactRef
        What now stands at the target.
    discarded : Path or None
        A damaged or different artifact that stood there, moved aside for deletion.

    Raises
    ------
    OSError
        If the disk cannot make the change.
    """
    standing = verify_artifact(target, manifest.stage, manifest.key).manifest
    if standing is not None and standing.digest == manifest.digest:
        return standing.ref, None
    discarded = set_aside(target)
    (path / ALIVE_NAME).unlink()
    flush_folder(path)
    os.rename(path, target)
    flush_folder(target.parent)
    return manifest.ref, discarded


def set_aside(target: Path) -> Path | None:
    """Rename an artifact's folder to a hidden name, from which it can be deleted at leisure.

    Returns
    -------
    Path or None
        Where it is now; None if there was none.

    Raises
    ------
    OSError
        If it cannot be renamed.
    """
    discarded = target.with_name(f"{_DISCARDED_PREFIX}{target.name}-{secrets.token_hex(4)}")
    try:
        os.rename(target, discarded)
    except FileNotFoundError:
        return None
    return discarded


def dead_folders(artifacts: Path) -> list[Path]:
    """List what killed processes left among the artifacts.

    Returns
    -------
    list of Path
        Discarded artifacts, and drafts whose owner no longer holds their lock, sorted.

    Raises
    ------
    OSError
        If a draft's lock file cannot be opened.
    """
    dead = [path for path in artifacts.glob(f"*/{_DRAFT_PREFIX}*") if not is_locked(path / ALIVE_NAME)]
    dead += artifacts.glob(f"*/{_DISCARDED_PREFIX}*")
    return sorted(dead)
