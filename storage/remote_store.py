"""A store in an object store, shared by machines, with a folder of each machine as its cache.

`storage.remote_layout` says where everything lies.
"""

from __future__ import annotations

import builtins
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from storage.artifact import Artifact
from storage.digest import digest_json
from storage.disk import disk_errors_explained, private_folder
from storage.draft import Draft
from storage.errors import ArtifactCorrupt, ArtifactMissing
from storage.lease import LEASE_S, lease
from storage.lock import file_lock
from storage.manifest import MANIFEST_NAME, ArtifactRef, Manifest, check_names
from storage.publish import draft_folder, put_in_place
from storage.remote import RemoteFolder
from storage.remote_layout import file_name, leftovers, manifest_name, parsed
from storage.remote_texts import RemoteTexts
from storage.store import Store
from storage.store_folder import ORDERS_LAST
from storage.verify import NO_ARTIFACT, verify_artifact

CACHE = "ESCGAN_CACHE"
"""Environment variable: the folder below which caches of remote stores lie; by default ``~/.cache/escgan``."""

MARKER = "store.json"
"""The object that tells that there is a store."""

# What arrives damaged may have been damaged on its way.
_TRIES = 2
# An upload takes no longer than this; what lies about without a manifest after it was killed.
_UPLOAD_LASTS = timedelta(days=1)


