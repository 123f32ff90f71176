"""Classifiers: one file each, one line each here."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from escgan.classifiers.base import Classifier, Model, TrainingData
from escgan.classifiers.cnn import CnnClassifier
from escgan.classifiers.dgcnn import DgcnnClassifier
from escgan.classifiers.lda import LdaClassifier
from escgan.classifiers.logistic import LogisticClassifier
from escgan.classifiers.mlp import MlpClassifier
from escgan.classifiers.svm import SvmClassifier

CLASSIFIERS: dict[str, type[Classifier]] = {
    "logistic": LogisticClassifier,
    "lda": LdaClassifier,
    "svm": SvmClassifier,
    "mlp": MlpClassifier,
    "cnn": CnnClassifier,
    "dgcnn": DgcnnClassifier,
}

ClassifierConfig = Annotated[
    LogisticClassifier | LdaClassifier | SvmClassifier | MlpClassifier | CnnClassifier | DgcnnClassifier,
    Field(discriminator="kind"),
]

__all__ = ["CLASSIFIERS", "Classifier", "ClassifierConfig", "Model", "TrainingData"]
