"""Whole cohorts with a known truth: windows of people whose classes differ by as much as is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from escgan.augmenters import AUGMENTERS, Augmenter, Balance, GeneratingAugmenter
from escgan.classifiers import TrainingData
from escgan.classifiers.base import Model
from escgan.classifiers.logistic import LogisticClassifier
from escgan.evaluation.scores import prediction_table, score_table
from escgan.windows import WindowSet

CHANNELS = ("Fp1", "Fp2", "F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2")
RARE = "joy"

Score = Callable[[Model, WindowSet], pd.DataFrame]


def cohort(effect: float, seed: int, n_subjects: int = 10, counts: tuple[int, int] = (50, 10)) -> WindowSet:
    """Draw windows of people who differ; the rare class, and it alone, is moved in two channels by ``effect``."""
    draw = np.random.default_rng(seed)
    de, labels, rows = [], [], []
    for subject in range(n_subjects):
        own = draw.normal(0, 0.5, (len(CHANNELS), 2))
        for label, n in enumerate(counts):
            block = own + draw.standard_normal((n, len(CHANNELS), 2))
            if label == 1:
                block[:, :2] += effect
            de.append(block)
            labels += [label] * n
            rows += [(f"{subject:04d}", "1", label, w, 2.0 * w) for w in range(n)]
    table = pd.DataFrame(rows, columns=["subject", "session", "trial", "window", "start_s"])
    joined = np.concatenate(de).astype(np.float32)
    return WindowSet(joined, np.array(labels), table, CHANNELS, ("alpha", "beta"), ("calm", RARE))


def chosen(*kinds: str, **settings: Mapping[str, object]) -> dict[str, Augmenter]:
    """Return augmenters by their kinds, with the settings that are given for some of them."""
    return {kind: AUGMENTERS[kind](**settings.get(kind, {})) for kind in kinds}


def left_one_out(windows: WindowSet, augmenters: Mapping[str, Augmenter], score: Score) -> pd.DataFrame:
    """Return one row a subject and augmenter, as a run's scores are, with logistic regression."""
    parts = []
    for subject in np.unique(windows.subjects):
        tested = windows.subjects == subject
        train, test = windows.take(np.flatnonzero(~tested)), windows.take(np.flatnonzero(tested))
        for name, augmenter in augmenters.items():
            parts.append(score(trained(train, augmenter), test).assign(augmenter=name, classifier="logistic", seed=0))
    return pd.concat(parts, ignore_index=True)


def trained(train: WindowSet, augmenter: Augmenter) -> Model:
    """Return logistic regression, trained with an augmenter's windows."""
    edited = None
    if isinstance(augmenter, GeneratingAugmenter):
        edited = augmenter.generate(augmenter.fit(train, 0), train, Balance(), 0)
    return LogisticClassifier().fit(TrainingData(train, edited, augmenter.reweights), 0)


def every_metric(model: Model, test: WindowSet) -> pd.DataFrame:
    """Return one row a subject with every metric, as runs have it."""
    predictions = prediction_table(test.table, test.labels, model.predict_proba(test), test.classes)
    return score_table(predictions, test.classes).query("level == 'subject'")


def compared_metrics(model: Model, test: WindowSet) -> pd.DataFrame:
    """Return one row a subject with the two metrics that verdicts are drawn from, thirty times as fast."""
    probability = model.predict_proba(test)[:, 1]
    rows = []
    for subject in np.unique(test.subjects):
        own = test.subjects == subject
        rare, p = test.labels[own] == 1, probability[own]
        right = (p > 0.5) == rare
        ranks = rankdata(p)[rare].sum() - rare.sum() * (rare.sum() + 1) / 2
        auroc = ranks / (rare.sum() * (~rare).sum())
        rows.append((subject, (right[rare].mean() + right[~rare].mean()) / 2, auroc))
    return pd.DataFrame(rows, columns=["subject", "balanced_accuracy", "auroc"])
