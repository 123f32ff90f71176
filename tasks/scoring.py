"""Stage ``evaluate``: train a classifier on one fold's training side, predict its unseen subjects."""

from __future__ import annotations

from escgan.classifiers import ClassifierConfig, TrainingData
from escgan.evaluation.scores import prediction_table, score_table
from escgan.labels import LabelConfig
from escgan.normalization import Normalization, normalize_test, normalize_train
from storage.manifest import ArtifactRef
from storage.tables import write_table
from tasks.editing import read_edited
from tasks.stage import StageRun, stage
from tasks.windows import load_windows


@stage("evaluate", version=2, on_device=True)
def evaluate(
    train_features: tuple[ArtifactRef, ...],
    test_features: tuple[ArtifactRef, ...],
    edited: ArtifactRef | None,
    reweight: bool,
    labels: LabelConfig,
    normalization: Normalization,
    classifier: ClassifierConfig,
    seed: int,
    *,
    run: StageRun,
) -> None:
    """Fit on real and edited training windows, predict every test window, score."""
    with run.part("gather windows"):
        train = load_windows(run.store, train_features, labels)
        test = load_windows(run.store, test_features, labels, train_features)
        extra = read_edited(run.store.open(edited)) if edited else None
        data = TrainingData(normalize_train(train, normalization), extra, reweight)
    with run.part("fit"):
        model = classifier.fit(data, seed, device=run.device)
    with run.part("predict"):
        probability = model.predict_proba(normalize_test(train, test, normalization))
    with run.part("score and write"):
        predictions = prediction_table(test.table, test.labels, probability, test.classes)
        write_table(run.draft.file("predictions.parquet"), predictions)
        write_table(run.draft.file("scores.parquet"), score_table(predictions, test.classes))
