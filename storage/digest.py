"""SHA-256 digests of JSON values, of files and of whole artifacts: the names by which content is known.

A run asks for the digest of the same large file many times, so a digest is remembered for as long as the
file looks untouched. A file that changed only just now could change again within the resolution of the clock,
without its times telling; so it is not remembered yet.
"""

import hashlib
import json
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Kernels stamp files with the time of the last timer tick, at worst 10 ms old. Ten times that is safe.
_SETTLED_AFTER_NS = 100_000_000

_Identity = tuple[int, int, int, int, int]
_remembered: dict[str, tuple[_Identity, str]] = {}
_remembered_lock = threading.Lock()


def canonical_json(value: Any) -> str:
    """Render a JSON value in the one form that is digested: sorted keys, no spaces, ASCII only.

    Parameters
    ----------
    value : JSON value
        Dicts, lists, tuples (rendered as lists), strings, finite numbers, booleans and None.

    Returns
    -------
    str

    Raises
    ------
    TypeError
        If the value holds something that JSON cannot express.
    ValueError
        If it holds NaN or an infinity, which are not JSON.

    Examples
    --------
    >>> canonical_json({"b": (1, 2), "a": None})
    '{"a":null,"b":[1,2]}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def digest_json(value: Any) -> str:
    """Digest a JSON value, independently of the order of its keys.

    Parameters
    ----------
    value : JSON value
        See `canonical_json`.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    TypeError, ValueError
        As `canonical_json`.

    Examples
    --------
    >>> digest_json({"a": 1, "b": 2}) == digest_json({"b": 2, "a": 1})
    True
    """
    return hashlib.sha256(canonical_json(value).encode("ascii")).hexdigest()


def digest_file(path: Path | str) -> str:
    """Digest a file's bytes, reading it at most once in a process while it stays untouched.

    Parameters
    ----------
    path : path
        A regular file of any size; it is streamed.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    OSError
        If the file cannot be read.

    Notes
    -----
    A digest is remembered under the path, device, inode, size, and modification and change times. A disk that
    flips a bit without the file system noticing changes none of them: only another process will see that.
    """
    name = os.path.abspath(path)
    with open(name, "rb") as file:
        before = _identity(os.fstat(file.fileno()))
        with _remembered_lock:
            known = _remembered.get(name)
        if known is not None and known[0] == before:
            return known[1]
        began_ns = time.time_ns()
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        after = _identity(os.fstat(file.fileno()))
    if before == after and began_ns - max(after[3:]) > _SETTLED_AFTER_NS:
        with _remembered_lock:
            _remembered[name] = (after, digest)
    return digest


def digest_content(files: Mapping[str, str]) -> str:
    """Digest an artifact's content: which files it has, and the bytes of each.

    Parameters
    ----------
    files : mapping of str to str
        SHA-256 of each file, by file name.

    Returns
    -------
    str
        64 hexadecimal digits. The manifest's times and machine play no part, so equal bytes computed twice
        have equal digests.
    """
    return digest_json([[name, files[name]] for name in sorted(files)])


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
