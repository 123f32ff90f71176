"""Which files a recording consists of, and whether they are whole, before MNE opens them.

MNE is lenient where a pipeline must not be: it takes a truncated EDF as a shorter one, and closes the gaps of an
interrupted one.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from escgan.datasets.edf import Header, read_header
from escgan.errors import RecordingError

_SAMPLE_BYTES = {".edf": 2, ".bdf": 3}
# EDF+ (Kemp and Olivan 2003) says in its header's reserved field whether its records follow each other in time.
_RESERVED, _INTERRUPTED = slice(192, 197), (b"EDF+D", b"BDF+D")
_DATA_FILE, _MARKER_FILE = (re.compile(rf"^{key}\s*=\s*(.+?)\s*$", re.M) for key in ("DataFile", "MarkerFile"))
_MOST_LETTERS = 300


def checked_header(path: Path, subject: str) -> Header | None:
    """Refuse what is not there or not whole, and return the header of an EDF or BDF; None for other formats."""
    missing = [file.name for file in (path, *companions(path)) if not file.exists()]
    if missing:
        raise RecordingError(
            f"The file {missing[0]} of subject {subject} is missing: put it where it belongs, or leave the subject out."
        )
    sample_bytes = _SAMPLE_BYTES.get(path.suffix.lower())
    if sample_bytes is None:
        return None
    try:
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
    try:
        header = path.read_bytes().decode("latin1")
    except OSError:
        header = ""
    files = []
    for pattern, usual in ((_DATA_FILE, ".eeg"), (_MARKER_FILE, ".vmrk")):
        match = pattern.search(header)
        if match is None and header and usual == ".vmrk":
            continue  # a marker file is optional
        name = match[1].replace("$b", path.stem) if match else path.stem + usual
        files.append(path.parent / name)
    return tuple(files)
