"""Which files a recording consists of, and whether they are whole, before MNE opens them.

MNE is lenient where a pipeline must not be: it takes a truncated EDF as a shorter one, and closes the gaps of an
interrupted one.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from escgan.datasets.edf import Header, read_header
from escgan.datasets.fif_parts import named_parts
from escgan.datasets.matlab_walk import refuse_forged
from escgan.errors import RecordingError

_MATLAB = (".set", ".mat")
_SAMPLE_BYTES = {".edf": 2, ".bdf": 3}
# EDF+ (Kemp and Olivan 2003) says in its header's reserved field whether its records follow each other in time.
_RESERVED, _INTERRUPTED = slice(192, 197), (b"EDF+D", b"BDF+D")
# As MNE's parser of such headers takes them: in any case, and after an equals sign or a colon.
_DATA_FILE, _MARKER_FILE = (
    re.compile(rf"^{key}[^\S\n]*[=:][^\S\n]*(.+?)\s*$", re.M | re.I) for key in ("DataFile", "MarkerFile")
)
# A file system takes no longer name.
_LONGEST_NAME = 255
_MOST_LETTERS = 300


def checked_header(path: Path, subject: str) -> Header | None:
    """Refuse what is not there or not whole, and return the header of an EDF or BDF; None for other formats.

    Refused is also what names a file outside of its folder, before MNE follows the name.
    """
    for name in _names_within(path, subject):
        if named_file(path.parent, name) is None:
            raise RecordingError(
                f"The file {path.name} of subject {subject} names '{name}', which is no file in its folder: put that "
                "file beside it, and its plain name into it."
            )
    missing = [file.name for file in (path, *companions(path)) if not file.exists()]
    if missing:
        raise RecordingError(
            f"The file {missing[0]} of subject {subject} is missing: put it where it belongs, or leave the subject out."
        )
    sample_bytes = _SAMPLE_BYTES.get(path.suffix.lower())
    try:
        if path.suffix.lower() in _MATLAB:
            refuse_forged(path)
        if sample_bytes is None:
            return None
        header, actual = read_header(path, sample_bytes), path.stat().st_size
        with path.open("rb") as file:
            variant = file.read(_RESERVED.stop)[_RESERVED]
    except (ValueError, OSError) as error:
        raise unreadable(path, subject, error) from error
    if header.file_bytes != actual:
        raise unreadable(path, subject, f"it has {actual} bytes where its header announces {header.file_bytes}")
    if variant in _INTERRUPTED:
        raise RecordingError(
            f"The file {path.name} of subject {subject} is an interrupted recording ({variant.decode()}), whose gaps "
            "would shift every later trial: export it as a continuous one."
        )
    return header


def companions(path: Path) -> tuple[Path, ...]:
    """List the further files that a recording consists of, whether they exist or not."""
    kind = path.suffix.lower()
    if path.is_dir():
        return tuple(sorted(file for file in path.rglob("*") if file.is_file()))
    if kind in (".vhdr", ".ahdr"):
        return _brainvision_files(path)
    if kind == ".set":
        # Whether the samples lie in the .set itself or beside it is written inside the .set only.
        return tuple(file for file in (path.with_suffix(".fdt"), path.with_suffix(".dat")) if os.path.lexists(file))
    if kind == ".fif":
        parts = set(path.parent.glob(f"{path.stem}-*.fif"))
        if "_split-01" in path.stem:
            parts |= set(path.parent.glob(f"{path.stem.replace('_split-01', '_split-*')}.fif"))
        return tuple(sorted(parts - {path}))
    return ()


def named_file(folder: Path, name: str) -> Path | None:
    """Return the file that a table or a header names, or None where the name leads out of the folder.

    A link inside the folder may lead anywhere: whoever put it there wanted it.

    >>> named_file(Path("data"), "S1/a.edf"), named_file(Path("data"), "../a.edf"), named_file(Path("data"), "/a.edf")
    (PosixPath('data/S1/a.edf'), None, None)
    """
    path = folder / name
    parts = Path(os.path.relpath(path, folder)).parts
    usable = name.isprintable() and all(len(os.fsencode(part)) <= _LONGEST_NAME for part in parts)
    return path if usable and parts and parts[0] != os.pardir else None


def unreadable(path: Path, subject: str, reason: BaseException | str) -> RecordingError:
    """Return the error for a file that MNE, or its own header, gives up on."""
    words = " ".join(str(reason).split()).rstrip(".") or type(reason).__name__
    if len(words) > _MOST_LETTERS:
        words = words[:_MOST_LETTERS] + "..."
    return RecordingError(
        f"The file {path.name} of subject {subject} cannot be read; it is damaged, truncated or of another format "
        f"({words}): export it again, or leave the subject out."
    )


def _brainvision_files(path: Path) -> tuple[Path, ...]:
    """Return the data and the marker file that a BrainVision header names."""
    header = _header_text(path)
    files = []
    for pattern, usual in ((_DATA_FILE, ".eeg"), (_MARKER_FILE, ".vmrk")):
        names = pattern.findall(header)
        if not names and header and usual == ".vmrk":
            continue  # a marker file is optional
        name = names[0].replace("$b", path.stem) if names else path.stem + usual
        # What lies outside is refused when the recording is read: it costs that recording only.
        if (file := named_file(path.parent, name)) is not None:
            files.append(file)
    return tuple(files)


def _names_within(path: Path, subject: str) -> Iterator[str]:
    """Yield the names of further files that a file gives; raises RecordingError where it cannot be read."""
    if path.suffix.lower() in (".vhdr", ".ahdr"):
        for pattern in (_DATA_FILE, _MARKER_FILE):
            yield from (name.replace("$b", path.stem) for name in pattern.findall(_header_text(path)))
    elif path.name.lower().endswith((".fif", ".fif.gz")) and path.is_file():
        try:
            yield from named_parts(path)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise unreadable(path, subject, error) from error


def _header_text(path: Path) -> str:
    try:
        # A named pipe would be waited for: whoever reads the recording refuses it.
        return path.read_bytes().decode("latin1") if path.is_file() else ""
    except OSError:
        return ""
