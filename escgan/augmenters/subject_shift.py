"""Editing without a network: a window, moved by how the classes of another person differ."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from escgan.augmenters.base import Balance, Edited, GeneratingAugmenter, edited_from_references
from escgan.augmenters.drawing import draw_noise, draw_other_classes
from escgan.augmenters.mean_shift import class_means
from escgan.seeds import generator
from escgan.windows import WindowSet


class SubjectShiftAugmenter(GeneratingAugmenter):
    """Move windows of classes that lack none by the class difference of a training subject drawn at random.

    People differ in how an emotion shows. Borrowing the difference of one person after another keeps that variety,
    which the mean over all of them (``mean_shift``) averages away.
    """

    title: ClassVar[str] = "real windows and windows moved by a borrowed subject's class difference"
    kind: Literal["subject_shift"] = "subject_shift"
    borrow: float = Field(default=1.0, gt=0)
    """Share of the borrowed class difference that a window is moved by. At a half, moved windows lie between the
    classes, and draw the boundary back towards the class that has more windows."""
    shrinkage: float = Field(default=10.0, ge=0)
    """A subject with n windows of the rarer of both classes has its own difference count for n / (n + shrinkage), and
    that of all subjects for the rest: few windows tell little of a person."""
    jitter: float = Field(default=0.0, ge=0)
    """Deviation of the noise that is added to every channel and band of a moved window, as a share of the training
    windows' deviation there. With ``borrow`` 0.5 and ``jitter`` 1.5 this is what ESC-GAN's preset ``cross_subject``
    does before its first training step: the rival that tells what its training is worth."""

    def generate(self, state: Any, train: WindowSet, balance: Balance, seed: int, *, device: str = "cpu") -> Edited:
        """Move references until every class that has any window has what the balance asks for."""
        wanted = balance.wanted(train.counts)
        rows, targets = draw_other_classes(train, wanted, seed, repeat=True)
        names, subject = np.unique(train.subjects.astype(str), return_inverse=True)
        n_classes = len(train.classes)
        counts = np.zeros((len(names), n_classes), np.int64)
        np.add.at(counts, (subject, train.labels), 1)
        own = np.stack(
            [class_means(train.de[subject == s], train.labels[subject == s], n_classes) for s in range(len(names))]
        )
        everyone = class_means(train.de, train.labels, n_classes)
        sources = train.labels[rows]
        lender = _lenders(counts, sources, targets, generator(seed, "lenders"))
        common = everyone[targets] - everyone[sources]
        borrowed = own[lender, targets] - own[lender, sources]
        n = np.minimum(counts[lender, targets], counts[lender, sources])
        weight = (n / np.maximum(n + self.shrinkage, 1e-12))[:, None, None]
        # A lender without windows of both classes has no difference of its own, and weight 0.
        shift = weight * np.where(weight > 0, borrowed, 0) + (1 - weight) * common
        de = train.de[rows] + self.borrow * shift
        if self.jitter > 0:
            de += draw_noise(train, len(rows), self.jitter, generator(seed, "jitter"))
        return edited_from_references(train, de.astype(np.float32), rows, targets, wanted)


def _lenders(
    counts: NDArray[np.int64], sources: NDArray[np.int64], targets: NDArray[np.int64], draw: np.random.Generator
) -> NDArray[np.int64]:
    """Draw a subject for each edit, of those that have windows of both classes; any, where none has."""
    lenders = np.zeros(len(sources), np.int64)
    for source, target in {*zip(sources.tolist(), targets.tolist(), strict=True)}:
        pair = (sources == source) & (targets == target)
        able = np.flatnonzero((counts[:, source] > 0) & (counts[:, target] > 0))
        lenders[pair] = draw.choice(able if len(able) else np.arange(len(counts)), pair.sum())
    return lenders
