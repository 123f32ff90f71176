"""Whether a stored artifact is whole: every byte of it is what its manifest promises."""

import errno
import stat
from dataclasses import dataclass
from pathlib import Path

from storage.digest import digest_file
from storage.errors import ArtifactCorrupt
from storage.manifest import MANIFEST_NAME, FileEntry, Manifest

NO_ARTIFACT = "no artifact"


@dataclass(frozen=True)
class Verdict:
    """The outcome of a verification: a manifest, or the reason why there is none.

    Parameters
    ----------
    manifest : Manifest or None
        The manifest of a whole artifact.
    reason : str or None
        In a few words, what is wrong; `NO_ARTIFACT` if nothing is stored.
    """

    manifest: Manifest | None
    reason: str | None


def verify_artifact(folder: Path, stage: str, key: str, *, full: bool = True) -> Verdict:
    """Compare an artifact's folder with its manifest, without following links.

    Parameters
    ----------
    folder : Path
        The artifact's folder.
    stage, key : str
        What the manifest must say it is.
    full : bool
        Compare the digests too; otherwise only presence and sizes.

    Returns
    -------
    Verdict
        Files that the manifest does not name are ignored: nothing reads them.
    """
    try:
        if not stat.S_ISDIR(folder.lstat().st_mode):
            return Verdict(None, "the artifact is not a folder")
    except FileNotFoundError:
        return Verdict(None, NO_ARTIFACT)
    except OSError as error:
        return Verdict(None, f"the artifact cannot be read ({error.strerror})")
    manifest, reason = _read_manifest(folder / MANIFEST_NAME)
    if manifest is None:
        return Verdict(None, reason)
    if (manifest.stage, manifest.key) != (stage, key):
        return Verdict(None, f"{MANIFEST_NAME} belongs to {manifest.stage}/{manifest.key}")
    for name, entry in sorted(manifest.files.items()):
        reason = _fault(folder / name, entry, full)
        if reason is not None:
            return Verdict(None, reason)
    return Verdict(manifest, None)


def _read_manifest(path: Path) -> tuple[Manifest | None, str | None]:
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None, f"{path.name} is not a regular file"
        return Manifest.read(path), None
    except OSError as error:
        return None, _unreadable(path, error)
    except ArtifactCorrupt:
        return None, f"{path.name} is damaged"


def _fault(path: Path, entry: FileEntry, full: bool) -> str | None:
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            return f"{path.name} is not a regular file"
        if status.st_size != entry.bytes:
            return f"{path.name} has {status.st_size} bytes, the manifest says {entry.bytes}"
        if full and digest_file(path) != entry.sha256:
            return f"{path.name} differs from its digest"
    except OSError as error:
        return _unreadable(path, error)
    return None


def _unreadable(path: Path, error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return f"{path.name} is missing"
    return f"{path.name} cannot be read ({error.strerror})"
