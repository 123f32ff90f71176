"""The guard against one person's data under two names.

A subject in training and, under another name, in test makes a score on "unseen" people worthless. Identical signals
cannot come from two people, so every trial's fingerprint is compared with every other's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from escgan.listing import first_of

_MOST_NAMED = 8


def duplicate_trials(fingerprints: Mapping[str, Mapping[int, str]]) -> tuple[str, ...]:
    """Say which recordings share trials, one sentence a pair of recordings.

    Parameters
    ----------
    fingerprints
        Recording name to trial number to a digest of the trial's samples as distributed.

    Returns
    -------
    sentences
        Empty where every trial is unlike every other.
    """
    places = defaultdict(list)
    for name, trials in fingerprints.items():
        for trial, fingerprint in trials.items():
            places[fingerprint].append((name, trial))
    pairs: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for found in places.values():
        for i, (name, trial) in enumerate(found):
            for other, its_trial in found[i + 1 :]:
                pairs[(name, other)].append((trial, its_trial))
    return tuple(_sentence(*pair, trials, len(fingerprints[pair[0]])) for pair, trials in pairs.items())


def _sentence(name: str, other: str, trials: list[tuple[int, int]], n_trials: int) -> str:
    listed = first_of([f"{a}" if a == b else f"{a} as {b}" for a, b in trials], _MOST_NAMED)
    if name == other:
        return f"{name} holds the same signal twice (trials {listed}): check its files."
    whole = "all" if len(trials) == n_trials else f"{len(trials)} of {n_trials}"
    return (
        f"{name} and {other} hold the same signals ({whole} trials: {listed}): is one person here under two names? "
        "Scores on unseen subjects mean nothing while both take part; remove one."
    )
