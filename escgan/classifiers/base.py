"""The contract of every classifier: ``fit(training data) -> model``, and a model gives class probabilities."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from escgan.augmenters.base import Edited
from escgan.errors import ConfigError, EscganError
from escgan.montage import scalp_grid
from escgan.settings import Named
from escgan.windows import WindowSet

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class TrainingData:
    """Real training windows, followed by edited ones where an augmenter made them.

    ``reweight`` asks the classifier to let every class weigh the same. Windows of one class alone are refused
    with ConfigError: there is nothing to tell apart.
    """

    train: WindowSet
    edited: Edited | None = None
    reweight: bool = False

    def __post_init__(self) -> None:
        present = np.unique(self.labels)
        if len(present) < 2:
            found = f"only class '{self.train.classes[int(present[0])]}'" if len(present) else "no window"
            raise ConfigError(
                f"The training side holds {found}, and a classifier needs two classes: "
                "choose other labels or another protocol, or add recordings."
            )

    @cached_property
    def de(self) -> NDArray[np.float32]:
        """``(n, n_channels, n_bands)``."""
        return self.train.de if self.edited is None else np.concatenate([self.train.de, self.edited.de])

    @cached_property
    def flat(self) -> NDArray[np.float32]:
        """``(n, n_channels * n_bands)``."""
        return self.de.reshape(len(self.de), -1)

    @cached_property
    def grid(self) -> NDArray[np.float32]:
        """``(n, n_bands, 9, 9)``; edits keep the grid that the generator painted."""
        real = scalp_grid(self.train.channels).to_grid(self.train.de)
        return real if self.edited is None else np.concatenate([real, self.edited.grid])

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """``(n,)``."""
        own = self.train.labels
        return own if self.edited is None else np.concatenate([own, self.edited.labels])

    @cached_property
    def subjects(self) -> NDArray[np.object_]:
        """``(n,)`` names; an edited window's is that of its reference, and None where it has no single one."""
        own = self.train.subjects.astype(str).astype(object)
        if self.edited is None:
            return own
        of_edits = self.edited.edits.loc[self.edited.edits["accepted"], "reference_subject"]
        known = of_edits.notna().to_numpy(dtype=bool)
        references = np.full(len(of_edits), None, dtype=object)
        references[known] = of_edits[known].astype(str).to_numpy(dtype=object)
        return np.concatenate([own, references])

    @property
    def n_classes(self) -> int:
        """Classes of the label set, whether present in these windows or not."""
        return len(self.train.classes)

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """``(n,)``: 1, or ``n / (n_present_classes * n_of_its_class)`` when reweighting; the mean is 1."""
        if not self.reweight:
            return np.ones(len(self.labels))
        counts = np.bincount(self.labels, minlength=self.n_classes)
        return len(self.labels) / (np.count_nonzero(counts) * counts[self.labels])


class Model(Protocol):
    """A fitted classifier."""

    def predict_proba(self, windows: WindowSet) -> NDArray[np.float64]:
        """Return ``(n_windows, n_classes)``, rows summing to 1; the prediction is the largest."""


@runtime_checkable
class DifferentiableModel(Model, Protocol):
    """A fitted network: what it predicts can be followed back to its inputs.

    ``predict_proba(windows)`` is ``probability(inputs(windows))``.
    """

    @property
    def network(self) -> nn.Module:
        """In eval mode; inputs to scores of all classes, ``(B, n_classes)``."""

    @property
    def present(self) -> NDArray[np.int64]:
        """Classes that training held: the scores of the others count for nothing."""

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Which values of an input a window decides, of a shape that broadcasts to one input; the others are 0."""

    def inputs(self, windows: WindowSet) -> NDArray[np.float32]:
        """Return what the network is given, ``(n_windows, ...)``."""

    def probability(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return ``(n_windows, n_classes)``, rows summing to 1."""


class Classifier(Named, ABC):
    """Base of every classifier's settings."""

    kind: str
    title: ClassVar[str]
    packs: ClassVar[bool] = False
    """Whether :meth:`fit_together` is there."""
    differentiable: ClassVar[bool] = False
    """Whether what it fits is a :class:`DifferentiableModel`."""

    @abstractmethod
    def fit(self, data: TrainingData, seed: int, *, device: str = "cpu") -> Model:
        """Train on a fold's training windows; the same data and seed give the same model."""

    def fit_together(
        self, data: Sequence[TrainingData], seed: int, *, device: str = "cpu"
    ) -> list[Model | EscganError]:
        """Train on several folds as one program.

        Returns each fold's model, equal to what :meth:`fit` returns but for rounding, or the error that ended it.
        """
        raise TypeError(f"Classifier '{self.kind}' trains on one fold at a time.")


def spread_classes(
    probability: NDArray[np.floating], present: NDArray[np.int64], n_classes: int
) -> NDArray[np.float64]:
    """Put the columns of the classes seen in training where they belong; the others get probability 0."""
    full = np.zeros((len(probability), n_classes))
    full[:, present] = probability
    return full
