"""Where artifacts lie in an object store, and which objects belong to none.

Layout below the address::

    store.json                               that there is a store
    artifacts/<stage>/<key>/<digest>/<file>  the files of an artifact
    artifacts/<stage>/<key>/manifest.json    written last: without it, nothing there is visible
    locks/<stage>/<key>/<number>             see `storage.lease`
    orders/, runs/, reports/, studies/       as in a local store

Files lie under the digest of the whole, so that two machines that publish the same key never mix theirs, and the
manifest, which is one object, names the files of one of them.
"""

from __future__ import annotations

from datetime import datetime

from storage.errors import ArtifactCorrupt
from storage.manifest import MANIFEST_NAME, Manifest
from storage.remote import RemoteFolder


def manifest_name(stage: str, key: str) -> str:
    """Return the name of the object whose presence makes an artifact visible."""
    return f"artifacts/{stage}/{key}/{MANIFEST_NAME}"


def file_name(manifest: Manifest, name: str) -> str:
    """Return the name of the object that holds a file of an artifact."""
    return f"artifacts/{manifest.stage}/{manifest.key}/{manifest.digest}/{name}"


def parsed(text: bytes, stage: str, key: str) -> Manifest | None:
    """Return the manifest that a text is, if it is one of that stage and key."""
    try:
        manifest = Manifest.parse(text, manifest_name(stage, key))
    except ArtifactCorrupt:
        return None
    return manifest if (manifest.stage, manifest.key) == (stage, key) else None


def leftovers(remote: RemoteFolder, before: datetime) -> list[str]:
    """List objects, written before a moment, of uploads that were killed and of artifacts that were replaced.

    Where one content stands beside its manifest, as nearly everywhere, no object is read.
    """
    contents: dict[str, set[str]] = {}
    files: list[tuple[str, str, str]] = []
    for each in remote.objects("artifacts"):
        _, stage, key, *rest = each.name.split("/")
        manifest = manifest_name(stage, key)
        known = contents.setdefault(manifest, set())
        if len(rest) == 2:
            known.add(rest[0])
            if each.written is not None and each.written < before:
                files.append((manifest, rest[0], each.name))
        elif each.name == manifest:
            known.add(MANIFEST_NAME)
    doubtful = [name for name, known in contents.items() if len(known - {MANIFEST_NAME}) > 1]
    standing = {name: parsed(text, *name.split("/")[1:3]) for name, text in remote.read_many(doubtful).items()}

    def is_lost(manifest: str, digest: str) -> bool:
        if manifest in standing:
            known = standing[manifest]
            return known is not None and known.digest != digest
        return MANIFEST_NAME not in contents[manifest]

    return [name for manifest, digest, name in files if is_lost(manifest, digest)]
