"""Every job of the sandbox by its name: a format's readers, the parser of configurations, planted bad readers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.fuzz.corpora import FORMATS
from tests.fuzz.jobs import Readers, place
from tests.fuzz.planted import PLANTED, Planted

_made: dict[str, Any] = {}


def job_called(name: str, folder: Path) -> Any:
    """Return a job, made once."""
    if name not in _made:
        if name in FORMATS:
            _made[name] = Readers(name, folder)
        elif name in PLANTED:
            _made[name] = Planted(name, folder)
        elif name == "yaml":
            from tests.fuzz.configurations import Configurations

            _made[name] = Configurations(folder)
        else:
            raise ValueError(f"There is no job '{name}'.")
    return _made[name]


def warm_up(folder: Path) -> None:
    """Import whatever reading imports, so that each child need not, and no import is taken for an act of a file."""
    import h5py
    import mne
    import mne_bids
    import pandas
    import pymatreader
    import scipy.io

    assert h5py and mne and mne_bids and pandas and pymatreader and scipy
    outside = folder / "outside"
    outside.mkdir(parents=True, exist_ok=True)
    (outside / "secret.edf").write_bytes(b"0       secret")


def check_sound(job: Any) -> list[str]:
    """Judge the undamaged files of a job, which also imports what reading them imports; returns those not valid."""
    unsound = []
    for attempt in job.sound():
        place(attempt, 0)
        if attempt.judge(attempt.data) != "valid":
            unsound.append(str(attempt.path))
    return unsound
