"""A preprocessed recording as MNE's own objects: one Raw with annotations, or Epochs with metadata; in volts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escgan.errors import RecordingError
from escgan.preprocessing.electrodes import recording_info
from escgan.recording import Recording, Trial

if TYPE_CHECKING:
    import mne

_VOLT_IN_UV = 1e6


class Mark(NamedTuple):
    """A stretch of a joined recording: where it begins, how long it is, and what it is; in samples."""

    onset: float
    length: float
    description: str


class Joined(NamedTuple):
    """A recording's trials one after the other, each behind its baseline.

    ``eeg_uv`` is ``(n_channels, n_times)`` float32 in microvolts; ``trials`` are the marks of the trials, in their
    order; ``others`` those of baselines, joints and rejected stretches.
    """

    eeg_uv: NDArray[np.float32]
    trials: tuple[Mark, ...]
    others: tuple[Mark, ...]


def join_trials(recording: Recording) -> Joined:
    """Lay a recording's trials, which were cut from a longer signal, one after the other.

    Raises
    ------
    RecordingError
        The recording has no trial.
    """
    if not recording.trials:
        raise RecordingError(f"{recording.name} has no trial, so there is no signal to give: leave it out.")
    parts: list[NDArray[np.float32]] = []
    trials: list[Mark] = []
    others: list[Mark] = []
    at = 0
    for trial in recording.trials:
        if parts:
            # As MNE marks where files were joined: filters and epochs must not run across.
            others += [Mark(at, 0, "BAD boundary"), Mark(at, 0, "EDGE boundary")]
        if trial.baseline is not None:
            others.append(Mark(at, trial.baseline.shape[1], "baseline"))
            parts.append(trial.baseline)
            at += trial.baseline.shape[1]
        trials.append(Mark(at, trial.eeg.shape[1], name_of(trial)))
        for start_s, stop_s in trial.rejected:
            others.append(Mark(at + start_s * recording.sfreq, (stop_s - start_s) * recording.sfreq, "BAD rejected"))
        parts.append(trial.eeg)
        at += trial.eeg.shape[1]
    return Joined(np.concatenate(parts, axis=1, dtype=np.float32), tuple(trials), tuple(others))


def raw_of(recording: Recording) -> mne.io.RawArray:
    """Return a recording as one Raw: trials one after the other, each annotated with its condition.

    Trials may be of different lengths. Joints are annotated ``BAD boundary``, baselines ``baseline`` and stretches
    that preprocessing found unusable ``BAD rejected``.
    """
    import mne

    joined = join_trials(recording)
    raw = mne.io.RawArray(joined.eeg_uv / _VOLT_IN_UV, _info(recording), verbose="error")
    marks = sorted((*joined.trials, *joined.others))
    onsets, lengths = (np.array([mark[i] for mark in marks]) / recording.sfreq for i in (0, 1))
    raw.set_annotations(mne.Annotations(onsets, lengths, [mark.description for mark in marks]), verbose="error")
    # Already referenced: MNE shall not ask for it when sources are looked for.
    return raw.set_eeg_reference([], verbose="error")


def epochs_of(recording: Recording, duration_s: float | None = None) -> mne.EpochsArray:
    """Return a recording's trials as Epochs with metadata.

    Parameters
    ----------
    recording
        Where every trial has a baseline of one length, epochs begin with it, before 0.
    duration_s
        Keep the first seconds of each trial alone; needed where trials are of different lengths.

    Raises
    ------
    RecordingError
        The trials are of different lengths, or one is shorter than what is to be kept.
    """
    import mne

    joined = join_trials(recording)
    lengths = sorted({trial.eeg.shape[1] for trial in recording.trials})
    n_times = lengths[0] if duration_s is None else round(duration_s * recording.sfreq)
    shortest = f"the shortest is {lengths[0] / recording.sfreq:g} s"
    if duration_s is None and len(lengths) > 1:
        raise RecordingError(
            f"Trials of {recording.name} are of different lengths ({shortest}): give duration_s, or use to_mne()."
        )
    if not 0 < n_times <= lengths[0]:
        raise RecordingError(f"duration_s is {duration_s:g} for {recording.name}: {shortest}; give no more than that.")
    before = {0 if trial.baseline is None else trial.baseline.shape[1] for trial in recording.trials}
    n_before = before.pop() if len(before) == 1 else 0
    starts = [int(mark.onset) for mark in joined.trials]
    data = np.stack([joined.eeg_uv[:, start - n_before : start + n_times] for start in starts]) / _VOLT_IN_UV
    codes = {name: code for code, name in enumerate(sorted({mark.description for mark in joined.trials}), start=1)}
    events = [[start, 0, codes[mark.description]] for start, mark in zip(starts, joined.trials, strict=True)]
    epochs: mne.EpochsArray = mne.EpochsArray(
        data,
        _info(recording),
        events=np.array(events),
        event_id=codes,
        tmin=-n_before / recording.sfreq,
        metadata=trial_table(recording),
        proj=False,
        verbose="error",
    )
    return epochs.set_eeg_reference([], verbose="error")


def trial_table(recording: Recording) -> pd.DataFrame:
    """Return one row a trial: subject, session, trial, stimulus, condition, start_s, duration_s and every rating."""
    return pd.DataFrame(list(_trial_rows(recording)))


def name_of(trial: Trial) -> str:
    """Return what a trial is called among annotations: its condition or, where it has none, its stimulus."""
    return trial.condition or trial.stimulus or "trial"


def _trial_rows(recording: Recording) -> Iterator[dict[str, Any]]:
    for trial in recording.trials:
        yield {
            "subject": recording.subject,
            "session": recording.session,
            "trial": trial.trial,
            "stimulus": trial.stimulus,
            "condition": trial.condition or "",
            "start_s": trial.start_s,
            "duration_s": trial.eeg.shape[1] / recording.sfreq,
            **trial.ratings,
        }


def _info(recording: Recording) -> mne.Info:
    info = recording_info(recording.channels, {}, recording.sfreq, recording.name, unplaced="allow")
    low_hz, high_hz = recording.passband_hz
    # MNE lets only its own filters say this; the signal was filtered before.
    with info._unlock():
        info["highpass"], info["lowpass"] = max(low_hz, 0.0), min(high_hz, recording.sfreq / 2)
    info["subject_info"] = {"his_id": recording.name}
    info["description"] = f"escgan {recording.name}: reference {recording.reference}"
    return info
