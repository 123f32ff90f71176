"""Classifiers: one file each, one line each here."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from escgan.settings import any_of

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

if TYPE_CHECKING:
    UntunedClassifier = Classifier
    ClassifierConfig = Classifier
else:
    UntunedClassifier = any_of({kind: own for kind, own in CLASSIFIERS.items() if own is not TunedClassifier})
    # It holds any of the others, which are known only now.
    TunedClassifier.model_rebuild(_types_namespace={"UntunedClassifier": UntunedClassifier})
    ClassifierConfig = any_of(CLASSIFIERS)

__all__ = ["CLASSIFIERS", "Classifier", "ClassifierConfig", "Model", "TrainingData", "UntunedClassifier"]
