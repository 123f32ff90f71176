"""The manifest of an artifact: what it is, what it was made from, and which bytes it must consist of.

A manifest guards itself: it holds the digest of its own content, and on reading it must be, byte for byte,
what `Manifest.write` writes. Even a changed space is therefore noticed.
"""

import builtins
import dataclasses
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from storage.digest import digest_content, digest_json
from storage.errors import ArtifactCorrupt, StorageError

MANIFEST_NAME = "manifest.json"
FORMAT = 1

_STAGE = re.compile(r"[a-z][a-z0-9_-]*")
_KEY = re.compile(r"[0-9a-f]{8,64}")
_SEAL = "manifest_sha256"


@dataclass(frozen=True)
class ArtifactRef:
    """A reference to stored content, small enough to pass between tasks.

    Parameters
    ----------
    stage : str
        The stage that made the artifact, such as "features".
    key : str
        Hexadecimal digest of what went into it.
    digest : str
        Hexadecimal digest of what came out: see `storage.digest.digest_content`.
    """

    stage: str
    key: str
    digest: str


@dataclass(frozen=True)
class FileEntry:
    """What the manifest promises of one file.

    Parameters
    ----------
    bytes : int
        Its size.
    sha256 : str
        The digest of its bytes.
    """

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """Everything known of one artifact.

    Parameters
    ----------
    stage, key : str
        Where it is stored.
    files : mapping of str to FileEntry
        Its files by plain name.
    digest : str
        The content digest.
    unit : str
        A name for people, such as "sub-03".
    config : dict
        The science configuration, as JSON.
    inputs : list
        What it was made from: dicts with stage, key and digest, or other JSON.
    versions : dict of str to str
        Versions of the packages in use.
    device : str
        Where it was computed, such as "cpu".
    wall_s : float
        Seconds from opening the draft to sealing it.
    peak_memory_mb : float
        The highest resident memory of the process so far, in MiB.
    created : str
        UTC time in ISO 8601.
    extra : dict
        Further JSON, such as the timings of parts.
    format : int
        Version of this file's layout.
    """

    stage: str
    key: str
    files: Mapping[str, FileEntry]
    digest: str
    unit: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    inputs: list[Any] = field(default_factory=list)
    versions: Mapping[str, str] = field(default_factory=dict)
    device: str = "cpu"
    wall_s: float = 0.0
    peak_memory_mb: float = 0.0
    created: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def ref(self) -> ArtifactRef:
        """The reference to the artifact that this manifest describes."""
        return ArtifactRef(self.stage, self.key, self.digest)

    @property
    def bytes(self) -> int:
        """The size of all files together."""
        return sum(entry.bytes for entry in self.files.values())

    def write(self, path: Path) -> None:
        """Write the manifest, readable by its owner only, and flush it to the disk.

        Parameters
        ----------
        path : Path
            The file to write; one that exists is replaced.

        Raises
        ------
        OSError
            If it cannot be written.
        TypeError, ValueError
            If config, inputs, versions or extra are not JSON.
        """
        text = self.render()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())

    def render(self) -> builtins.bytes:
        """Return the bytes that `write` writes."""
        return _render(dataclasses.asdict(self))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a manifest and check that it is whole.

        Parameters
        ----------
        path : Path
            A file that `write` wrote.

        Returns
        -------
        Manifest

        Raises
        ------
        ArtifactCorrupt
            If the file is absent, was changed in any byte, has another format, or names a file outside its
            folder.
        """
        try:
            text = path.read_bytes()
        except OSError as error:
            raise ArtifactCorrupt(f"Cannot read {path} ({error.strerror}): run again to recompute it.") from error
        return cls.parse(text, str(path))

    @classmethod
    def parse(cls, text: builtins.bytes, path: str) -> Self:
        """Check that the bytes of a manifest are whole, and understand them.

        Parameters
        ----------
        text : bytes
            What `write` wrote.
        path : str
            Where it comes from, for the error.

        Returns
        -------
        Manifest

        Raises
        ------
        ArtifactCorrupt
            As `read`.
        """
        try:
            value = json.loads(text)
            sealed = value.pop(_SEAL)
            whole = sealed == digest_json(value) and text == _render(value)
        # RecursionError: damage can, in principle, nest brackets.
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
            raise ArtifactCorrupt(f"{path} is damaged: run again to recompute the artifact.") from error
        if not whole:
            raise ArtifactCorrupt(f"{path} differs from its own digest: run again to recompute the artifact.")
        if value.get("format") != FORMAT:
            raise ArtifactCorrupt(
                f"{path} has format {value.get('format')!r}, this version reads {FORMAT}: "
                "run again to recompute the artifact."
            )
        try:
            files = {name: FileEntry(**entry) for name, entry in value.pop("files").items()}
            for name in files:
                check_file_name(name)
            manifest = cls(files=files, **value)
            promised = digest_content({name: entry.sha256 for name, entry in files.items()})
        except (TypeError, KeyError, AttributeError, StorageError) as error:
            raise ArtifactCorrupt(f"{path} is not a manifest: run again to recompute the artifact.") from error
        if manifest.digest != promised:
            raise ArtifactCorrupt(f"{path} contradicts itself: run again to recompute the artifact.")
        return manifest


def check_names(stage: str, key: str) -> None:
    """Refuse a stage or key that could lead out of the store.

    Raises
    ------
    StorageError
        If the stage is not a lower-case word or the key not 8 to 64 hexadecimal digits.
    """
    if not (isinstance(stage, str) and _STAGE.fullmatch(stage)):
        raise StorageError(f"{stage!r} is no stage name: use lower-case letters, digits, '-' and '_'.")
    if not (isinstance(key, str) and _KEY.fullmatch(key)):
        raise StorageError(f"{key!r} is no key: use 8 to 64 lower-case hexadecimal digits.")


def check_file_name(name: str) -> None:
    """Refuse the name of an artifact's file if it is hidden, reserved or leads out of its folder.

    Raises
    ------
    StorageError
        If the name is empty, starts with a dot, holds a separator or control character, or is the manifest's.
    """
    if (
        not isinstance(name, str)
        or not name
        or name.startswith(".")
        or name == MANIFEST_NAME
        or any(character in "/\\" or not character.isprintable() for character in name)
    ):
        raise StorageError(f"{name!r} cannot name a file of an artifact: use a plain name such as 'features.h5'.")


def _render(value: dict[str, Any]) -> bytes:
    sealed = {**value, _SEAL: digest_json(value)}
    text = json.dumps(sealed, sort_keys=True, indent=1, ensure_ascii=True, allow_nan=False)
    return (text + "\n").encode("ascii")
