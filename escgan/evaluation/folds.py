"""Folds: which recordings train and which are tested, and proof that they do not overlap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from escgan.errors import ConfigError, LeakageError
from escgan.evaluation.parts import Part
from escgan.seeds import generator

Level = Literal["subject", "session", "trial", "window"]


@dataclass(frozen=True, order=True)
class Unit:
    """A recording by who and when: what folds are made of."""

    subject: str
    session: str


@dataclass(frozen=True)
class Fold:
    """Training and test units of one fold; the name says who is tested.

    Where both sides are the same recordings, ``part`` says which of their trials or windows are tested.
    """

    name: str
    train: tuple[Unit, ...]
    test: tuple[Unit, ...]
    part: Part | None = None


_IDENTITY: dict[str, Callable[[Unit], str]] = {
    "subject": lambda unit: unit.subject,
    "session": lambda unit: f"{unit.session} of subject {unit.subject}",
}


def check_disjoint(fold: Fold, level: Literal["subject", "session"]) -> None:
    """Refuse a fold whose sides share a subject (or session).

    Raises
    ------
    LeakageError
        If anything at the declared level stands on both sides.
    """
    identity = _IDENTITY[level]
    shared = {identity(unit) for unit in fold.train} & {identity(unit) for unit in fold.test}
    if shared:
        names = ", ".join(sorted(shared))
        raise LeakageError(
            f"Fold '{fold.name}' trains on what it tests: {level} {names} stands on both sides; give each side its own."
        )


def folds_by_subject(units: Sequence[Unit], groups: Sequence[Sequence[str]], names: Sequence[str]) -> tuple[Fold, ...]:
    """Make one fold a group of subjects: the group is tested, everyone else trains."""
    folds = []
    for name, group in zip(names, groups, strict=True):
        test = tuple(unit for unit in units if unit.subject in group)
        fold = Fold(name, tuple(unit for unit in units if unit.subject not in group), test)
        check_disjoint(fold, "subject")
        folds.append(fold)
    return tuple(folds)


def folds_by_part(units: Sequence[Unit], of: Literal["trial", "window"], k: int, seed: int) -> tuple[Fold, ...]:
    """Make k folds, each of which tests one part of every recording and trains on the rest."""
    both = tuple(units)
    return tuple(Fold(f"part-{i + 1}", both, both, Part(of=of, k=k, number=i, seed=seed)) for i in range(k))


def with_fewer_subjects(fold: Fold, n: int, seed: int) -> Fold:
    """Let n of a fold's training subjects train, drawn by fold and seed; those of a smaller n are among them.

    Raises
    ------
    ConfigError
        The fold has fewer training subjects.
    """
    subjects = sorted({unit.subject for unit in fold.train})
    if n > len(subjects):
        raise ConfigError(
            f"training_subjects is {n}, but fold '{fold.name}' has {len(subjects)} training subjects: ask for fewer."
        )
    order = generator(seed, "training subjects", fold.name).permutation(len(subjects))
    chosen = {subjects[place] for place in order[:n]}
    return replace(fold, train=tuple(unit for unit in fold.train if unit.subject in chosen))
