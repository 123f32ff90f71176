"""What a science argument contributes to a cache key: content, never a path."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import singledispatch
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from escgan.datasets.regular import refuse_irregular
from escgan.errors import RecordingError
from escgan.recording import RecordingSource
from storage.digest import digest_file
from storage.manifest import ArtifactRef


@singledispatch
def identity(value: object) -> Any:
    """Return a JSON value that is equal exactly when the science is.

    Raises
    ------
    TypeError
        For types that have no agreed content: a silent guess here would be a wrong cache hit.
    """
    raise TypeError(f"A {type(value).__name__} cannot enter a cache key: register how it is identified.")


@identity.register(type(None))
@identity.register(str)
@identity.register(int)
@identity.register(float)
@identity.register(bool)
def _(value: Any) -> Any:
    return value


@identity.register(list)
@identity.register(tuple)
def _(value: list[Any] | tuple[Any, ...]) -> Any:
    return [identity(item) for item in value]


@identity.register(dict)
def _(value: dict[str, Any]) -> Any:
    return {key: identity(item) for key, item in value.items()}


@identity.register
def _(value: BaseModel) -> Any:
    return value.model_dump(mode="json")


@identity.register
def _(value: ArtifactRef) -> Any:
    # Not the artifact's own key: equal bytes upstream stop the wave of recomputation.
    return {"content": value.digest}


@dataclass(frozen=True)
class KnownSource:
    """A recording's files as an artifact's manifest remembers them: their digests by name."""

    subject: str
    session: str
    files: Mapping[str, str]


@identity.register
def _(value: KnownSource) -> Any:
    return {"subject": value.subject, "session": value.session, "files": dict(value.files)}


@identity.register
def _(value: RecordingSource) -> Any:
    files = {name: _digest(value, path) for name, path in _named(value.files).items()}
    return identity(KnownSource(value.subject, value.session, files))


def inputs_of(value: object) -> list[dict[str, str]]:
    """List the artifacts that science arguments refer to, for the manifest."""
    if isinstance(value, ArtifactRef):
        return [{"stage": value.stage, "key": value.key, "digest": value.digest}]
    if isinstance(value, RecordingSource):
        return [{"file": name, "sha256": _digest(value, path)} for name, path in _named(value.files).items()]
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, list | tuple):
        return [entry for item in value for entry in inputs_of(item)]
    return []


def settings_of(value: object) -> Any:
    """Return what of science arguments is no artifact and no file, for people to read in the manifest."""
    if isinstance(value, tuple) and (names := getattr(value, "_fields", None)):
        own = {name: settings_of(item) for name, item in zip(names, value, strict=True)}
        return {name: item for name, item in own.items() if item is not None} or None
    return None if inputs_of(value) else identity(value)


def _named(files: Sequence[Path]) -> dict[str, Path]:
    """Call a recording's files by their own names or, where two have one name, by their paths below all of them."""
    own = {path.name: path for path in files}
    if len(own) == len(set(files)):
        return own
    above = os.path.commonpath([path.absolute().parent for path in files])
    return {path.absolute().relative_to(above).as_posix(): path for path in files}


def _digest(source: RecordingSource, path: Path) -> str:
    refuse_irregular(path)
    try:
        return digest_file(path)
    except OSError as cause:
        raise RecordingError(
            f"The file {path.name} of subject {source.subject} cannot be read ({cause.strerror}): "
            "check it, or leave the subject out."
        ) from cause
