"""The folds of an experiment, trained, augmented and evaluated: each once a seed."""

from __future__ import annotations

from collections.abc import Sequence

from escgan.config import PipelineConfig
from escgan.evaluation.fidelity import FidelityConfig
from escgan.evaluation.robustness import RobustnessConfig
from flows.fan import Execution, Unit, all_or_raise, fan
from tasks.cases import Case
from tasks.editing import augment
from tasks.entries import AugmenterEntry, ScoreEntry
from tasks.measuring import fidelity, robustness
from tasks.scoring import evaluate
from tasks.studying import MeasuredEntry
from tasks.training import train


def train_cases(config: PipelineConfig, cases: Sequence[Case], execution: Execution) -> list[AugmenterEntry]:
    """Train every augmenter that learns, on each fold's training side."""
    wanted = {f"{case.name} {a.label}": (case, a) for a in config.generating if a.trains for case in cases}
    units = [
        Unit(
            name,
            (case.side, config.labels, config.normalization, augmenter.for_training(), case.seed),
        )
        for name, (case, augmenter) in wanted.items()
    ]
    refs = all_or_raise(fan(train, units, execution)) if units else {}
    return [AugmenterEntry(c.fold.name, c.seed, a.label, refs[name]) for name, (c, a) in wanted.items()]


def augment_cases(
    config: PipelineConfig, cases: Sequence[Case], gans: Sequence[AugmenterEntry], execution: Execution
) -> list[AugmenterEntry]:
    """Make windows with every augmenter that makes any, from each fold's training side."""
    trained = {(g.fold, g.seed, g.augmenter): g.artifact for g in gans}
    wanted = {f"{case.name} {a.label}": (case, a) for a in config.generating for case in cases}
    units = []
    for name, (case, a) in wanted.items():
        gan = trained.get((case.fold.name, case.seed, a.label))
        science = (case.side, gan, config.labels, config.normalization, a.for_generation(), config.balance, case.seed)
        units.append(Unit(name, science))
    refs = all_or_raise(fan(augment, units, execution)) if units else {}
    return [AugmenterEntry(c.fold.name, c.seed, a.label, refs[name]) for name, (c, a) in wanted.items()]


def evaluate_cases(
    config: PipelineConfig, cases: Sequence[Case], edits: Sequence[AugmenterEntry], execution: Execution
) -> list[ScoreEntry]:
    """Judge every augmenter with every classifier on what each fold leaves out."""
    made = {(e.fold, e.seed, e.augmenter): e.artifact for e in edits}
    units: list[Unit] = []
    entries: list[tuple[str, int, str, str]] = []
    for classifier in config.classifiers:
        for a in config.augmenters:
            for case in cases:
                name = f"{case.name} {a.label} {classifier.label}"
                edited = made.get((case.fold.name, case.seed, a.label))
                sides = (case.side, case.test, edited, a.reweights, a.moves_threshold)
                units.append(Unit(name, (*sides, config.labels, config.normalization, classifier.unnamed(), case.seed)))
                entries.append((case.fold.name, case.seed, a.label, classifier.label))
    refs = all_or_raise(fan(evaluate, units, execution))
    return [ScoreEntry(*entry, refs[unit.name]) for unit, entry in zip(units, entries, strict=True)]


def attack_cases(
    config: PipelineConfig,
    cases: Sequence[Case],
    edits: Sequence[AugmenterEntry],
    attacks: RobustnessConfig,
    execution: Execution,
) -> list[MeasuredEntry]:
    """Attack every network, trained with each augmenter's windows, on what each fold leaves out."""
    made = {(e.fold, e.seed, e.augmenter): e.artifact for e in edits}
    wanted = {
        f"{case.name} {a.label} {classifier.label}": (case, a, classifier)
        for classifier in config.classifiers
        for a in config.augmenters
        for case in cases
    }
    units = []
    for name, (case, a, classifier) in wanted.items():
        sides = (case.side, case.test, made.get((case.fold.name, case.seed, a.label)), a.reweights)
        units.append(
            Unit(name, (*sides, config.labels, config.normalization, classifier.unnamed(), attacks, case.seed))
        )
    refs = all_or_raise(fan(robustness, units, execution))
    return [
        MeasuredEntry(case.fold.name, case.seed, a.label, classifier.label, refs[name])
        for name, (case, a, classifier) in wanted.items()
    ]


def compare_edits(
    config: PipelineConfig,
    cases: Sequence[Case],
    edits: Sequence[AugmenterEntry],
    comparison: FidelityConfig,
    execution: Execution,
) -> list[MeasuredEntry]:
    """Compare each fold's edits with the training windows they were made of."""
    by_case = {(case.fold.name, case.seed): case for case in cases}
    units = []
    for e in edits:
        case = by_case[e.fold, e.seed]
        science = (case.side, e.artifact, config.labels, config.normalization, comparison, case.seed)
        units.append(Unit(f"{case.name} {e.augmenter}", science))
    refs = all_or_raise(fan(fidelity, units, execution))
    return [
        MeasuredEntry(e.fold, e.seed, e.augmenter, None, refs[unit.name]) for e, unit in zip(edits, units, strict=True)
    ]
