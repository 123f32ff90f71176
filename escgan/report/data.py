"""Everything the report shows, gathered before a line of HTML is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escgan.evaluation.scarcity import Scarcity
from escgan.normalization import Normalization
from escgan.report.plane import EditPlane


@dataclass(frozen=True)
class ScalpMeans:
    """Mean normalised features per class, each ``(n_classes, n_channels, n_bands)``; NaN where a class has none.

    ``reference`` averages the windows that accepted edits into a class were made from; ``n_edited`` counts
    those edits, ``(n_classes,)``.
    """

    real: NDArray[np.floating]
    reference: NDArray[np.floating]
    edited: NDArray[np.floating]
    n_edited: NDArray[np.int64]


@dataclass(frozen=True)
class ReportData:
    """The content of one report.

    Attributes
    ----------
    title, corpus, note, licence, citation
        Heading and the corpus' own words: what its classes mean, how it may be used, whom to cite.
    protocol, leaky, tested, normalization, transductive
        How training and test were split, whether that protocol leaks, what it tests, how features were normalised.
    scarcity, training_subjects
        What was taken away from the training side: a class made scarce, and how many subjects a fold was limited to;
        None where nothing was.
    classes, channels, bands
        Names, in the order of every array's axes.
    labelling, definition, unit
        In words: what makes a window one of a class, what was measured in it, and the unit of that.
    band_edges_hz, window_s, step_s
        The bands' edges, the length of a window and the time from one's start to the next one's; empty or None for
        features that a corpus' owners measured and say nothing of.
    measure
        Short name of what was measured: ``de``, ``psd``, or as the corpus' owners call it.
    notices
        What a reader of the scores has to know of the recordings, such as one person under two names.
    caveats
        What limits the scores, such as too few subjects to show anything.
    recordings
        One row a recording: recording, subject, session, trials, windows and one ``n: <class>`` column a class.
    trained
        Real windows of each class that a fold trained on, mean over folds and seeds, ``(n_classes,)``.
    left_out
        Recordings that could not be used: recording, reason.
    steps
        What preprocessing did: recording, step, settings, decision, found (from the samples), warning; "" for none.
    treatment
        What it took, one row a recording: recording, rejected_share, interpolated, components_removed,
        components_fitted; None where no step of that sort ran.
    findings
        What steps decided from the samples: recording, step, what, outcome, why.
    without_signal
        Recordings whose corpus is distributed as features, so that no signal was preprocessed.
    quality
        One row a recording and channel: recording, channel, std_uv, peak_to_peak_uv, flat_share, clipped_share.
    spectra
        Mean power spectral density per recording: name -> {"frequency_hz", "before", "after"} in uV^2/Hz.
    scalp
        Augmenter -> mean scalp distributions, for augmenters that made windows.
    plane
        Real and edited windows of one fold, seen across the border between two classes; None where nothing was edited.
    history
        Training of augmenters: augmenter, fold, seed, step and one column a loss term. Rows without a step are what the
        augmenter ``auto`` tried: candidate (-1 for none), ratio, score and chosen (0 or 1).
    acceptance
        One row a fold, seed and augmenter: fold, seed, augmenter, wanted, tried, accepted.
    scores
        One row a tested subject: augmenter, classifier, seed, fold, subject, n_windows and the metrics.
    confusions
        (augmenter, classifier) -> counts ``(n_classes, n_classes)``, rows are truth.
    comparisons
        One row a classifier, augmenter and metric: classifier, augmenter, metric, rival, n_subjects,
        mean, rival_mean, difference, low, high, p_value, p_holm, effect_size, detectable, verdict ("helped", "hurt",
        "undecided").
    verdict
        Sentences to open the report with; the first is the answer.
    provenance
        One row an artifact: stage, unit, key, digest, wall_s, peak_memory_mb, device, created.
    versions, command, config_yaml, seconds
        What ran, with which settings, and the computing time of all artifacts together.
    """

    title: str
    corpus: str
    note: str
    licence: str
    citation: str
    protocol: str
    leaky: bool
    tested: str
    scarcity: Scarcity | None
    training_subjects: int | None
    normalization: Normalization
    transductive: bool
    classes: tuple[str, ...]
    labelling: str
    channels: tuple[str, ...]
    bands: tuple[str, ...]
    measure: str
    definition: str
    unit: str
    notices: tuple[str, ...]
    caveats: tuple[str, ...]
    recordings: pd.DataFrame
    trained: NDArray[np.floating]
    left_out: pd.DataFrame
    steps: pd.DataFrame
    treatment: pd.DataFrame
    findings: pd.DataFrame
    without_signal: tuple[str, ...]
    quality: pd.DataFrame
    spectra: Mapping[str, Mapping[str, tuple[float, ...]]]
    scalp: Mapping[str, ScalpMeans]
    plane: EditPlane | None
    history: pd.DataFrame
    acceptance: pd.DataFrame
    scores: pd.DataFrame
    confusions: Mapping[tuple[str, str], NDArray[np.int64]]
    comparisons: pd.DataFrame
    verdict: tuple[str, ...]
    provenance: pd.DataFrame
    versions: Mapping[str, str]
    command: str
    config_yaml: str
    seconds: float
    band_edges_hz: tuple[tuple[float, float], ...] = ()
    window_s: float | None = None
    step_s: float | None = None
