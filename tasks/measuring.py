"""Stages ``robustness`` and ``fidelity``: what a fold shows beyond its scores."""

from __future__ import annotations

from escgan.classifiers import ClassifierConfig
from escgan.evaluation.fidelity import FidelityConfig, measure_fidelity
from escgan.evaluation.robustness import RobustnessConfig, measure_robustness
from escgan.labels import LabelConfig
from escgan.normalization import Normalization, normalize_train
from storage.manifest import ArtifactRef
from storage.tables import write_table
from tasks.editing import read_edited
from tasks.scoring import gather_fold
from tasks.sides import TrainingSide
from tasks.stage import StageRun, stage
from tasks.windows import load_training_windows

MEASURED = "measured.parquet"


@stage("robustness", version=2, on_device=True)
def robustness(
    side: TrainingSide,
    test_features: tuple[ArtifactRef, ...],
    edited: ArtifactRef | None,
    reweight: bool,
    labels: LabelConfig,
    normalization: Normalization,
    classifier: ClassifierConfig,
    attacks: RobustnessConfig,
    seed: int,
    *,
    run: StageRun,
) -> None:
    """Fit a network as the stage ``evaluate`` does, and attack it on the windows that it is tested on."""
    with run.part("gather windows"):
        data, test = gather_fold(run, side, test_features, edited, reweight, labels, normalization)
    with run.part("fit"):
        model = classifier.fit(data, seed, device=run.device)
    with run.part("attack"):
        table = measure_robustness(model, test, attacks)
    write_table(run.draft.file(MEASURED), table)


@stage("fidelity", version=2, on_device=True)
def fidelity(
    side: TrainingSide,
    edited: ArtifactRef,
    labels: LabelConfig,
    normalization: Normalization,
    comparison: FidelityConfig,
    seed: int,
    *,
    run: StageRun,
) -> None:
    """Compare a fold's edits with the training windows they were made of."""
    with run.part("gather windows"):
        train = normalize_train(load_training_windows(run.store, side, labels), normalization)
        made = read_edited(run.store.open(edited))
    with run.part("compare"):
        table = measure_fidelity(train, made, comparison, seed, device=run.device)
    write_table(run.draft.file(MEASURED), table)
