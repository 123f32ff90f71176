"""Linear discriminant analysis with a shrunk covariance: strong where windows are few and features correlate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from escgan.classifiers.base import Classifier, Model, TrainingData, spread_classes
from escgan.windows import WindowSet


class LdaClassifier(Classifier):
    """scikit-learn's linear discriminant analysis after standardisation by the training windows.

    Classes that should weigh the same get equal priors.
    """

    title: ClassVar[str] = "linear discriminant analysis"
    kind: Literal["lda"] = "lda"
    shrinkage: Literal["auto"] | Annotated[float, Field(ge=0, le=1)] = "auto"
    """Shrinkage of the covariance towards a multiple of the identity, from 0 to 1; ``auto`` is Ledoit and Wolf's."""

    def fit(self, data: TrainingData, seed: int, *, device: str = "cpu") -> Model:
        """Fit; deterministic, so the seed plays no part."""
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        n_present = len(np.unique(data.labels))
        priors = np.full(n_present, 1 / n_present) if data.reweight else None
        analysis = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=self.shrinkage, priors=priors)
        model = make_pipeline(StandardScaler(), analysis).fit(data.flat.astype(np.float64), data.labels)
        return _Fitted(model, data.n_classes)


@dataclass(frozen=True)
class _Fitted:
    model: Any
    n_classes: int

    def predict_proba(self, windows: WindowSet) -> NDArray[np.float64]:
        probability = self.model.predict_proba(windows.flat().astype(np.float64))
        return spread_classes(probability, self.model.classes_, self.n_classes)
