"""One recording of a BIDS-derivatives dataset: preprocessed signal, events, channels and features."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from escgan.exchange.brainvision import Marker, write_brainvision
from escgan.exchange.feature_windows import FeatureWindows
from escgan.exchange.mne_signals import Joined, join_trials
from escgan.recording import Recording

TRIAL = "trial"
"""What events of trials are called that have no condition."""

_EVENT_COLUMNS = {
    "onset": {"Description": "Beginning of the event, from the first sample of this file.", "Units": "s"},
    "duration": {"Description": "Length of the event.", "Units": "s"},
    "trial_type": {
        "Description": f"The trial's condition, or '{TRIAL}' where the corpus gives none. 'BAD boundary' is a joint of "
        "two trials, 'BAD rejected' a stretch that preprocessing found unusable, 'baseline' what was recorded before a "
        "trial."
    },
    "trial": {"Description": "The trial's number in the corpus."},
    "stimulus": {"Description": "What was shown or asked, by the corpus' own name."},
    "recorded_s": {
        "Description": "Beginning of the trial in the stretch of signal that it was cut from.",
        "Units": "s",
    },
}
_FEATURE_COLUMNS = {
    "onset": {"Description": "Beginning of the window, from the first sample of the _eeg file beside.", "Units": "s"},
    "trial": {"Description": "The trial's number, as in events.tsv."},
    "window": {"Description": "The window's number in its trial."},
}


class Names(NamedTuple):
    """What BIDS calls a recording: labels of letters and digits, without a session where the dataset has none."""

    subject: str
    session: str | None
    task: str

    @property
    def folder(self) -> Path:
        """The recording's folder inside the dataset."""
        place = Path(f"sub-{self.subject}")
        return (place / f"ses-{self.session}" if self.session else place) / "eeg"

    @property
    def stem(self) -> str:
        """What all of the recording's files are called at first."""
        session = f"ses-{self.session}_" if self.session else ""
        return f"sub-{self.subject}_{session}task-{self.task}"


