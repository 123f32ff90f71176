"""Settings that are chosen inside the training side: nested cross-validation, as a classifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, JsonValue, ValidationError, field_validator, model_validator

from escgan.classifiers.base import Classifier, Model, TrainingData
from escgan.classifiers.logistic import LogisticClassifier
from escgan.errors import ConfigError, DivergedError
from escgan.evaluation.scores import METRICS
from escgan.evaluation.validation import deal_validation
from escgan.settings import with_kind
from escgan.windows import WindowSet

if TYPE_CHECKING:
    from escgan.augmenters.base import Edited
    from escgan.classifiers import UntunedClassifier

_IDENTITY = ["subject", "session", "trial", "window"]


class TunedClassifier(Classifier):
    """Another classifier with the settings of a grid that are best on unseen people of the training side.

    The training windows are dealt into folds by subject (by trial where there is one subject). Every combination of the
    grid is fitted on all folds but one and judged on the real windows of that one; the combination with the best mean,
    the first of equals, is fitted on everything. An edited window takes no part in fitting where its reference is among
    the windows that judge. One without a single reference, as SMOTE makes them, is always kept: it may carry something
    of those who judge, so that with such windows the choice, and nothing else, leans to what fits them closely.
    """

    title: ClassVar[str] = "settings chosen on validation subjects of the training side"
    kind: Literal["tuned"] = "tuned"
    classifier: UntunedClassifier = LogisticClassifier()
    """Whose settings are chosen, with what the grid does not name; any classifier but this one."""
    grid: Mapping[str, tuple[JsonValue, ...]] = Field(default={"C": (0.01, 0.1, 1.0, 10.0)}, min_length=1)
    """Names of its settings, each with the values to try; all combinations are tried."""
    folds: int = Field(default=3, ge=2)
    """Parts that the training subjects are dealt into."""
    metric: Literal["balanced_accuracy", "auroc"] = "balanced_accuracy"
    """What the best combination is best at."""

    @field_validator("classifier", mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        return with_kind(value)

    @model_validator(mode="after")
    def _grid_fits_the_classifier(self) -> TunedClassifier:
        kind = self.classifier.kind
        known = [name for name in type(self.classifier).model_fields if name not in ("kind", "name")]
        for name, values in self.grid.items():
            if name not in known:
                raise ValueError(
                    f"grid names '{name}', which is no setting of classifier '{kind}': name one of {', '.join(known)}."
                )
            if not values:
                raise ValueError(f"grid lists no value for '{name}': give at least one.")
        for chosen in self.combinations:
            try:
                self._with(chosen)
            except ValidationError as error:
                said = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
                tried = ", ".join(f"{name}: {value}" for name, value in chosen.items())
                raise ValueError(f"grid holds {{{tried}}}, which classifier '{kind}' refuses: {said}") from error
        return self

    @property
    def combinations(self) -> list[dict[str, JsonValue]]:
        """All combinations of the grid's values, the last name's values changing fastest."""
        return [dict(zip(self.grid, values, strict=True)) for values in product(*self.grid.values())]

    def fit(self, data: TrainingData, seed: int, *, device: str = "cpu") -> TunedModel:
        """Choose and fit.

        Raises
        ------
        ConfigError
            The training windows cannot validate: no part of them shows two classes beside what is left to fit on.
        DivergedError
            Every combination's training diverges; where only some do, those are not chosen.
        """
        combinations = self.combinations
        splits = self._splits(data, seed)
        scores = np.array([self._validate(self._with(chosen), splits, seed, device) for chosen in combinations])
        chosen = combinations[int(scores.argmax())]
        if scores.max() == -np.inf:
            raise DivergedError(
                f"Training of classifier '{self.classifier.kind}' diverges with every combination of the grid: "
                "add lower learning rates to it."
            )
        return TunedModel(self._with(chosen).fit(data, seed, device=device), chosen, scores)

    def _with(self, chosen: Mapping[str, JsonValue]) -> Classifier:
        return type(self.classifier).model_validate({**self.classifier.model_dump(), **chosen})

    def _validate(
        self, classifier: Classifier, splits: list[tuple[TrainingData, WindowSet]], seed: int, device: str
    ) -> float:
        """Return a combination's mean score over the folds; -inf if it diverges in one of them."""
        scores = []
        for inner, held in splits:
            try:
                probability = classifier.fit(inner, seed, device=device).predict_proba(held)
            except DivergedError:
                return -np.inf
            scores.append(METRICS[self.metric](held.labels, probability.argmax(axis=1), probability))
        known = [score for score in scores if not np.isnan(score)]
        if not known:
            remedy = "add recordings, or take another classifier"
            if self.metric != "balanced_accuracy":
                remedy = "choose balanced_accuracy or fewer folds, or add recordings"
            raise ConfigError(
                f"Classifier 'tuned' cannot measure {self.metric} inside the training side, where no fold shows two "
                f"classes and leaves two to fit on: {remedy}."
            )
        return float(np.mean(known))

    def _splits(self, data: TrainingData, seed: int) -> list[tuple[TrainingData, WindowSet]]:
        """Return what is fitted on and what judges, for each fold that leaves two classes to fit on."""
        part = deal_validation(data.train, self.folds, seed)
        splits = []
        for number in np.unique(part):
            held = data.train.take(np.flatnonzero(part == number))
            rest = data.train.take(np.flatnonzero(part != number))
            edited = None if data.edited is None else _without(data.edited, held, rest)
            present = rest.labels if edited is None else np.concatenate([rest.labels, edited.labels])
            if len(np.unique(present)) > 1:
                splits.append((TrainingData(rest, edited, data.reweight), held))
        return splits


@dataclass(frozen=True)
class TunedModel:
    """A model, and how its settings were chosen.

    Attributes
    ----------
    model
        Fitted on everything with the chosen settings.
    chosen
        The best combination of the grid.
    scores
        ``(n_combinations,)``, the mean validation score of each, in the order of ``TunedClassifier.combinations``.
    """

    model: Model
    chosen: dict[str, JsonValue]
    scores: NDArray[np.float64]

    def predict_proba(self, windows: WindowSet) -> NDArray[np.float64]:
        """Return ``(n_windows, n_classes)``, rows summing to 1."""
        return self.model.predict_proba(windows)


def _without(edited: Edited, held: WindowSet, rest: WindowSet) -> Edited:
    """Return the edited windows that were made of none of the held windows or subjects."""
    # Refused candidates are no windows.
    edits = edited.edits[edited.edits["accepted"]]
    away = np.setdiff1d(held.subjects.astype(str), rest.subjects.astype(str))
    references = edits[[f"reference_{name}" for name in _IDENTITY]].astype(object)
    theirs = pd.MultiIndex.from_frame(references).isin(pd.MultiIndex.from_frame(held.table[_IDENTITY].astype(object)))
    kept = ~(theirs | edits["reference_subject"].isin(away).to_numpy(dtype=bool))
    return replace(edited, de=edited.de[kept], grid=edited.grid[kept], labels=edited.labels[kept], edits=edits[kept])
