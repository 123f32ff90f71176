"""A content-addressed store of immutable artifacts on a local disk.

It knows nothing of EEG, of Prefect or of the pipeline: an artifact is a folder of files with a manifest.
"""

from storage.artifact import Artifact
from storage.draft import Draft
from storage.errors import ArtifactCorrupt, ArtifactMissing, StorageError
from storage.manifest import ArtifactRef, FileEntry, Manifest
from storage.store import Store

__all__ = [
    "Artifact",
    "ArtifactCorrupt",
    "ArtifactMissing",
    "ArtifactRef",
    "Draft",
    "FileEntry",
    "Manifest",
    "StorageError",
    "Store",
]
