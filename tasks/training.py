"""Stage ``train``: a fold's training windows to a trained augmenter."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import pandas as pd

from escgan.augmenters import Augmenter, AugmenterConfig, FoldToFit
from escgan.cards.facts import TrainingFacts
from escgan.device import compute_what_fits
from escgan.errors import EscganError
from escgan.labels import LabelConfig
from escgan.normalization import Normalization
from storage.tables import write_table
from tasks.cards import training_facts, write_cards
from tasks.packs import common_digest, shared_part
from tasks.sides import TrainingSide
from tasks.stage import Science, StageRun, Together, UnitRun, Write, stage
from tasks.term_log import logged_terms
from tasks.training_windows import training_windows


def _alike(science: Science) -> str | None:
    _, labels, normalization, augmenter, seed = science
    return common_digest(labels, normalization, augmenter, seed) if augmenter.packs else None


def _train_together(sciences: Sequence[Science], runs: Sequence[UnitRun]) -> list[Write | EscganError]:
    with ExitStack() as logs:
        return _fit_together(sciences, runs, logs)


def _fit_together(sciences: Sequence[Science], runs: Sequence[UnitRun], logs: ExitStack) -> list[Write | EscganError]:
    *_, augmenter, seed = sciences[0]
    results: list[Write | EscganError | None] = [None] * len(sciences)
    folds, places = [], []
    facts: dict[int, TrainingFacts] = {}
    for place, (run, (side, labels, normalization, _, _)) in enumerate(zip(runs, sciences, strict=True)):
        try:
            with run.part("gather windows"):
                windows = training_windows(run, side, labels, normalization, side_by_side=len(runs))
        except EscganError as error:
            results[place] = error
            continue
        folds.append(FoldToFit(windows, run.workspace, run.progress, logs.enter_context(logged_terms(run))))
        places.append(place)
        facts[place] = training_facts(run.store, side, labels, normalization, windows)
    if folds:
        with shared_part([runs[place] for place in places], "fit"):
            fit = partial(augmenter.fit_together, seed=seed, device=runs[0].device)
            states = compute_what_fits(fit, folds)
        for place, state in zip(places, states, strict=True):
            results[place] = (
                state if isinstance(state, EscganError) else partial(_write, augmenter, seed, state, facts[place])
            )
    return [result for result in results if result is not None]


@stage("train", version=3, on_device=True, together=Together(_alike, _train_together))
def train(
    side: TrainingSide,
    labels: LabelConfig,
    normalization: Normalization,
    augmenter: AugmenterConfig,
    seed: int,
    *,
    run: StageRun,
) -> None:
    """Fit an augmenter on training windows; there is no argument through which test data could come."""
    with run.part("gather windows"):
        windows = training_windows(run, side, labels, normalization)
    with run.part("fit"), logged_terms(run) as on_terms:
        state = augmenter.fit(
            windows, seed, device=run.device, workspace=run.workspace, on_step=run.progress, on_terms=on_terms
        )
    _write(augmenter, seed, state, training_facts(run.store, side, labels, normalization, windows), run)


def _write(augmenter: Augmenter, seed: int, state: Any, facts: TrainingFacts, run: StageRun) -> None:
    with run.part("write"):
        history = augmenter.history(state)
        augmenter.save(state, run.draft.path)
        write_table(run.draft.file("history.parquet"), pd.DataFrame(history))
        write_cards(augmenter, seed, history, facts, run)
