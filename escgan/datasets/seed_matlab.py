"""The trials in a MATLAB file of SEED or SEED-IV: one variable a trial, numbered in its name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escgan.datasets.amplitude import refuse_implausible
from escgan.datasets.matlab import load_mat, mat_shapes
from escgan.datasets.seed_family import ELECTRODES
from escgan.errors import RecordingError
from escgan.recording import RecordingSource, Segment, TrialSpan

SFREQ_HZ = 200.0
SMOOTHINGS = ("LDS", "movingAve")
N_BANDS = 5
# In the owners' files the logarithm of a band's power lies within 10.8 to 28.4: beyond this it is something else.
_LARGEST_LOG_POWER = 100.0
# The prefix is the subject's initials. The number decides the order: the files' own is not always numerical.
_SIGNAL = re.compile(r".+_eeg(\d+)")
_FEATURE = re.compile(r"(?:de|psd|dasm|rasm|asm|dcau)_(?:LDS|movingAve)\d+")


def read_signals(
    path: Path, source: RecordingSource, conditions: Sequence[str], stimuli: Sequence[str]
) -> tuple[tuple[Segment, ...], tuple[TrialSpan, ...], tuple[str, ...]]:
    """Read every trial of one file as a segment of its own.

    Parameters
    ----------
    path, source
        The file, and the recording that it belongs to.
    conditions, stimuli
        Class and film of each trial of a complete recording.

    Returns
    -------
    segments, spans
        ``(62, n_times)`` float32 microvolts at 200 Hz, and one trial that fills it.
    log
        The trials that the file lacks, in words.

    Raises
    ------
    RecordingError
        The file is damaged, its variables are not the corpus', or the samples cannot be EEG in
        microvolts.
    """
    where = _where(path, source)
    names = _signal_names(mat_shapes(path, source.subject), len(conditions), where)
    segments: list[Segment] = []
    spans: list[TrialSpan] = []
    absent: list[int] = []
    for trial, (condition, stimulus) in enumerate(zip(conditions, stimuli, strict=True), start=1):
        # One at a time: a file's trials together are some 340 MB of float64.
        eeg = None if trial not in names else load_mat(path, source.subject, [names[trial]])[names[trial]]
        if eeg is None or eeg.size == 0:
            absent.append(trial)
            continue
        _check_signal(eeg, trial, where)
        duration_s = eeg.shape[1] / SFREQ_HZ
        spans.append(TrialSpan(len(segments), trial, stimulus, 0.0, duration_s, condition=condition))
        segments.append(Segment(eeg.astype(np.float32), SFREQ_HZ))
    if not segments:
        raise RecordingError(f"{where} holds no samples in any of its trials: get the file again from the corpus.")
    refuse_implausible((segment.eeg for segment in segments), where)
    log = (f"trials {_listed(absent)} left out: the file does not hold them",) if absent else ()
    return tuple(segments), tuple(spans), log


def read_features(
    path: Path, source: RecordingSource, variable: str, n_rows: int, n_trials: int
) -> tuple[NDArray[np.float32], ...]:
    """Read one feature of every trial.

    Parameters
    ----------
    variable
        Feature and smoothing, such as ``de_LDS``; the trial's number follows directly.
    n_rows
        Electrodes, or pairs of them, that the feature has.

    Returns
    -------
    trials
        Each ``(n_windows, n_rows, 5)``, in the order of their numbers.

    Raises
    ------
    RecordingError
        The file is damaged, lacks a trial, or holds anything but finite numbers of the right shape.
    """
    where = _where(path, source)
    # Exact names, because 'asm_LDS1' is also the end of 'dasm_LDS1' and the beginning of 'asm_LDS10'.
    names = [f"{variable}{trial}" for trial in range(1, n_trials + 1)]
    arrays = load_mat(path, source.subject, names)
    absent = [name for name in names if name not in arrays]
    if absent:
        lacking = f"any '{names[0]}', '{names[1]}', ..." if absent == names else _listed(absent)
        raise RecordingError(f"{where} lacks {lacking}: choose another feature or get the file again from the corpus.")
    return tuple(_checked_feature(arrays[name], name, n_rows, where) for name in names)


def feature_table(
    source: RecordingSource,
    trials: Sequence[NDArray[np.float32]],
    conditions: Sequence[str],
    stimuli: Sequence[str],
    window_s: float,
) -> pd.DataFrame:
    """Describe every window of every trial; windows follow one another without overlap or gap."""
    tables = []
    for trial, (values, condition, stimulus) in enumerate(zip(trials, conditions, stimuli, strict=True), start=1):
        window = np.arange(len(values), dtype=np.int64)
        tables.append(
            pd.DataFrame(
                {
                    "subject": source.subject,
                    "session": source.session,
                    "trial": np.int64(trial),
                    "window": window,
                    "start_s": window * np.float64(window_s),
                    "stimulus": stimulus,
                    "condition": condition,
                }
            )
        )
    strings = dict.fromkeys(("subject", "session", "stimulus", "condition"), "str")
    return pd.concat(tables, ignore_index=True).astype(strings)


def refuse_labels_that_differ(path: Path, source: RecordingSource, published: Sequence[int]) -> None:
    """Compare a file's ``label`` with the published classes of the trials; raises RecordingError."""
    where = _where(path, source)
    label = load_mat(path, source.subject, ["label"]).get("label")
    if label is None:
        raise RecordingError(f"{where} has no variable 'label': get the file again from the corpus.")
    if label.dtype.kind not in "fiu" or label.size != len(published):
        raise RecordingError(
            f"{where} has a 'label' of shape {label.shape} and type {label.dtype} instead of {len(published)} numbers: "
            "get the file again from the corpus."
        )
    differing = [i + 1 for i, (found, known) in enumerate(zip(label.ravel(), published, strict=True)) if found != known]
    if differing:
        first = differing[0]
        raise RecordingError(
            f"{where} gives trial {first} the class {label.ravel()[first - 1]:g}, published is {published[first - 1]} "
            f"({len(differing)} of {len(published)} differ): get the file again from the corpus."
        )


