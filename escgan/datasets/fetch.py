"""Downloading the open corpus, every file checked against the digest that PhysioNet publishes with it."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol

from escgan.errors import ConfigError, RecordingError

if TYPE_CHECKING:
    import pooch
    from rich.progress import Progress, TaskID

EEGMAT_URL = "https://physionet.org/files/eegmat/1.0.0/"
_BY_HAND = "https://physionet.org/content/eegmat/1.0.0/"
_DIGESTS = "SHA256SUMS.txt"
_SUBJECT_INFO = "subject-info.csv"
_SUBJECTS = tuple(f"{number:02d}" for number in range(36))
_RECORDING = re.compile(r"Subject(\d+)_[12]\.edf")
# As sha256sum writes them: the digest, blanks, for binary files a star, the name.
_DIGEST_LINE = re.compile(r"([0-9a-fA-F]{64})\s+\*?(\S.*?)\s*")
_TRIES_AGAIN = 2
_TIMEOUT_S = 30.0
_CHUNK_BYTES = 1 << 16
_READABLE = 0o644


class _Bar(Protocol):
    """What pooch asks of a progress bar."""

    total: int

    def update(self, n: int) -> None: ...
    def reset(self) -> None: ...
    def close(self) -> None: ...


def fetch_eegmat(
    folder: Path, *, subjects: Sequence[str] | None = None, base_url: str = EEGMAT_URL, progress: bool = True
) -> tuple[Path, ...]:
    """Download "EEG During Mental Arithmetic Tasks".

    Files that are there already, with the right content, are not downloaded again, so an interrupted download
    continues with the file that it was at. A file appears under its name only when it is whole.

    Parameters
    ----------
    folder
        Where the files go; it is made when it does not exist.
    subjects
        Numbers such as ``"00"``; all 36 when not given.
    base_url
        Address of the folder on the server.
    progress
        Show a bar for each file, where standard error is a terminal.

    Returns
    -------
    files
        The recordings, then ``subject-info.csv`` where the server has it, in the order of their names.

    Raises
    ------
    RecordingError
        The server cannot be reached, or sends something else than it announces.
    ConfigError
        A subject is none of the corpus, or the folder cannot be written.
    """
    folder, base_url = Path(folder), base_url.rstrip("/") + "/"
    unknown = [subject for subject in subjects or () if subject not in _SUBJECTS]
    if unknown:
        raise ConfigError(f"There is no subject {unknown[0]}: they are numbered {_SUBJECTS[0]} to {_SUBJECTS[-1]}.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"The folder '{folder}' cannot be made ({error.strerror}): choose another.") from error
    digests = _published_digests(folder, base_url)
    names = _wanted(digests, subjects)
    # Each with its SHA-256: pooch then leaves alone what is there already, and renames only what it has checked.
    store = _store(folder, base_url, {name: digests[name] for name in names})
    visible = progress and sys.stderr.isatty()
    with _bars() if visible else nullcontext() as bars:
        for name in names:
            _fetch(store, name, None if bars is None else _RichBar(bars, name))
    return tuple(folder / name for name in names)


def _published_digests(folder: Path, base_url: str) -> dict[str, str]:
    """Download the list of digests and return file names to digests.

    Where the server cannot be reached a list from an earlier call will do: a complete folder needs no network.
    """
    path = folder / _DIGESTS
    try:
        # Beside the earlier list, which pooch would not replace: nothing vouches for a list of digests.
        with TemporaryDirectory(dir=folder) as beside:
            _fetch(_store(Path(beside), base_url, {_DIGESTS: None}), _DIGESTS, None)
            digests = _parsed(Path(beside, _DIGESTS), base_url)
            Path(beside, _DIGESTS).replace(path)
    except RecordingError:
        if not path.is_file():
            raise
        digests = _parsed(path, base_url)
    except OSError as error:
        raise ConfigError(f"The folder '{folder}' cannot be written ({error.strerror}): choose another.") from error
    return digests


def _parsed(path: Path, base_url: str) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    digests = {match[2]: match[1].lower() for line in lines if (match := _DIGEST_LINE.fullmatch(line))}
    if not any(_RECORDING.fullmatch(name) for name in digests):
        raise RecordingError(
            f"{base_url}{_DIGESTS} names no recording, so it is not this corpus, or a login page stands before it: "
            f"check the address, or download the files by hand from {_BY_HAND}."
        )
    return digests


def _wanted(digests: dict[str, str], subjects: Sequence[str] | None) -> list[str]:
    recordings = {name: match[1] for name in sorted(digests) if (match := _RECORDING.fullmatch(name))}
    absent = [subject for subject in subjects or () if subject not in recordings.values()]
    if absent:
        raise RecordingError(f"The server's {_DIGESTS} names no file of subject {absent[0]}: leave the subject out.")
    names = [name for name, subject in recordings.items() if subjects is None or subject in subjects]
    return names + [name for name in (_SUBJECT_INFO,) if name in digests]


def _store(folder: Path, base_url: str, registry: dict[str, str | None]) -> pooch.Pooch:
    import pooch

    # Pooch reports every file and every retry; here the errors say what matters and the bars the rest.
    pooch.get_logger().setLevel("ERROR")
    return pooch.create(folder, base_url, registry=registry, retry_if_failed=_TRIES_AGAIN)


def _fetch(store: pooch.Pooch, name: str, bar: _Bar | None) -> None:
    import pooch
    import requests

    url = store.get_url(name)
    over_http = pooch.HTTPDownloader(progressbar=bar or False, chunk_size=_CHUNK_BYTES, timeout=_TIMEOUT_S)

    def download(url: str, output_file: str, store: pooch.Pooch) -> None:
        over_http(url, output_file, store)
        # Pooch's temporary files are for their owner only; a laboratory shares its data.
        Path(output_file).chmod(_READABLE)

    try:
        store.fetch(name, downloader=download)
    except requests.exceptions.HTTPError as error:
        raise _failed(f"{url} cannot be downloaded ({str(error).split(' for url')[0]})", "try again") from error
    except requests.exceptions.RequestException as error:
        broken_off = isinstance(error, requests.exceptions.ChunkedEncodingError)
        words = "broke off while it was loaded" if broken_off else "cannot be reached"
        raise _failed(f"{url} {words} ({type(error).__name__})", "check the network and try again") from error
    except ValueError as error:
        raise _failed(f"{url} arrived with another digest than its owners state", "try again") from error
    except OSError as error:
        raise ConfigError(
            f"The file '{store.path / name}' cannot be written ({error.strerror}): make room or choose another folder."
        ) from error


def _failed(what: str, remedy: str) -> RecordingError:
    return RecordingError(
        f"{what}: {remedy}, which goes on where it stopped, or download the files by hand from {_BY_HAND}."
    )


def _bars() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns: tuple[Any, ...] = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()
    )  # fmt: skip
    return Progress(*columns, console=Console(stderr=True))


class _RichBar:
    """A line of rich's progress display, as pooch moves it."""

    def __init__(self, bars: Progress, name: str) -> None:
        self._bars = bars
        self._task: TaskID | None = None
        self._name = name
        self._total = 0

    @property
    def total(self) -> int:
        return self._total

    @total.setter
    def total(self, n_bytes: int) -> None:
        # A file that is there already is never asked for: its line appears with its first byte.
        self._total = n_bytes
        if self._task is None:
            self._task = self._bars.add_task(self._name, total=n_bytes)
        self._bars.reset(self._task, total=n_bytes)

    def update(self, n: int) -> None:
        self._move(advance=n)

    def reset(self) -> None:
        self._move(completed=0)

    def close(self) -> None:
        self._move(completed=self._total)

    def _move(self, **how: Any) -> None:
        if self._task is not None:
            self._bars.update(self._task, **how)
