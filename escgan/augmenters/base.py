"""The contract of every augmenter: ``fit(train) -> state`` and ``generate(state, train, balance) -> Edited``.

Both are handed training windows only. There is no argument through which test data could come.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from escgan.errors import ConfigError, EscganError
from escgan.montage import GRID_SHAPE, ScalpGrid, scalp_grid
from escgan.settings import Named, Settings
from escgan.windows import WindowSet

EDIT_COLUMNS = {
    "reference_subject": "str",
    "reference_session": "str",
    "reference_trial": "Int64",
    "reference_window": "Int64",
    "source_label": "int64",
    "target_label": "int64",
    "realness": "Float64",
    "class_probability": "Float64",
    "accepted": "bool",
}


class Balance(Settings):
    """How many windows each class should have after augmentation."""

    ratio: float = Field(default=1.0, gt=0, le=1)
    """Classes with fewer windows than this share of the largest class are filled up to it."""

    def wanted(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many windows each class lacks, ``(n_classes,)``.

        Raises
        ------
        ConfigError
            If no class has any.

        Examples
        --------
        >>> Balance().wanted(np.array([90, 30]))
        array([ 0, 60])
        """
        if not counts.any():
            raise ConfigError("There is no training window to make others of: add recordings or choose other labels.")
        # Rounded first: 0.55 * 100 is a little above 55, and a class that has its share lacks nothing.
        goal = int(np.ceil(round(self.ratio * int(counts.max()), 6)))
        return np.maximum(goal - counts, 0)


@dataclass(frozen=True)
class Edited:
    """Windows that an augmenter made, and how each came about.

    Attributes
    ----------
    de
        ``(n, n_channels, n_bands)`` float32, in the units of the training windows.
    grid
        ``(n, n_bands, 9, 9)`` float32, the same on the scalp grid; all zeros where the montage has none.
    labels
        ``(n,)`` int64.
    edits
        One row a *candidate* (see ``EDIT_COLUMNS``); the accepted ones stand in the order of ``de``.
    wanted
        ``(n_classes,)`` how many each class lacked.
    """

    de: NDArray[np.float32]
    grid: NDArray[np.float32]
    labels: NDArray[np.int64]
    edits: pd.DataFrame
    wanted: NDArray[np.int64]


OnTerms = Callable[[Mapping[str, float]], None]
"""Told each row of a training's history, in order and from its first step on: ``step``, and every named loss term.
Where training resumed from a checkpoint, the rows before it are told again, so that a listener needs no memory."""


@dataclass(frozen=True)
class FoldToFit:
    """A fold's training windows, where its training keeps checkpoints, and whom it tells how far it is and what of."""

    train: WindowSet
    workspace: Path | None = None
    on_step: Callable[[int, int], None] | None = None
    on_terms: OnTerms | None = None


class Augmenter(Named, ABC):
    """Base of every augmenter's settings.

    Subclasses set ``trains`` where ``fit`` learns something worth storing, ``packs`` where it learns from several
    folds as one program, ``generates`` where ``generate`` makes windows, and ``reweights`` where the classifier
    should weigh classes equally instead.
    """

    kind: str
    title: ClassVar[str] = ""
    """What a classifier is trained on with it."""
    citation: ClassVar[str] = ""
    """Publication to cite."""
    trains: ClassVar[bool] = False
    packs: ClassVar[bool] = False
    generates: ClassVar[bool] = False
    reweights: ClassVar[bool] = False
    moves_threshold: bool = Field(default=False, exclude_if=lambda moves: not moves)
    """Whether the classifier then decides where balanced accuracy was best on validation subjects of the training
    side, instead of for the most probable class (:mod:`escgan.evaluation.threshold`). What ranks windows well, such as
    a support vector machine trained with noisy windows, may yet decide badly."""

    def fit(
        self,
        train: WindowSet,
        seed: int,
        *,
        device: str = "cpu",
        workspace: Path | None = None,
        on_step: Callable[[int, int], None] | None = None,
        on_terms: OnTerms | None = None,
    ) -> Any:
        """Learn from training windows; the default has nothing to learn."""
        return None

    def fit_together(self, folds: Sequence[FoldToFit], seed: int, *, device: str = "cpu") -> list[Any | EscganError]:
        """Learn from several folds, none of which sees another's windows.

        Returns each fold's state, equal to what :meth:`fit` returns but for rounding, or the error that ended it.
        """
        raise TypeError(f"Augmenter '{self.kind}' learns from one fold at a time.")

    def for_training(self) -> Self:
        """Return these settings with those that training ignores at their defaults, for its cache key."""
        return self.for_generation()

    def for_generation(self) -> Self:
        """Return these settings without those of what comes after the windows are made, for their cache key."""
        default = type(self).model_fields["moves_threshold"].default
        return self.unnamed().model_copy(update={"moves_threshold": default})

    def save(self, state: Any, folder: Path) -> None:
        """Write a fitted state into a folder; only called for augmenters that train."""
        raise TypeError(f"Augmenter '{self.kind}' has no state to save.")

    def history(self, state: Any) -> list[dict[str, float]]:
        """Return one row a block of training steps, with every named loss term."""
        return []

    def load(self, folder: Path, train: WindowSet) -> Any:
        """Read what :meth:`save` wrote."""
        raise TypeError(f"Augmenter '{self.kind}' has no state to load.")


