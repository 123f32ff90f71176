"""A folder in an object store: its bytes, and failures told as one sentence.

Whatever fsspec has a file system for will do: ``s3://``, ``gs://``, ``az://``, ``sftp://`` ... An object appears
whole or not at all, which is all that is expected of it; what else it can do is tried out.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import fsspec

from storage.errors import StorageError

_CHUNK = 1 << 20
# S3 refuses by If-None-Match, a local disk by O_EXCL.
_EXCLUSIVE = frozenset({"s3", "file"})


class Object(NamedTuple):
    """An object of the folder: its name below it, its size in bytes, and when it was written, where that is known."""

    name: str
    bytes: int
    written: datetime | None


class RemoteFolder:
    """The objects below an address.

    Parameters
    ----------
    url : str
        Such as "s3://bucket/folder". Credentials and options come from the environment, as the file system's own
        documentation tells.

    Raises
    ------
    StorageError
        If the address holds a password, or no installed package understands it.
    """

    def __init__(self, url: str):
        self.url = url.rstrip("/")
        if urlsplit(url).password is not None:
            raise StorageError(
                "The store's address holds a password, which would be written into logs: give credentials by the "
                "environment, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            )
        try:
            # Listings that are remembered would hide what other machines do.
            self._fs, self._path = fsspec.url_to_fs(self.url, use_listings_cache=False, skip_instance_cache=True)
        except (ImportError, ValueError) as cause:
            extra = " pip install 'escgan[s3]'." if self.url.startswith("s3:") else ""
            raise StorageError(f"The store's address {self.url} cannot be used ({cause}).{extra}") from cause

    @cached_property
    def _protocols(self) -> frozenset[str]:
        own = self._fs.protocol
        return frozenset((own,) if isinstance(own, str) else own)

    def read(self, name: str) -> bytes | None:
        """Return an object's bytes; None if there is none of that name."""
        with self._explained(f"read {name}", absent_is_none=True):
            return bytes(self._fs.cat_file(self._at(name)))
        return None

    def read_many(self, names: Iterable[str]) -> Mapping[str, bytes]:
        """Return the bytes of several objects by name, without those that are not there."""
        paths = {self._at(name): name for name in names}
        if not paths:
            return {}
        with self._explained("read several objects"):
            found = self._fs.cat(list(paths), on_error="return")
            # One path alone is answered without its name by some file systems.
            found = found if isinstance(found, dict) else dict.fromkeys(paths, found)
            contents = {}
            for path, content in found.items():
                if isinstance(content, FileNotFoundError):
                    continue
                if isinstance(content, Exception):
                    raise content
                contents[paths[path]] = bytes(content)
        return contents

    def write(self, name: str, content: bytes) -> None:
        """Write an object; one of that name is replaced at once."""
        with self._explained(f"write {name}"):
            self._make_parent(name)
            self._fs.pipe_file(self._at(name), content)

    def create(self, name: str, content: bytes) -> bool:
        """Write an object unless there is one of that name, and say whether it was written."""
        with self._explained(f"write {name}"):
            self._make_parent(name)
            try:
                if "file" in self._protocols:
                    with self._fs.open(self._at(name), "xb") as stream:
                        stream.write(content)
                else:
                    self._fs.pipe_file(self._at(name), content, mode="create")
            except FileExistsError:
                return False
        return True

    @cached_property
    def creates_exclusively(self) -> bool:
        """Whether of several that `create` an object at once only one can succeed.

        fsspec's own way is to look and then to write, which no trial would tell from a better one; so only file systems
        that are known to ask the server are tried, with an object of their own.
        """
        if _EXCLUSIVE.isdisjoint(self._protocols):
            return False
        name = f"probes/{uuid.uuid4().hex}"
        try:
            return self.create(name, b"1") and not self.create(name, b"2")
        except StorageError:
            return False
        finally:
            self.delete([name])

    def upload(self, name: str, file: Path) -> None:
        """Copy a file of this machine to an object."""
        with self._explained(f"upload {name}"):
            self._make_parent(name)
            self._fs.put_file(str(file), self._at(name))

    def download(self, name: str, file: Path) -> bool:
        """Copy an object to a file of this machine, and say whether there was one."""
        with self._explained(f"download {name}", absent_is_none=True):
            self._fs.get_file(self._at(name), str(file))
            return True
        return False

    def sha256(self, name: str) -> str | None:
        """Return the digest of an object's bytes, all of which are read; None if there is none of that name."""
        digest = hashlib.sha256()
        with self._explained(f"read {name}", absent_is_none=True):
            with self._fs.open(self._at(name), "rb") as stream:
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
            return digest.hexdigest()
        return None

    def objects(self, below: str) -> list[Object]:
        """List the objects below a name, at any depth, in order."""
        start = self._at(below).rstrip("/")
        found: Mapping[str, Mapping[str, Any]] = {}
        with self._explained(f"list {below}", absent_is_none=True):
            self._fs.invalidate_cache()
            found = self._fs.find(start, detail=True)
        listed = [_object(path[len(self._path) :].lstrip("/"), about) for path, about in found.items()]
        return sorted(each for each in listed if each.name != below)

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; what is absent is no error."""
        for name in names:
            with self._explained(f"delete {name}", absent_is_none=True):
                self._fs.rm_file(self._at(name))

    def _at(self, name: str) -> str:
        return f"{self._path}/{name}"

    def _make_parent(self, name: str) -> None:
        # Object stores have no folders, and s3fs would ask for the bucket each time.
        if "s3" not in self._protocols:
            self._fs.makedirs(self._at(name).rpartition("/")[0], exist_ok=True)

    @contextmanager
    def _explained(self, action: str, *, absent_is_none: bool = False) -> Iterator[None]:
        """Turn any failure of the file system into a StorageError; an absent object may just end the block."""
        try:
            yield
        except FileNotFoundError as cause:
            if not absent_is_none:
                raise StorageError(f"Cannot {action} in {self.url} ({cause}): check the address.") from cause
        except PermissionError as cause:
            raise StorageError(
                f"Cannot {action} in {self.url}, access is denied ({cause}): check the credentials in the environment."
            ) from cause
        except Exception as cause:
            if type(cause).__name__ in ("NoCredentialsError", "PartialCredentialsError", "TokenRetrievalError"):
                remedy = "set credentials in the environment, such as AWS_PROFILE"
            else:
                remedy = "check the address and the network, and run again; what was computed is kept"
            raise StorageError(
                f"Cannot {action} in {self.url} ({str(cause) or type(cause).__name__}): {remedy}."
            ) from cause


def _object(name: str, about: Mapping[str, Any]) -> Object:
    written = about.get("LastModified") or about.get("mtime") or about.get("created") or about.get("last_modified")
    if isinstance(written, int | float):
        written = datetime.fromtimestamp(written).astimezone()
    if isinstance(written, datetime) and written.tzinfo is None:
        written = written.astimezone()
    return Object(name, int(about["size"] or 0), written if isinstance(written, datetime) else None)
