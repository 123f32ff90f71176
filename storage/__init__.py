"""A content-addressed store of immutable artifacts on a local disk.

It knows nothing of EEG, of Prefect or of the pipeline: an artifact is a folder of files with a manifest.
"""

from storage.errors import ArtifactCorrupt, ArtifactMissing, StorageError

__all__ = ["ArtifactCorrupt", "ArtifactMissing", "StorageError"]