class GeneratingAugmenter(Augmenter, ABC):
    """An augmenter that makes windows."""

    generates: ClassVar[bool] = True

    @abstractmethod
    def generate(self, state: Any, train: WindowSet, balance: Balance, seed: int, *, device: str = "cpu") -> Edited:
        """Make windows for the classes that lack them.

        The same state, windows and seed give the same result. A class may get fewer windows than it lacks,
        never more.
        """


def grid_where_possible(channels: Sequence[str]) -> ScalpGrid | None:
    """Return the montage's scalp grid; None for electrodes that it has no places for, or that span no area."""
    try:
        return scalp_grid(channels)
    except ConfigError:
        return None


def on_grid(scalp: ScalpGrid | None, de: NDArray[np.float32]) -> NDArray[np.float32]:
    """Spread windows ``(n, n_channels, n_bands)`` over the scalp grid; zeros where there is none.

    Nothing that needs the grid reads those zeros: it would have refused the montage's real windows before.
    """
    return np.zeros((len(de), de.shape[2], *GRID_SHAPE), np.float32) if scalp is None else scalp.to_grid(de)


def edit_table(
    train: WindowSet,
    rows: NDArray[np.int64],
    target: NDArray[np.int64] | int,
    realness: NDArray[np.floating] | None = None,
    probability: NDArray[np.floating] | None = None,
    accepted: NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """Describe candidates made of the reference windows ``rows``; accepted all, where nothing judged them."""
    references = train.table.iloc[rows]

    def known(values: NDArray[np.floating] | None) -> pd.api.extensions.ExtensionArray:
        return pd.array([None] * len(rows) if values is None else values.astype(np.float64), "Float64")

    table = pd.DataFrame(
        {
            "reference_subject": references["subject"].to_numpy(),
            "reference_session": references["session"].to_numpy(),
            "reference_trial": references["trial"].to_numpy(),
            "reference_window": references["window"].to_numpy(),
            "source_label": train.labels[rows],
            "target_label": target,
            "realness": known(realness),
            "class_probability": known(probability),
            "accepted": np.ones(len(rows), bool) if accepted is None else accepted,
        }
    )
    return table.astype(EDIT_COLUMNS)


def reference_rows(train: WindowSet, edits: pd.DataFrame) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Find the windows that edits were made of.

    Parameters
    ----------
    train
        Windows, the references among them.
    edits
        Rows as :func:`edit_table` describes them.

    Returns
    -------
    known
        ``(n_edits,)`` which of them were made of one window.
    rows
        ``(n_known,)`` which window of ``train`` that is.
    """
    known = edits["reference_window"].notna().to_numpy()
    if not known.any():
        return known, np.zeros(0, np.int64)
    identity = ["subject", "session", "trial", "window"]
    rows = pd.Series(np.arange(len(train)), index=pd.MultiIndex.from_frame(train.table[identity]))
    named = edits.loc[known, [f"reference_{part}" for part in identity]]
    named = named.astype({"reference_trial": int, "reference_window": int})
    return known, rows.loc[pd.MultiIndex.from_frame(named)].to_numpy()


def edited_from_references(
    train: WindowSet,
    de: NDArray[np.float32],
    rows: NDArray[np.int64],
    labels: NDArray[np.int64],
    wanted: NDArray[np.int64],
) -> Edited:
    """Build the result of an augmenter that makes each window, ``(n, n_channels, n_bands)``, of one reference."""
    grid = on_grid(grid_where_possible(train.channels), de)
    return Edited(de, grid, labels, edit_table(train, rows, labels), wanted)


def edited_from_channels(
    de: NDArray[np.float32],
    labels: NDArray[np.int64],
    scalp: ScalpGrid | None,
    wanted: NDArray[np.int64],
    source_labels: NDArray[np.int64],
) -> Edited:
    """Build the result of an augmenter that works on channels and has no single reference window."""
    n = len(labels)
    edits = pd.DataFrame({name: pd.Series([None] * n, dtype="object") for name in EDIT_COLUMNS})
    edits["source_label"], edits["target_label"], edits["accepted"] = source_labels, labels, True
    return Edited(de, on_grid(scalp, de), labels, edits.astype(EDIT_COLUMNS), wanted)