def _where(path: Path, source: RecordingSource) -> str:
    return f"The file {path.name} of subject {source.subject}, session {source.session},"


def _listed(names: Sequence[object]) -> str:
    return ", ".join(map(str, names))


def _signal_names(shapes: Mapping[str, tuple[int, ...]], n_trials: int, where: str) -> dict[int, str]:
    """Map trial numbers to variables, whose shapes must be right."""
    names: dict[int, str] = {}
    for name in shapes:
        match = _SIGNAL.fullmatch(name)
        if match is None:
            continue
        trial = int(match[1])
        if not 1 <= trial <= n_trials:
            raise RecordingError(
                f"{where} holds '{name}', but the corpus has {n_trials} trials: is the folder of another corpus of the "
                "family?"
            )
        if trial in names:
            raise RecordingError(
                f"{where} holds trial {trial} twice, as '{names[trial]}' and as '{name}': get the file again from the "
                "corpus."
            )
        names[trial] = name
    if not names:
        remedy = "use the folder of signals"
        if any(_FEATURE.fullmatch(name) for name in shapes):
            remedy = "it holds features: choose the corpus' form of features"
        raise RecordingError(f"{where} holds no variable '<initials>_eeg1', '<initials>_eeg2', ...: {remedy}.")
    return names


def _check_signal(eeg: NDArray[Any], trial: int, where: str) -> None:
    where = f"{where} has in trial {trial}"
    if eeg.dtype.kind not in "fiu":
        raise RecordingError(f"{where} values of type {eeg.dtype}, not real numbers: get the file again.")
    if eeg.ndim != 2 or eeg.shape[0] != len(ELECTRODES):
        raise RecordingError(
            f"{where} an array of shape {eeg.shape} instead of ({len(ELECTRODES)}, samples): use the files as the "
            "corpus' owners distribute them, or leave the subject out."
        )
    finite = np.isfinite(eeg).all(axis=1)
    if not finite.all():
        raise RecordingError(
            f"{where} NaN or infinite samples in channel '{ELECTRODES[int(np.argmin(finite))]}': get the file again or "
            "leave the subject out."
        )


def _checked_feature(values: NDArray[Any], name: str, n_rows: int, where: str) -> NDArray[np.float32]:
    if values.dtype.kind not in "fiu":
        raise RecordingError(f"{where} has '{name}' of type {values.dtype}, not real numbers: get the file again.")
    if values.ndim != 3 or values.shape[0] != n_rows or values.shape[1] == 0 or values.shape[2] != N_BANDS:
        raise RecordingError(
            f"{where} has '{name}' of shape {values.shape} instead of ({n_rows}, windows, {N_BANDS}): use the files as "
            "the corpus' owners distribute them."
        )
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused as such
        kept = values.astype(np.float32)
    finite = np.isfinite(kept)
    if not finite.all():
        row, window, band = (int(i) for i in np.argwhere(~finite)[0])
        raise RecordingError(
            f"{where} has NaN or an infinite value in '{name}', row {row + 1}, window {window}, band {band + 1}: get "
            "the file again or leave the subject out."
        )
    if name.startswith("de_") and (largest := float(np.abs(kept).max())) > _LARGEST_LOG_POWER:
        raise RecordingError(
            f"{where} has values up to {largest:.3g} in '{name}', which no logarithm of EEG power reaches: use the "
            "files as the corpus' owners distribute them."
        )
    return np.ascontiguousarray(kept.transpose(1, 0, 2))
