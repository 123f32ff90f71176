"""Classifiers: one file each, one line each here."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from escgan.classifiers.base import Classifier, Model, TrainingData
from escgan.classifiers.cnn import CnnClassifier
from escgan.classifiers.dann import DannClassifier
from escgan.classifiers.dgcnn import DgcnnClassifier
from escgan.classifiers.lda import LdaClassifier
from escgan.classifiers.logistic import LogisticClassifier
from escgan.classifiers.mlp import MlpClassifier
from escgan.classifiers.rgnn import RgnnClassifier
from escgan.classifiers.svm import SvmClassifier
from escgan.classifiers.transformer import TransformerClassifier
from escgan.classifiers.tuned import TunedClassifier

CLASSIFIERS: dict[str, type[Classifier]] = {
    "logistic": LogisticClassifier,
    "lda": LdaClassifier,
    "svm": SvmClassifier,
    "mlp": MlpClassifier,
    "cnn": CnnClassifier,
    "dgcnn": DgcnnClassifier,
    "rgnn": RgnnClassifier,
    "transformer": TransformerClassifier,
    "dann": DannClassifier,
    "tuned": TunedClassifier,
}

UntunedClassifier = Annotated[
    LogisticClassifier
    | LdaClassifier
    | SvmClassifier
    | MlpClassifier
    | CnnClassifier
    | DgcnnClassifier
    | RgnnClassifier
    | TransformerClassifier
    | DannClassifier,
    Field(discriminator="kind"),
]

# It holds any of the others, which are known only now.
TunedClassifier.model_rebuild(_types_namespace={"UntunedClassifier": UntunedClassifier})

ClassifierConfig = Annotated[UntunedClassifier | TunedClassifier, Field(discriminator="kind")]

__all__ = ["CLASSIFIERS", "Classifier", "ClassifierConfig", "Model", "TrainingData", "UntunedClassifier"]