class RemoteStore(Store):
    """A store at an address that several machines share.

    Artifacts are read from this machine's cache, into which they are downloaded when first opened. Checkpoints and
    Prefect's records stay in the cache. The cache may be deleted whenever no run uses it.

    Parameters
    ----------
    url : str
        Such as "s3://bucket/folder"; see `storage.remote.RemoteFolder`.
    lease_s : float
        See `storage.lease`.

    Raises
    ------
    StorageError
        If the address cannot be reached, or the cache not be created.
    """

    def __init__(self, url: str, *, lease_s: float = LEASE_S):
        self.remote = RemoteFolder(url)
        super().__init__(cache_folder(self.remote.url))
        self.address = self.remote.url
        self.orders = RemoteTexts(self.remote, "orders", ORDERS_LAST)
        self.runs = RemoteTexts(self.remote, "runs")
        self._lease_s = lease_s
        self._pending = private_folder(self.root / "pending")
        # A store that may only be read is opened by its marker.
        if self.remote.read(MARKER) is None:
            self.remote.create(MARKER, b'{"format": 1}\n')

    def __reduce__(self) -> tuple[Callable[[str], RemoteStore], tuple[str]]:
        # Another process, perhaps of another machine, has a cache and connections of its own.
        return RemoteStore, (self.address,)

    @property
    def excludes_machines(self) -> bool:
        """Whether the object store can refuse to overwrite; otherwise machines may compute the same twice."""
        return self.remote.creates_exclusively

    def find(self, stage: str, key: str, *, full: bool = True) -> ArtifactRef | None:
        """Look up an artifact.

        What is in the cache is verified as by a local store; of what is not, presence and sizes are, and its bytes when
        it is opened. What this machine made and could not upload is uploaded now.
        """
        check_names(stage, key)
        manifest = self.manifest(stage, key)
        own = self._pending_path(stage, key)
        if manifest is None and own.exists():
            ref = super().find(stage, key)
            if ref is not None:
                self._upload(ref)
            return ref
        if manifest is None:
            return None
        cached = super().find(stage, key, full=full)
        if cached is not None and cached.digest == manifest.digest:
            return cached
        return manifest.ref if self._fault(manifest, full=False) is None else None

    def why_not(self, stage: str, key: str) -> str | None:
        """Tell what is wrong with what lies at the address; every byte of it is read."""
        check_names(stage, key)
        text = self.remote.read(manifest_name(stage, key))
        if text is None:
            return NO_ARTIFACT
        manifest = parsed(text, stage, key)
        return f"{MANIFEST_NAME} is damaged" if manifest is None else self._fault(manifest, full=True)

    def open(self, ref: ArtifactRef) -> Artifact:
        """Open an artifact for reading, from the cache, into which it is downloaded if it is not there."""
        target = self._target(ref.stage, ref.key)
        with file_lock(self._locks / ".downloads" / ref.stage / f"{ref.key}.lock"):
            cached = verify_artifact(target, ref.stage, ref.key).manifest
            if cached is None or cached.digest != ref.digest:
                self._download(ref, target)
        return super().open(ref)

    @contextmanager
    def create(self, stage: str, key: str, **about: Any) -> Iterator[Draft]:
        """Make an artifact, as in a local store; it is uploaded when it is whole, and visible when all of it is."""
        check_names(stage, key)
        own = self._pending_path(stage, key)
        with disk_errors_explained("note an upload", self.root):
            private_folder(own.parent)
            own.touch()
        try:
            with super().create(stage, key, **about) as draft:
                yield draft
        except BaseException:
            own.unlink(missing_ok=True)
            raise
        self._upload(draft.ref)

    @contextmanager
    def lock(self, stage: str, key: str, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
        """Return the lock under which a key is computed, held against other processes and other machines.

        Where the object store cannot refuse to overwrite, only processes of this machine exclude each other.
        """
        with ExitStack() as held:
            held.enter_context(super().lock(stage, key, on_wait))
            if self.excludes_machines:
                name = f"locks/{stage}/{key}"
                held.enter_context(lease(self.remote, name, self._machine, on_wait=on_wait, lease_s=self._lease_s))
            yield

    def list(self, stage: str | None = None) -> builtins.list[Manifest]:
        """Read the manifests of all artifacts at the address."""
        names = [name for name in self._manifest_names() if stage in (None, name.split("/")[1])]
        found = []
        for name, text in self.remote.read_many(names).items():
            manifest = parsed(text, *name.split("/")[1:3])
            if manifest is not None:
                found.append(manifest)
        return sorted(found, key=lambda manifest: (manifest.stage, manifest.created, manifest.key))

    def manifest(self, stage: str, key: str) -> Manifest | None:
        """Read one artifact's manifest at the address; None if it is absent or damaged."""
        check_names(stage, key)
        text = self.remote.read(manifest_name(stage, key))
        return None if text is None else parsed(text, stage, key)

    def addresses(self) -> Sequence[tuple[str, str]]:
        """List the stage and key of every artifact at the address, damaged ones included, in order."""
        return sorted((stage, key) for _, stage, key, _ in (name.split("/") for name in self._manifest_names()))

    def remove(self, stage: str, key: str) -> int:
        """Delete an artifact at the address and in the cache, and return the bytes freed at the address."""
        check_names(stage, key)
        self._pending_path(stage, key).unlink(missing_ok=True)
        super().remove(stage, key)
        stored = self.remote.objects(f"artifacts/{stage}/{key}")
        # The manifest first: a removal that is killed leaves nothing visible.
        self.remote.delete([manifest_name(stage, key)])
        self.remote.delete(each.name for each in stored)
        return sum(each.bytes for each in stored)

    def show(self, name: str, content: bytes) -> Path:
        """Put a file where a person finds it: at the address, and a copy in the cache."""
        self.remote.write(name, content)
        return super().show(name, content)

    def shared_address(self, shown: Path) -> str | None:
        """Return where other machines find a file that was shown."""
        return f"{self.address}/{shown.relative_to(self.root).as_posix()}"

    def sweep(self) -> builtins.list[Path]:
        """Delete what killed runs left behind, in the cache and at the address.

        Returns
        -------
        list of Path
            What was removed; objects by their names.
        """
        dead = super().sweep()
        old = datetime.now(UTC) - _UPLOAD_LASTS
        lost = leftovers(self.remote, old)
        self.remote.delete(lost)
        return dead + [Path(name) for name in lost]

    def _manifest_names(self) -> builtins.list[str]:
        names = (each.name for each in self.remote.objects("artifacts"))
        return [name for name in names if name.count("/") == 3 and name.endswith(f"/{MANIFEST_NAME}")]

    def _fault(self, manifest: Manifest, *, full: bool) -> str | None:
        """Say what of an artifact is not as its manifest promises."""
        folder = f"artifacts/{manifest.stage}/{manifest.key}/{manifest.digest}"
        sizes = {each.name.rpartition("/")[2]: each.bytes for each in self.remote.objects(folder)}
        for name, entry in sorted(manifest.files.items()):
            if name not in sizes:
                return f"{name} is missing"
            if sizes[name] != entry.bytes:
                return f"{name} has {sizes[name]} bytes, the manifest says {entry.bytes}"
            if full and self.remote.sha256(f"{folder}/{name}") != entry.sha256:
                return f"{name} differs from its digest"
        return None

    def _upload(self, ref: ArtifactRef) -> None:
        artifact = super().open(ref)
        standing = self.manifest(ref.stage, ref.key)
        if standing is None or standing.digest != ref.digest or self._fault(standing, full=False) is not None:
            for name in artifact.manifest.files:
                self.remote.upload(file_name(artifact.manifest, name), artifact.file(name))
            self.remote.write(manifest_name(ref.stage, ref.key), artifact.manifest.render())
        self._pending_path(ref.stage, ref.key).unlink(missing_ok=True)

    def _download(self, ref: ArtifactRef, target: Path) -> None:
        """Fetch an artifact into the cache; what does not keep its manifest's promise is withdrawn."""
        name = f"{ref.stage}/{ref.key}"
        manifest = self.manifest(ref.stage, ref.key)
        if manifest is None:
            raise ArtifactMissing(f"No artifact {name} is stored in {self.address}: run again to recompute it.")
        if manifest.digest != ref.digest:
            raise ArtifactCorrupt(
                f"Artifact {name} in {self.address} holds content {manifest.digest[:12]}, not {ref.digest[:12]}: "
                "run again to recompute what was made from it."
            )
        with disk_errors_explained(f"download {name}", self.root), draft_folder(target, self._changing) as path:
            manifest.write(path / MANIFEST_NAME)
            reason: str | None = NO_ARTIFACT
            for _ in range(_TRIES):
                if reason is not None:
                    self._fetch_files(manifest, path)
                    reason = verify_artifact(path, ref.stage, ref.key).reason
            if reason is not None:
                self._withdraw(manifest)
                raise ArtifactCorrupt(
                    f"Artifact {name} in {self.address} is damaged, {reason}: run again to recompute it."
                )
            put_in_place(path, target, manifest, self._changing)

    def _fetch_files(self, manifest: Manifest, folder: Path) -> None:
        for file in manifest.files:
            self.remote.download(file_name(manifest, file), folder / file)

    def _withdraw(self, manifest: Manifest) -> None:
        """Make an artifact invisible, so that it is computed again, unless another stands there already."""
        if self.manifest(manifest.stage, manifest.key) == manifest:
            self.remote.delete([manifest_name(manifest.stage, manifest.key)])

    def _pending_path(self, stage: str, key: str) -> Path:
        return self._pending / stage / key

    @cached_property
    def _machine(self) -> str:
        """Return the name of this cache, which no other machine has, not even one that was copied with it."""
        path = self.root / "machine"
        with file_lock(self._locks / "machine.lock"):
            if not path.exists():
                path.write_text(uuid.uuid4().hex, encoding="utf-8")
            return f"{os.uname().nodename}-{path.read_text(encoding='utf-8')}"


def cache_folder(url: str) -> Path:
    """Return this machine's folder for what it has of a remote store."""
    caches = Path(os.environ.get(CACHE) or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "escgan")
    return caches.expanduser() / f"store-{digest_json(url)[:16]}"
