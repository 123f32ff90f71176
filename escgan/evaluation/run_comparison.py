"""Two runs held against each other: the same augmenters and classifiers, on the people that both tested."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd

from escgan.errors import ConfigError
from escgan.evaluation.significance import compare_augmenters

FIRST, SECOND = "first", "second"
ABSENT = "not set"
_OUTCOMES = {"helped": "higher", "hurt": "lower", "undecided": "undecided"}


def compare_runs(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Compare the scores of two runs, paired over the subjects that both tested.

    Parameters
    ----------
    first, second
        One row a test subject, fold, seed, augmenter and classifier, as a report holds them.

    Returns
    -------
    table
        One row an augmenter, classifier and metric that both runs have: classifier, augmenter, metric, n_subjects,
        first, second (means over the common subjects), difference (second less first), low, high, p_holm, verdict
        ("higher", "lower" or "undecided"). A metric's p values are corrected together (Holm).

    Raises
    ------
    ConfigError
        The runs have no subject, or no augmenter with a classifier, in common.
    """
    common = sorted(set(first["subject"]) & set(second["subject"]))
    if not common:
        raise ConfigError("The two runs tested no subject in common, so there is nothing to pair: name others.")
    parts = []
    for name, scores in ((FIRST, first), (SECOND, second)):
        own = scores[scores["subject"].isin(common)]
        pairs = list(zip(own["classifier"], own["augmenter"], strict=True))
        parts.append(own.assign(classifier=pd.Series(pairs, index=own.index, dtype=object), augmenter=name))
    shared = set(parts[0]["classifier"]) & set(parts[1]["classifier"])
    if not shared:
        raise ConfigError("The two runs have no augmenter with a classifier in common: name others.")
    joined = pd.concat(parts, ignore_index=True)
    table = compare_augmenters(joined[joined["classifier"].isin(shared)], rivals=(FIRST,))
    pairs = table["classifier"].tolist()
    return pd.DataFrame(
        {
            "classifier": [classifier for classifier, _ in pairs],
            "augmenter": [augmenter for _, augmenter in pairs],
            "metric": table["metric"],
            "n_subjects": table["n_subjects"],
            FIRST: table["rival_mean"],
            SECOND: table["mean"],
            "difference": table["difference"],
            "low": table["low"],
            "high": table["high"],
            "p_holm": table["p_holm"],
            "verdict": table["verdict"].map(_OUTCOMES),
        }
    )


def lone_entries(first: pd.DataFrame, second: pd.DataFrame) -> dict[str, tuple[list[str], list[str]]]:
    """Return which augmenters and classifiers only one of two runs has, and :func:`compare_runs` so leaves out.

    Parameters
    ----------
    first, second
        As :func:`compare_runs` takes them.

    Returns
    -------
    lone
        "augmenters" and "classifiers", each to the names that only the first has and those that only the second has.
    """
    lone = {}
    for column in ("augmenter", "classifier"):
        ones, others = (list(dict.fromkeys(table[column])) for table in (first, second))
        lone[f"{column}s"] = ([a for a in ones if a not in others], [a for a in others if a not in ones])
    return lone


class Difference(NamedTuple):
    """A setting in which two configurations differ."""

    setting: str
    """Its path; an entry of a list stands there by its name, or else its kind."""
    first: Any
    second: Any
    entry: str | None = None
    """The entry's name, where a list of one configuration has an entry that the other's lacks."""


def differing_settings(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Difference]:
    """Return the settings in which two configurations differ, each as deep as it goes: its path, and both values.

    >>> bands = [[{"name": "gamma", "high_hz": high}] for high in (45, 44)]
    >>> [tuple(found) for found in differing_settings({"a": {"b": bands[0]}}, {"a": {"b": bands[1]}, "d": 4})]
    [('a.b.gamma.high_hz', 45, 44, None), ('d', 'not set', 4, None)]
    """
    return list(_differences("", first, second))


def _differences(path: str, first: Any, second: Any) -> Iterator[Difference]:
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        for name in dict.fromkeys((*first, *second)):
            yield from _differences(_below(path, name), first.get(name, ABSENT), second.get(name, ABSENT))
        return
    ones, others = _by_name(first), _by_name(second)
    if ones is None or others is None:
        if first != second:
            yield Difference(path, first, second)
        return
    for name in dict.fromkeys((*ones, *others)):
        if name in ones and name in others:
            yield from _differences(_below(path, name), ones[name], others[name])
        else:
            yield Difference(_below(path, name), ones.get(name, ABSENT), others.get(name, ABSENT), name)
    if [name for name in ones if name in others] != [name for name in others if name in ones]:
        yield Difference(f"order of {path}", list(ones), list(others))


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _by_name(values: Any) -> dict[str, Any] | None:
    """Return a list's entries by their names, or else kinds; None where it is no list of such entries."""
    if not isinstance(values, list | tuple) or not all(isinstance(value, Mapping) for value in values):
        return None
    named: dict[str, Any] = {}
    for value in values:
        name = value.get("name") or value.get("kind")
        if name is None:
            return None
        # A step may be taken twice.
        n = sum(known == name or known.startswith(f"{name} ") for known in named)
        named[f"{name} {n + 1}" if n else name] = value
    return named
