"""Files that the corpus ``folder`` takes, one folder a kind, each with a table of trials that names markers."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import mne
import numpy as np
from numpy.typing import NDArray
from scipy.io import savemat

from tests.escgan.datasets.writers.bdf import bdf_bytes, electrode, trigger
from tests.escgan.datasets.writers.brainvision import write_brainvision
from tests.escgan.datasets.writers.edf import EdfSignal, edf_bytes
from tests.escgan.datasets.writers.neuroscan import cnt_bytes, pink

SFREQ, SECONDS = 100, 6
LABELS = ("Fp1", "Cz", "Pz", "O1")
# The trials' markers, and the samples at which they stand.
AT = (100, 350)
_EEG = np.random.default_rng(5).normal(0, 20, (len(LABELS), SFREQ * SECONDS))


def _edf(stem: Path) -> str:
    signals = [EdfSignal(label, row, SFREQ) for label, row in zip(LABELS, _EEG, strict=True)]
    slow = EdfSignal("GSR", _EEG[0, ::2], SFREQ // 2)
    notes = [(at / SFREQ, 1.0, "7") for at in AT]
    stem.with_suffix(".edf").write_bytes(edf_bytes([*signals, slow], notes=notes))
    return "7"


def _bdf(stem: Path) -> str:
    codes = np.zeros(SFREQ * SECONDS, np.int64)
    codes[list(AT)] = 7
    signals = [electrode(label, row) for label, row in zip(LABELS, _EEG, strict=True)]
    stem.with_suffix(".bdf").write_bytes(bdf_bytes([*signals, trigger("Status", codes)], SFREQ))
    return "7"


def _brainvision(stem: Path) -> str:
    write_brainvision(stem, LABELS, _EEG.astype(np.float32), SFREQ, [("Stimulus", "S  7", at) for at in AT])
    return "Stimulus/S  7"


def _neuroscan(stem: Path) -> str:
    eeg = pink(np.random.default_rng(6), len(LABELS), SFREQ * SECONDS)
    stem.with_suffix(".cnt").write_bytes(cnt_bytes(LABELS, eeg, sfreq=SFREQ, event_samples=AT)[0])
    return ""


def _fif(stem: Path) -> str:
    raw = mne.io.RawArray(_EEG * 1e-6, mne.create_info(list(LABELS), SFREQ, "eeg"), verbose="error")
    raw.set_annotations(mne.Annotations([at / SFREQ for at in AT], 1.0, "7"))
    raw.save(stem.with_suffix(".fif"), verbose="error", overwrite=True)
    return "7"


def _eeglab(stem: Path, data: NDArray[np.float32] | str = "") -> str:
    places = np.array(
        [(label, 90.0 * i, 0.5) for i, label in enumerate(LABELS)],
        dtype=[("labels", "O"), ("theta", "O"), ("radius", "O")],
    )
    events = np.array([("7", at + 1.0, 1.0) for at in AT], dtype=[("type", "O"), ("latency", "O"), ("duration", "O")])
    content = {
        "setname": "s", "nbchan": 4.0, "trials": 1.0, "pnts": float(_EEG.shape[1]), "srate": float(SFREQ), "xmin": 0.0,
        "xmax": SECONDS - 1 / SFREQ, "data": _EEG.astype(np.float32) if isinstance(data, str) and not data else data,
        "chanlocs": places, "event": events, "icawinv": np.zeros((0, 0)), "icasphere": np.zeros((0, 0)),
        "icaweights": np.zeros((0, 0)),
    }  # fmt: skip
    savemat(stem.with_suffix(".set"), {"EEG": content}, appendmat=False, oned_as="row")
    return "7"


def _eeglab_with_data(stem: Path) -> str:
    stem.with_suffix(".fdt").write_bytes(_EEG.astype("<f4").T.tobytes())
    return _eeglab(stem, f"{stem.name}.fdt")


def fif_naming(name: str) -> bytes:
    """Build a FIF file whose samples go on in the file of that name."""
    with TemporaryDirectory() as folder:
        _fif(Path(folder, "a"))
        content = Path(folder, "a.fif").read_bytes()
    # Behind the first two tags; block, role "next file" and name, by MNE's constants.
    at = 36 + 20
    block, name_bytes = struct.pack(">i", 118), name.encode()
    tags = ((104, 3, block), (115, 3, struct.pack(">i", 2)), (118, 10, name_bytes), (105, 3, block))
    reference = b"".join(struct.pack(">4i", kind, form, len(data), 0) + data for kind, form, data in tags)
    return content[:at] + reference + content[at:]


def eeglab_naming(name: str) -> bytes:
    """Build an EEGLAB file whose samples are to lie in the file of that name."""
    with TemporaryDirectory() as folder:
        _eeglab(Path(folder, "a"), name)
        return Path(folder, "a.set").read_bytes()


@dataclass(frozen=True)
class OwnFile:
    """How a kind is written, which returns the markers' name, and its files by their format."""

    suffix: str
    write: Callable[[Path], str]
    formats: Mapping[str, tuple[str, ...]]


OWN_FILES: dict[str, OwnFile] = {
    "edf": OwnFile(".edf", _edf, {"edf": ("*.edf",), "csv": ("*.csv",)}),
    "bdf": OwnFile(".bdf", _bdf, {"bdf": ("*.bdf",), "csv": ("*.csv",)}),
    "brainvision": OwnFile(
        ".vhdr", _brainvision, {"vhdr": ("*.vhdr",), "vmrk": ("*.vmrk",), "eeg": ("*.eeg",), "csv": ("*.csv",)}
    ),
    "neuroscan": OwnFile(".cnt", _neuroscan, {"cnt": ("*.cnt",)}),
    "fif": OwnFile(".fif", _fif, {"fif": ("*.fif",)}),
    "eeglab": OwnFile(".set", _eeglab, {"set": ("*.set",)}),
    "eeglab with data": OwnFile(".set", _eeglab_with_data, {"set": ("*.set",)}),
}


def write_own_folder(folder: Path, name: str) -> None:
    """Write the files of a kind and the table of their two trials."""
    own = OWN_FILES[name]
    marker = own.write(folder / "a")
    lines = ["file,subject,session,trial,start_s,duration_s,baseline_s,marker,stimulus,condition,valence"]
    for trial, (at, condition) in enumerate(zip(AT, ("calm", "fear"), strict=True), start=1):
        start = 0 if marker else at / SFREQ
        lines.append(f"a{own.suffix},1,1,{trial},{start},2,0.5,{marker},film {trial},{condition},{2.5 * trial}")
    (folder / "trials.csv").write_text("\n".join(lines) + "\n")
