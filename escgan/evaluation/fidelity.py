"""How good edits are: how like real windows, how varied, whether copied, and how far and where they were moved.

Everything is measured within the training side of a fold. Beside each class' edits stands a yardstick, which is what
real windows of other people score against the same real windows: edits can hardly be expected to do better.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator

from escgan.augmenters.base import Edited
from escgan.classifiers.cnn import CnnClassifier
from escgan.evaluation.evaluator import Evaluator, embed, judge, train_evaluator
from escgan.evaluation.likeness import frechet_distance, inception_score, kernel_distance, overlap
from escgan.evaluation.memorisation import RealWindows, count_copies
from escgan.montage import scalp_grid
from escgan.seeds import generator
from escgan.settings import Settings
from escgan.windows import WindowSet

FIDELITY_COLUMNS = {
    "target": "str",
    "compared": "str",
    "n": "int64",
    "n_compared": "int64",
    "kid": "float64",
    "frechet": "float64",
    "inception_score": "float64",
    "target_probability": "float64",
    "precision": "float64",
    "recall": "float64",
    "density": "float64",
    "coverage": "float64",
    "distance_ratio": "float64",
    "closer_than_any": "float64",
    "closer_than_5pct": "float64",
    "copies": "int64",
    "mean_shift": "float64",
    "class_gap": "float64",
    "shift_correlation": "float64",
}

_KEYS = ["subject", "session", "trial", "window"]


class FidelityConfig(Settings):
    """How edits are compared with real windows."""

    evaluator: CnnClassifier = CnnClassifier(hidden=16, epochs=20, batch_size=128, learning_rate=1e-3)
    """The network in whose features windows are compared, trained on half of the training subjects."""
    neighbours: int = Field(default=5, ge=1)
    """k of precision, recall, density and coverage; 5 in the paper of the latter two."""
    most_windows: int = Field(default=1000, ge=2)
    """Windows compared on each side, drawn where there are more."""
    fewest_windows: int = Field(default=20, ge=3)
    """With fewer windows on a side, what compares features is left out; at least 20 keep it from being mere noise."""

    @model_validator(mode="after")
    def _enough_for_neighbours(self) -> Self:
        if not self.neighbours < self.fewest_windows <= self.most_windows:
            raise ValueError(
                f"neighbours ({self.neighbours}), fewest_windows ({self.fewest_windows}) and most_windows "
                f"({self.most_windows}) must rise in this order: a window's neighbours are looked for among the others."
            )
        return self


def measure_fidelity(
    train: WindowSet,
    edited: Edited,
    config: FidelityConfig,
    seed: int,
    *,
    device: str = "cpu",
    evaluator: Evaluator | None = None,
) -> pd.DataFrame:
    """Compare edits with the training windows they were made of.

    Parameters
    ----------
    train
        Real windows, which the augmenter saw.
    evaluator
        From :func:`~escgan.evaluation.evaluator.train_evaluator` with the same windows, settings and seed: one serves
        all augmenters of a fold. It is trained here if there is none.

    Returns
    -------
    pandas.DataFrame
        Two rows for each class that has edits, ``compared`` edits and ``compared`` real; see ``FIDELITY_COLUMNS``.

        - ``n`` edits, or real windows of the class; ``n_compared`` are compared in the evaluator's features, as many
          on either side and in both rows where both have enough. The one side is real windows that the evaluator was
          trained on, the other edits, or real windows of the other subjects. Everything in features depends on
          ``n_compared``: hold augmenters that made different numbers each against its own real row.
        - ``kid`` and ``frechet``: distances, lower is better; windows that repeat real ones can bring ``kid`` below
          0. ``precision`` and ``density``: lying where real windows lie; ``recall`` and ``coverage``: lying wherever
          real windows lie. Higher is better.
        - ``target_probability``: the mean probability of the target class. ``inception_score``: of the edits (or real
          windows) together with the real windows of the other classes, every class counting the same.
        - ``distance_ratio``, ``closer_than_any``, ``closer_than_5pct``
          (:class:`~escgan.evaluation.memorisation.Memorised`) and ``copies``, the edits that are a training window
          value for value. In the real row, each subject's windows among those of the others.
        - ``mean_shift``: mean absolute change of a value from reference to edit; ``class_gap``: that from the mean of
          the references' classes to that of the target class; ``shift_correlation``: Pearson's correlation over
          channels and bands of the mean change with that difference of classes.

        NaN where there are too few windows (``fewest_windows``), one subject only, no reference window, or references
        of the target class itself.
    """
    chosen = np.unique(edited.labels)
    if not len(chosen):
        return pd.DataFrame(columns=list(FIDELITY_COLUMNS)).astype(FIDELITY_COLUMNS)
    evaluator = evaluator or train_evaluator(train, config.evaluator, seed, device=device)
    features = _InFeatures(train, evaluator, config, seed)
    rows = []
    for label in chosen.tolist():
        name, own = train.classes[label], edited.labels == label
        real = RealWindows(train, label, config.most_windows, seed)
        asked = np.sort(generator(seed, "edits", label).permutation(np.flatnonzero(own))[: config.most_windows])
        of_edits, of_real = features.compare(edited.grid[own], label)
        rows.append(
            {"target": name, "compared": "edits", "n": int(own.sum()), **of_edits}
            | asdict(real.compare(edited.de[asked]))
            | {"copies": count_copies(edited.de[own], train)}
            | _shift(train, edited, label)
        )
        rows.append(
            {"target": name, "compared": "real", "n": len(real), **of_real}
            | asdict(real.compare_subjects())
            | {"copies": real.count_shared()}
        )
    return pd.DataFrame(rows, columns=list(FIDELITY_COLUMNS)).astype(FIDELITY_COLUMNS)


class _InFeatures:
    """Windows in the evaluator's features, the real ones embedded once."""

    def __init__(self, train: WindowSet, evaluator: Evaluator, config: FidelityConfig, seed: int) -> None:
        self.train, self.evaluator, self.config, self.seed = train, evaluator, config, seed
        self.scalp = scalp_grid(train.channels)

    def compare(self, edits: NDArray[np.float32], label: int) -> tuple[dict[str, float], dict[str, float]]:
        """Compare edits, and real windows of the unseen half, with real windows of the seen half."""
        own = self.train.labels == label
        seen, unseen = np.flatnonzero(own & self.evaluator.seen), np.flatnonzero(own & ~self.evaluator.seen)
        fewest = self.config.fewest_windows
        sizes = [n for n in (len(edits), len(unseen)) if n >= fewest]
        n = min([self.config.most_windows, len(seen), *sizes])
        if not sizes or n < fewest:
            return {"n_compared": 0}, {"n_compared": 0}
        against = embed(self.evaluator, self._grid(self._draw(seen, n, "seen", label)))
        others = [self._judged_real(other) for other in range(len(self.train.classes)) if other != label]

        def compare(grid: NDArray[np.float32]) -> dict[str, float]:
            features, probability = embed(self.evaluator, grid), judge(self.evaluator, grid)
            judged = [probability, *(other for other in others if len(other))]
            weights = np.concatenate([np.full(len(some), 1 / len(some)) for some in judged])
            return {
                "n_compared": n,
                "kid": kernel_distance(against, features),
                "frechet": frechet_distance(against, features),
                "inception_score": inception_score(np.concatenate(judged), weights),
                "target_probability": float(probability[:, label].mean()),
                **asdict(overlap(against, features, self.config.neighbours)),
            }

        of_edits, of_real = {"n_compared": 0.0}, {"n_compared": 0.0}
        if len(edits) >= fewest:
            of_edits = compare(edits[self._draw(np.arange(len(edits)), n, "made", label)])
        if len(unseen) >= fewest:
            of_real = compare(self._grid(self._draw(unseen, n, "unseen", label)))
        return of_edits, of_real

    def _judged_real(self, label: int) -> NDArray[np.float64]:
        """Return class probabilities of real windows of a class, unseen ones if there are any."""
        own = self.train.labels == label
        unseen = own & ~self.evaluator.seen
        rows = np.flatnonzero(unseen if unseen.any() else own)
        return judge(self.evaluator, self._grid(self._draw(rows, self.config.most_windows, "others", label)))

    def _grid(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return self.scalp.to_grid(self.train.de[rows])

    def _draw(self, rows: NDArray[np.int64], n: int, what: str, label: int) -> NDArray[np.int64]:
        return np.sort(generator(self.seed, what, label).permutation(rows)[:n])


def _shift(train: WindowSet, edited: Edited, label: int) -> dict[str, float]:
    """Measure how far, and whether in the classes' direction, edits of a class were moved from their references."""
    accepted = edited.edits[edited.edits["accepted"]]
    names = {f"reference_{key}": key for key in _KEYS}
    asked = accepted[list(names)].rename(columns=names).reset_index(drop=True)
    known = train.table[_KEYS].drop_duplicates()
    known = known.assign(row=known.index)
    # Both sides as text: a table without references has no integers in it.
    row = asked.astype("str").merge(known.astype({key: "str" for key in _KEYS}), on=_KEYS, how="left")["row"]
    mine = (edited.labels == label) & row.notna().to_numpy()
    if not mine.any():
        return {}
    references = row[mine].to_numpy(dtype=np.int64)
    moved = edited.de[mine].astype(np.float64) - train.de[references]
    sources = np.bincount(train.labels[references], minlength=len(train.classes))
    gap = np.zeros(train.de.shape[1:])
    target = train.de[train.labels == label].mean(axis=0, dtype=np.float64)
    for source in np.flatnonzero(sources):
        own = train.de[train.labels == source].mean(axis=0, dtype=np.float64)
        gap += sources[source] / len(references) * (target - own)
    mean = moved.mean(axis=0)
    flat = min(float(gap.std()), float(mean.std())) == 0
    return {
        "mean_shift": float(np.abs(moved).mean()),
        "class_gap": float(np.abs(gap).mean()) if gap.any() else float("nan"),
        "shift_correlation": float("nan") if flat else float(np.corrcoef(mean.ravel(), gap.ravel())[0, 1]),
    }
