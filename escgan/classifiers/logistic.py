"""Logistic regression on standardised DE: the reference that every deeper model has to justify itself against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from escgan.classifiers.base import Classifier, Model, TrainingData, spread_classes
from escgan.windows import WindowSet


class LogisticClassifier(Classifier):
    """scikit-learn's logistic regression after standardisation by the training windows."""

    title: ClassVar[str] = "logistic regression"
    kind: Literal["logistic"] = "logistic"
    C: float = Field(default=1.0, gt=0)
    """Inverse strength of the L2 penalty."""

    def fit(self, data: TrainingData, seed: int, *, device: str = "cpu") -> Model:
        """Fit; deterministic, so the seed plays no part."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        # float64: L-BFGS on float32 stops early, at a place that depends on the order of summation.
        model = make_pipeline(StandardScaler(), LogisticRegression(C=self.C, max_iter=5000))
        model.fit(data.flat.astype(np.float64), data.labels, logisticregression__sample_weight=data.weights)
        return _Fitted(model, data.n_classes)


@dataclass(frozen=True)
class _Fitted:
    model: Any
    n_classes: int

    def predict_proba(self, windows: WindowSet) -> NDArray[np.float64]:
        probability = self.model.predict_proba(windows.flat().astype(np.float64))
        return spread_classes(probability, self.model.classes_, self.n_classes)