def write_recording(root: Path, names: Names, recording: Recording, features: FeatureWindows) -> None:
    """Write a recording's files below a dataset's root.

    Parameters
    ----------
    root
        The dataset's folder.
    names
        What the recording is called.
    recording
        Its trials are laid one after the other.
    features
        This recording's windows alone.
    """
    folder = root / names.folder
    folder.mkdir(parents=True)
    stem = folder / f"{names.stem}_desc-preproc"
    joined = join_trials(recording)
    starts = [
        Marker("New Segment", "", round(mark.onset)) for mark in joined.others if mark.description == "BAD boundary"
    ]
    markers = [Marker("New Segment", "", 0), *starts]
    write_brainvision(Path(f"{stem}_eeg"), recording.channels, joined.eeg_uv, recording.sfreq, markers)
    write_json(Path(f"{stem}_eeg.json"), _signal_facts(names, recording, joined))
    write_table(Path(f"{stem}_channels.tsv"), _channels(recording))
    events = _events(recording, joined)
    ratings = {name: {"Description": f"The subject's rating '{name}' of the trial."} for name in events.columns[6:]}
    write_table(Path(f"{stem}_events.tsv"), events)
    write_json(Path(f"{stem}_events.json"), _EVENT_COLUMNS | ratings)
    measured = folder / f"{names.stem}_desc-{features.measure}_features"
    write_table(Path(f"{measured}.tsv"), _feature_table(recording, joined, features))
    write_json(Path(f"{measured}.json"), _feature_columns(features))


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as BIDS asks: tabs, and n/a where there is no value; numbers to the last digit."""
    table.to_csv(path, sep="\t", na_rep="n/a", index=False, lineterminator="\n", encoding="utf-8")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a sidecar."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _signal_facts(names: Names, recording: Recording, joined: Joined) -> dict[str, Any]:
    low_hz, high_hz = _edges(recording)
    return {
        "TaskName": names.task,
        "Description": "Preprocessed trials, one after the other.",
        "SamplingFrequency": recording.sfreq,
        "EEGReference": recording.reference,
        "EEGPlacementScheme": "10-10",
        "EEGChannelCount": len(recording.channels),
        "PowerLineFrequency": "n/a",
        "HardwareFilters": "n/a",
        "SoftwareFilters": {
            "high-pass": {"cutoff (Hz)": low_hz if low_hz > 0 else "n/a"},
            "low-pass": {"cutoff (Hz)": high_hz},
        },
        "RecordingDuration": joined.eeg_uv.shape[1] / recording.sfreq,
        "RecordingType": "discontinuous",
        "PreprocessingLog": [dict(entry) for entry in recording.log],
    }


def _edges(recording: Recording) -> tuple[float, float]:
    low_hz, high_hz = recording.passband_hz
    return max(low_hz, 0.0), min(high_hz, recording.sfreq / 2)


def _channels(recording: Recording) -> pd.DataFrame:
    low_hz, high_hz = _edges(recording)
    return pd.DataFrame(
        {
            "name": recording.channels,
            "type": "EEG",
            "units": "µV",
            "low_cutoff": low_hz if low_hz > 0 else None,
            "high_cutoff": high_hz,
            "reference": recording.reference,
            "sampling_frequency": recording.sfreq,
            "status": "good",
        }
    )


def _events(recording: Recording, joined: Joined) -> pd.DataFrame:
    rows = []
    for mark, trial in zip(joined.trials, recording.trials, strict=True):
        known = {"trial": trial.trial, "stimulus": trial.stimulus, "recorded_s": trial.start_s, **trial.ratings}
        rows.append((mark.onset, mark.length, trial.condition or TRIAL, known))
    # MNE's other word for a joint says nothing more here.
    rows += [(*mark, {}) for mark in joined.others if mark.description != "EDGE boundary"]
    table = pd.DataFrame(
        [
            {"onset": onset / recording.sfreq, "duration": length / recording.sfreq, "trial_type": kind, **known}
            for onset, length, kind, known in sorted(rows, key=lambda row: row[:2])
        ]
    )
    return table.astype({"trial": "Int64"})


def _feature_table(recording: Recording, joined: Joined, features: FeatureWindows) -> pd.DataFrame:
    trials = zip(recording.trials, joined.trials, strict=True)
    offset_s = {trial.trial: mark.onset / recording.sfreq - trial.start_s for trial, mark in trials}
    windows = features.table
    # To a microsecond: sums of seconds are not exact.
    known = {"onset": (windows["trial"].map(offset_s) + windows["start_s"]).round(6)}
    known |= {name: windows[name] for name in ("trial", "window")}
    known["label"] = pd.Series(features.label_names, dtype="str").replace("", None)
    values = pd.DataFrame(features.values.reshape(len(features), -1), columns=list(_column_names(features)))
    return pd.concat([pd.DataFrame(known).reset_index(drop=True), values], axis=1)


def _feature_columns(features: FeatureWindows) -> dict[str, Any]:
    columns: dict[str, Any] = dict(_FEATURE_COLUMNS)
    levels = {name: f"class {number}" for number, name in enumerate(features.classes)}
    columns["label"] = {"Description": f"The window's class: {features.labelling}.", "Levels": levels}
    edges = dict(zip(features.bands, features.band_edges_hz, strict=True))
    for column, (channel, band) in _column_names(features).items():
        low, high = edges[band]
        columns[column] = {
            "LongName": f"{features.measure} of {channel} in {band}",
            "Description": f"{features.definition}; channel {channel}, band {band} ({low:g}-{high:g} Hz)",
            "Units": features.unit,
        }
    return columns


def _column_names(features: FeatureWindows) -> dict[str, tuple[str, str]]:
    return {f"{channel}_{band}": (channel, band) for channel in features.channels for band in features.bands}
