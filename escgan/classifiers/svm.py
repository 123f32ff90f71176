"""A support vector machine with an RBF or linear kernel on standardised DE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from escgan.classifiers.base import Classifier, Model, TrainingData, spread_classes
from escgan.windows import WindowSet


class SvmClassifier(Classifier):
    """scikit-learn's SVC.

    The probabilities are a logistic function of its margins: they rank and decide exactly as the machine does,
    and are not calibrated. Calibrating on imbalanced windows would undo the class weights.
    """

    title: ClassVar[str] = "support vector machine"
    kind: Literal["svm"] = "svm"
    kernel: Literal["rbf", "linear"] = "rbf"
    """Kernel; the RBF's width is scikit-learn's ``scale``."""
    C: float = Field(default=1.0, gt=0)
    """Inverse strength of the penalty."""

    def fit(self, data: TrainingData, seed: int, *, device: str = "cpu") -> Model:
        """Fit; deterministic, so the seed plays no part."""
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import SVC

        model = make_pipeline(StandardScaler(), SVC(C=self.C, kernel=self.kernel, decision_function_shape="ovr"))
        model.fit(data.flat.astype(np.float64), data.labels, svc__sample_weight=data.weights)
        return _Fitted(model, data.n_classes)


@dataclass(frozen=True)
class _Fitted:
    model: Any
    n_classes: int

    def predict_proba(self, windows: WindowSet) -> NDArray[np.float64]:
        from scipy.special import expit, softmax

        margin = self.model.decision_function(windows.flat().astype(np.float64))
        if margin.ndim == 1:
            upper = expit(margin)
            probability = np.column_stack([1 - upper, upper])
        else:
            probability = softmax(margin, axis=1)
        return spread_classes(probability, self.model.classes_, self.n_classes)
