"""Stage ``evaluate``: train a classifier on one fold's training side, predict what it leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from escgan.classifiers import ClassifierConfig, Model, TrainingData
from escgan.device import compute_what_fits
from escgan.errors import EscganError
from escgan.evaluation.parts import check_apart
from escgan.evaluation.scores import prediction_table, score_table
from escgan.evaluation.threshold import fit_with_moved_threshold
from escgan.labels import LabelConfig
from escgan.normalization import Normalization, normalize_test, normalize_train
from escgan.windows import WindowSet
from storage.manifest import ArtifactRef
from storage.tables import write_table
from tasks.editing import read_edited
from tasks.packs import common_digest, shared_part
from tasks.sides import TrainingSide
from tasks.stage import Science, StageRun, Together, UnitRun, Write, stage
from tasks.windows import load_test_windows, load_training_windows


def _alike(science: Science) -> str | None:
    *_, moves_threshold, labels, normalization, classifier, seed = science
    if moves_threshold:
        # Its validation fits several classifiers of its own.
        return None
    return common_digest(labels, normalization, classifier, seed) if classifier.packs else None


def _evaluate_together(sciences: Sequence[Science], runs: Sequence[UnitRun]) -> list[Write | EscganError]:
    *_, classifier, seed = sciences[0]
    results: list[Write | EscganError | None] = [None] * len(sciences)
    gathered: dict[int, tuple[TrainingData, WindowSet]] = {}
    for place, (science, run) in enumerate(zip(sciences, runs, strict=True)):
        try:
            with run.part("gather windows"):
                side, test_features, edited, reweight, _, labels, normalization, _, _ = science
                gathered[place] = gather_fold(run, side, test_features, edited, reweight, labels, normalization)
        except EscganError as error:
            results[place] = error
    if gathered:
        with shared_part([runs[place] for place in gathered], "fit"):
            fit = partial(classifier.fit_together, seed=seed, device=runs[0].device)
            models = compute_what_fits(fit, [data for data, _ in gathered.values()])
        for (place, (_, test)), model in zip(gathered.items(), models, strict=True):
            results[place] = model if isinstance(model, EscganError) else partial(_predict, model, test)
    return [result for result in results if result is not None]


@stage("evaluate", version=5, on_device=True, together=Together(_alike, _evaluate_together))
def evaluate(
    side: TrainingSide,
    test_features: tuple[ArtifactRef, ...],
    edited: ArtifactRef | None,
    reweight: bool,
    moves_threshold: bool,
    labels: LabelConfig,
    normalization: Normalization,
    classifier: ClassifierConfig,
    seed: int,
    *,
    run: StageRun,
) -> None:
    """Fit on real and edited training windows, predict every test window, score."""
    with run.part("gather windows"):
        data, test = gather_fold(run, side, test_features, edited, reweight, labels, normalization)
    with run.part("fit"):
        fit = partial(fit_with_moved_threshold, classifier) if moves_threshold else classifier.fit
        model = fit(data, seed, device=run.device)
    _predict(model, test, run)


def gather_fold(
    run: UnitRun,
    side: TrainingSide,
    test_features: tuple[ArtifactRef, ...],
    edited: ArtifactRef | None,
    reweight: bool,
    labels: LabelConfig,
    normalization: Normalization,
) -> tuple[TrainingData, WindowSet]:
    """Return what a classifier is trained on, and the windows that it is tested on, normalised."""
    train = load_training_windows(run.store, side, labels)
    test = load_test_windows(run.store, test_features, side, labels)
    if side.part is not None:
        check_apart(train.table, test.table, side.part)
    extra = read_edited(run.store.open(edited)) if edited else None
    data = TrainingData(normalize_train(train, normalization), extra, reweight)
    return data, normalize_test(train, test, normalization)


def _predict(model: Model, test: WindowSet, run: StageRun) -> None:
    with run.part("predict"):
        probability = model.predict_proba(test)
    with run.part("score and write"):
        predictions = prediction_table(test.table, test.labels, probability, test.classes)
        write_table(run.draft.file("predictions.parquet"), predictions)
        write_table(run.draft.file("scores.parquet"), score_table(predictions, test.classes))
