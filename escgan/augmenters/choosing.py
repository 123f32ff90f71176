"""Trying augmenters and amounts of what they make on people of the training side who had no part in either."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from escgan.augmenters.base import Balance, Edited, FoldToFit, GeneratingAugmenter
from escgan.errors import EscganError
from escgan.evaluation.scores import METRICS
from escgan.evaluation.validation import deal_validation
from escgan.seeds import derive_seed
from escgan.windows import WindowSet

if TYPE_CHECKING:
    from escgan.classifiers.base import Classifier

LOG = logging.getLogger("escgan")

# A candidate's place and an amount; None and None for no augmentation.
Tried = tuple[int | None, float | None]


@dataclass(frozen=True)
class Trial:
    """One choice and how it did on the validating subjects.

    Attributes
    ----------
    candidate
        Place in ``candidates``; None is no augmentation.
    ratio
        The amount; None with no augmentation.
    score
        Mean over validating subjects; None where it could not be made or scored.
    """

    candidate: int | None
    ratio: float | None
    score: float | None


@dataclass(frozen=True)
class Question:
    """What is tried, and how it is judged: see the settings of the augmenter ``auto``."""

    candidates: Sequence[GeneratingAugmenter]
    ratios: Sequence[float]
    judge: Classifier
    metric: str
    parts: int


class Search:
    """The trials on one fold's training windows."""

    def __init__(self, question: Question, fold: FoldToFit, seed: int, device: str) -> None:
        self._question = question
        self._train = train = fold.train
        self._fold = fold
        self._seed = seed
        self._device = device
        # An amount that asks for nothing would be no augmentation under another name.
        self._ratios = [ratio for ratio in question.ratios if Balance(ratio=ratio).wanted(train.counts).any()]
        dealt = deal_validation(train, question.parts, seed)
        self._parts = [
            (int(number), np.flatnonzero(dealt != number), np.flatnonzero(dealt == number))
            for number in np.unique(dealt)
            # Nothing can be learned from one class.
            if len(np.unique(train.labels[dealt != number])) > 1
        ]
        self._done, self._total = 0, len(self._parts) * (1 + len(question.candidates) * len(self._ratios)) + 1

    def run(self) -> tuple[Trial, ...]:
        """Return every trial, no augmentation first."""
        choices: list[Tried] = [(None, None)]
        choices += [(place, ratio) for place in range(len(self._question.candidates)) for ratio in self._ratios]
        scores: dict[Tried, list[float]] = {choice: [] for choice in choices}
        for number, rest, held in self._parts:
            for choice, own in self._scores(number, self._train.take(rest), self._train.take(held)):
                scores[choice] += own
        return tuple(Trial(*choice, _mean(scores[choice])) for choice in choices)

    def fit_candidate(self, place: int, train: WindowSet, name: str) -> Any:
        """Fit a candidate on windows; what it keeps meanwhile has a folder of its own."""
        candidate = self._question.candidates[place]
        folder = None
        if self._fold.workspace is not None:
            folder = self._fold.workspace / f"{name}-{place}-{candidate.kind}"
        seed = derive_seed(self._seed, "auto", name, place)
        # A candidate's steps are none of the search's, but whoever looks on may want to stop it.
        return candidate.fit(train, seed, device=self._device, workspace=folder, on_step=lambda *_: self._tell())

    def step(self) -> None:
        """Count a trial as done."""
        self._done += 1
        self._tell()

    def _tell(self) -> None:
        if self._fold.on_step is not None:
            self._fold.on_step(self._done, self._total)

    def _scores(self, number: int, inner: WindowSet, held: WindowSet) -> Iterator[tuple[Tried, list[float]]]:
        """Yield each choice's scores on the part's subjects."""
        real = self._judged(number, inner, held, None)
        self.step()
        yield (None, None), real
        for place, candidate in enumerate(self._question.candidates):
            before = self._done
            try:
                state = self.fit_candidate(place, inner, f"part-{number}")
                for ratio in self._ratios:
                    balance = Balance(ratio=ratio)
                    own = real
                    if balance.wanted(inner.counts).any():
                        seed = derive_seed(self._seed, "auto generate", number, place)
                        made = candidate.generate(state, inner, balance, seed, device=self._device)
                        own = self._judged(number, inner, held, made) if len(made.labels) else real
                    self.step()
                    yield (place, ratio), own
            except EscganError as error:
                LOG.warning("auto: %s is left out of the choice: %s", candidate.kind, error)
                # One score that is none makes the mean none.
                yield from (((place, ratio), [float("nan")]) for ratio in self._ratios)
                self._done = before + len(self._ratios)

    def _judged(self, number: int, inner: WindowSet, held: WindowSet, made: Edited | None) -> list[float]:
        """Train the judge on windows and what was made of them, and score each validating subject."""
        from escgan.classifiers.base import TrainingData

        # One seed for all choices: the judge's luck is the same.
        seed = derive_seed(self._seed, "auto judge", number)
        model = self._question.judge.fit(TrainingData(inner, made), seed, device=self._device)
        probability = model.predict_proba(held)
        score = METRICS[self._question.metric]
        subjects = held.subjects.astype(str)
        scores = []
        for subject in np.unique(subjects):
            own = subjects == subject
            truth, p = held.labels[own], probability[own]
            value = score(truth, p.argmax(axis=1).astype(np.int64), p)
            # Undefined whatever was chosen, as an AUROC of one class is.
            if np.isfinite(value):
                scores.append(value)
        return scores


def _mean(scores: Sequence[float]) -> float | None:
    value = float(np.mean(scores)) if len(scores) else float("nan")
    return value if np.isfinite(value) else None
