"""Linear discriminant analysis with a shrunk covariance: strong where windows are few and features correlate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from escgan.classifiers.base import Classifier, Model, TrainingData, spread_classes
from escgan.errors import ConfigError
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
        """Fit; deterministic, so the seed plays no part.

        Raises
        ------
        ConfigError
            If every class has one window only, which tells nothing of how windows scatter.
        """
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        present, counts = np.unique(data.labels, return_counts=True)
        if counts.max() == 1:
            raise ConfigError(
                "Linear discriminant analysis needs a class of two windows to see how windows scatter, and the "
                f"{len(counts)} classes of the training side have one each: add recordings or take another classifier."
            )
        priors = np.full(len(present), 1 / len(present)) if data.reweight else counts / counts.sum()
        scaler = StandardScaler().fit(data.flat.astype(np.float64))
        x, y = scaler.transform(data.flat.astype(np.float64)), data.labels
        # A lone window scatters by nothing. Twice the same says so as well, and scikit-learn does not warn of it.
        lone = np.flatnonzero(np.isin(y, present[counts == 1]))
        analysis = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=self.shrinkage, priors=priors)
        analysis.fit(np.concatenate([x, x[lone]]), np.concatenate([y, y[lone]]))
        return _Fitted(make_pipeline(scaler, analysis), data.n_classes)


@dataclass(frozen=True)
class _Fitted:
    model: Any
    n_classes: int

    def predict_proba(self, windows: WindowSet) -> NDArray[np.float64]:
        probability = self.model.predict_proba(windows.flat().astype(np.float64))
        return spread_classes(probability, self.model.classes_, self.n_classes)
