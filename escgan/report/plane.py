"""A plane to look at edits in: across the border between two classes, and along it.

Embeddings such as t-SNE or UMAP place a point by its neighbours, so that a distance to the border between classes
cannot be read from them, and made windows move the real ones. Here the plane is given by real training windows alone,
and everything else is projected onto it: to the right is what a logistic regression takes for the class that windows
were edited into, and up is the direction in which the windows differ most besides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escgan.augmenters.base import Edited, reference_rows
from escgan.windows import WindowSet

NEAR = float(np.log(3))
"""The logit up to which a window is near the border: the regression gives both classes at least a quarter."""

_MOST_SHOWN = 250
"""Points of a kind that are drawn: more would hide each other."""

_MOST_FITTED = 20_000
"""Windows that the plane is fitted on: enough for a direction, and a principal component of more takes minutes."""

_IDENTITY = ["subject", "session", "trial", "window"]

Projection = Callable[[NDArray[np.float32]], NDArray[np.float64]]
"""From ``(n, n_features)`` to ``(n, 2)``."""


@dataclass(frozen=True)
class EditPlane:
    """Where real and edited windows of one fold lie.

    Attributes
    ----------
    fold, seed
        Whose training windows these are.
    classes
        Names of all classes, in their order.
    source, target
        Names of the fold's most frequent class and of the one that lacks most windows.
    real
        One row a real window that is shown: label, subject, session, trial, window, x, y. ``x`` is the logit of the
        target against the source, ``y`` the first principal component of what the border does not see.
    edits
        Augmenter -> one row an accepted edit into the target that is shown: x, y and, where it has a reference,
        reference_x, reference_y, reference_subject, reference_session, reference_trial, reference_window.
    shares
        One row a group ("real: <source>", "real: <target>", and one an augmenter), over all windows of the group and
        not only those shown: group, n, beyond (the share on the target's side), near (the share near the border).
    """

    fold: str
    seed: int
    classes: tuple[str, ...]
    source: str
    target: str
    real: pd.DataFrame
    edits: Mapping[str, pd.DataFrame]
    shares: pd.DataFrame


def edit_plane(train: WindowSet, edited: Mapping[str, Edited], fold: str, seed: int) -> EditPlane | None:
    """Project a fold's training windows and what augmenters made of them.

    Parameters
    ----------
    train
        The fold's training windows, normalised as the augmenters were given them.
    edited
        Augmenter -> what it made.
    fold, seed
        The fold's name and the seed.

    Returns
    -------
    EditPlane or None
        None where no augmenter made a window, or fewer than two windows of either class are there to draw a border by.
    """
    wanted = sum((made.wanted for made in edited.values()), np.zeros(len(train.classes), np.int64))
    if not wanted.any():
        return None
    target = int(wanted.argmax())
    source = int(np.delete(train.counts, target).argmax())
    source += source >= target
    into = {name: made.labels == target for name, made in edited.items()}
    if train.counts[[source, target]].min() < 2 or not any(rows.any() for rows in into.values()):
        return None
    both = np.flatnonzero(np.isin(train.labels, [source, target]))
    fitted = both[spread(len(both), _MOST_FITTED)]
    project = _projection(train.flat()[fitted], train.labels[fitted] == target)
    places = np.full((len(train), 2), np.nan)
    places[both] = project(train.flat()[both])
    groups = [(f"real: {train.classes[c]}", places[train.labels == c, 0]) for c in (source, target)]
    tables = {}
    for name, made in edited.items():
        flat = made.de[into[name]].reshape(int(into[name].sum()), -1)
        own = project(flat) if len(flat) else np.zeros((0, 2))
        accepted = made.edits[made.edits["accepted"]].reset_index(drop=True)[into[name]]
        tables[name] = _with_references(accepted, own, train, project)
        groups.append((name, own[:, 0]))
    return EditPlane(
        fold=fold,
        seed=seed,
        classes=train.classes,
        source=train.classes[source],
        target=train.classes[target],
        real=_real_table(train, places, (source, target)),
        edits=tables,
        shares=pd.DataFrame(
            [
                {
                    "group": name,
                    "n": len(x),
                    "beyond": float((x > 0).mean()) if len(x) else np.nan,
                    "near": float((np.abs(x) < NEAR).mean()) if len(x) else np.nan,
                }
                for name, x in groups
            ]
        ),
    )


def _projection(flat: NDArray[np.float32], is_target: NDArray[np.bool_]) -> Projection:
    """Return the function from ``(n, n_features)`` to ``(n, 2)``: logit, and the largest variation beside it."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(flat.astype(np.float64))
    scaled = scaler.transform(flat.astype(np.float64))
    # As the classifier `logistic` with weights by class: the border would otherwise lie on the rarer class' side.
    border = LogisticRegression(class_weight="balanced", max_iter=5000).fit(scaled, is_target)
    across = border.coef_[0] / max(float(np.linalg.norm(border.coef_[0])), 1e-12)
    centre = scaled.mean(axis=0)
    beside = scaled - centre - np.outer((scaled - centre) @ across, across)
    along = np.linalg.svd(beside, full_matrices=False)[2][0]
    # A principal component has no sign of its own: its largest weight points up.
    along = along * np.sign(along[np.abs(along).argmax()])

    def project(values: NDArray[np.float32]) -> NDArray[np.float64]:
        own = scaler.transform(values.astype(np.float64))
        return np.column_stack([border.decision_function(own), (own - centre) @ along])

    return project


def _real_table(train: WindowSet, places: NDArray[np.float64], classes: tuple[int, int]) -> pd.DataFrame:
    rows = np.concatenate([(own := np.flatnonzero(train.labels == c))[spread(len(own), _MOST_SHOWN)] for c in classes])
    table = train.table.iloc[rows][_IDENTITY].reset_index(drop=True)
    names = [train.classes[c] for c in train.labels[rows]]
    return table.assign(label=names, x=places[rows, 0], y=places[rows, 1])


def _with_references(
    accepted: pd.DataFrame, own: NDArray[np.float64], train: WindowSet, project: Projection
) -> pd.DataFrame:
    """Return the edits that are shown with the windows that they were made from."""
    shown = spread(len(own), _MOST_SHOWN)
    named = accepted.iloc[shown][[f"reference_{part}" for part in _IDENTITY]].reset_index(drop=True)
    table = named.assign(x=own[shown, 0], y=own[shown, 1], reference_x=np.nan, reference_y=np.nan)
    known, rows = reference_rows(train, named)
    if known.any():
        table.loc[known, ["reference_x", "reference_y"]] = project(train.flat()[rows])
    return table


def spread(n: int, most: int) -> NDArray[np.int64]:
    """Return up to ``most`` of the numbers below ``n``, evenly spread.

    >>> spread(3, 5).tolist(), spread(10, 4).tolist()
    ([0, 1, 2], [0, 2, 5, 7])
    """
    return np.arange(n) if n <= most else np.arange(most) * n // most
