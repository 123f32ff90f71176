"""Training sets at the edge of what can be learned from, for augmenters and classifiers alike."""

from __future__ import annotations

import re

import numpy as np

from tests.conftest import make_windows


def with_first(windows, label, n):
    """The windows, but of one class the first n only."""
    kept = np.ones(len(windows), bool)
    kept[np.flatnonzero(windows.labels == label)[n:]] = False
    return windows.take(np.flatnonzero(kept))


def with_values(windows, where, value):
    de = windows.de.copy()
    de[where] = value
    return windows.with_de(de)


BOTH = make_windows(counts=(12, 6), n_subjects=3)
SETS = {
    "a class of one window": with_first(BOTH, label=1, n=1),
    "a class of two windows": with_first(BOTH, label=1, n=2),
    "one window a class": with_first(with_first(BOTH, label=1, n=1), label=0, n=1),
    "one of three classes absent": with_first(make_windows(counts=(12, 6, 6)), label=2, n=0),
    "one subject": make_windows(counts=(12, 6), n_subjects=1),
    "fewer windows than a batch": make_windows(counts=(3, 2), n_subjects=1),
    "a constant channel": with_values(BOTH, np.s_[:, 2], 5.0),
    "windows that are all alike": BOTH.with_de(np.repeat(BOTH.de[:1], len(BOTH), axis=0)),
    # A subject knows one class: there is no difference of its own to learn or to lend.
    "a class a subject": BOTH.take(np.flatnonzero((BOTH.subjects == "00") == (BOTH.labels == 0))),
}


def one_sentence(error):
    """Whether what is said is a fault, a colon and the remedy, and nothing of Python's."""
    said = str(error.value)
    return ": " in said and said.endswith(".") and "\n" not in said and not re.search(r"\bnan\b", said)
