"""Which augmenter, and how much of it, chosen on people of the training side: no augmentation among the choices.

An amount that was chosen on test subjects flatters, and one that was fixed beforehand may be wrong for the corpus. Here
the training subjects are dealt into parts; candidates are fitted on the others of each part, and a classifier, trained
on real windows and what they made, is scored on the part's people.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache, reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, TypeAdapter, field_validator

from escgan.augmenters.base import Balance, Edited, FoldToFit, GeneratingAugmenter, OnTerms, edited_from_references
from escgan.augmenters.choosing import Question, Search, Trial
from escgan.augmenters.lookup import LookedUp
from escgan.augmenters.mean_shift import MeanShiftAugmenter
from escgan.augmenters.noise import NoiseAugmenter
from escgan.augmenters.smote import SmoteAugmenter
from escgan.augmenters.subject_shift import SubjectShiftAugmenter
from escgan.windows import WindowSet

LOG = logging.getLogger("escgan")

_CHOICE = "choice.json"


@cache
def _generating() -> TypeAdapter[Any]:
    from escgan.augmenters import AUGMENTERS

    able = [cls for cls in AUGMENTERS.values() if cls.generates and cls is not AutoAugmenter]
    union: Any = Annotated[reduce(or_, able), Field(discriminator="kind")]
    return TypeAdapter(union)


@cache
def _classifiers() -> TypeAdapter[Any]:
    from escgan.classifiers import ClassifierConfig

    return TypeAdapter(ClassifierConfig)


def _logistic() -> Any:
    return _classifiers().validate_python({"kind": "logistic"})


if TYPE_CHECKING:
    from escgan.classifiers.base import Classifier

    Candidate = GeneratingAugmenter
    Judge = Classifier
else:
    Candidate = Annotated[Any, LookedUp(_generating)]
    Judge = Annotated[Any, LookedUp(_classifiers)]


@dataclass(frozen=True)
class Choice:
    """What was chosen of what, and the chosen candidate's own state."""

    chosen: Trial
    trials: tuple[Trial, ...]
    state: Any = None


class AutoAugmenter(GeneratingAugmenter):
    """Choose the augmenter and the amount that help most on validation subjects of the training side, if any does.

    The best of several scores flatters by itself: what the choice gains on unseen people is for the run to say.
    """

    title: ClassVar[str] = "real windows and those of an augmenter chosen on training-side validation subjects, or none"
    trains: ClassVar[bool] = True
    kind: Literal["auto"] = "auto"
    candidates: tuple[Candidate, ...] = Field(
        default=(SmoteAugmenter(), MeanShiftAugmenter(), SubjectShiftAugmenter(), NoiseAugmenter()), min_length=1
    )
    """Augmenters that make windows, with their settings, to choose from; one kind may stand there with several."""
    ratios: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(default=(0.5, 1.0), min_length=1)
    """Amounts to choose from, as shares of the largest class; the run's ``balance`` is never exceeded."""
    judge: Judge = Field(default_factory=_logistic)
    """The classifier that the choice is made with."""
    metric: Literal["balanced_accuracy", "auroc"] = "balanced_accuracy"
    """What is compared, as its mean over validating subjects."""
    parts: int = Field(default=3, ge=2)
    """Parts that the training subjects are dealt into; each validates once."""
    margin: float = Field(default=0.0, ge=0)
    """By how much a candidate must beat no augmentation to be chosen; equal scores choose none."""

    @field_validator("candidates")
    @classmethod
    def _decided_alike(cls, candidates: tuple[Any, ...]) -> tuple[Any, ...]:
        mover = next((c for c in candidates if c.moves_threshold), None)
        if mover is not None:
            raise ValueError(f"{mover.kind} moves the threshold, which a candidate cannot alone: set it of auto itself")
        return candidates

    @field_validator("candidates", "ratios")
    @classmethod
    def _each_once(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        twice = next((value for i, value in enumerate(values) if value in values[:i]), None)
        if twice is not None:
            raise ValueError(f"{getattr(twice, 'kind', twice)} stands there twice with equal settings: list it once")
        return values

    def fit(
        self,
        train: WindowSet,
        seed: int,
        *,
        device: str = "cpu",
        workspace: Path | None = None,
        on_step: Callable[[int, int], None] | None = None,
        on_terms: OnTerms | None = None,
    ) -> Choice:
        """Try every candidate and amount on each part, and fit the best on all training windows.

        The candidates' own loss terms are nobody's history, and are not told.
        """
        question = Question(self.candidates, self.ratios, self.judge, self.metric, self.parts)
        search = Search(question, FoldToFit(train, workspace, on_step), seed, device)
        trials = search.run()
        chosen = self._best(trials)
        LOG.info("auto: %s", self._words(chosen, trials[0]))
        state = None
        if chosen.candidate is not None:
            state = search.fit_candidate(chosen.candidate, train, "all")
        search.step()
        return Choice(chosen, trials, state)

    def save(self, state: Choice, folder: Path) -> None:
        """Write what was chosen and every score as JSON, beside the chosen candidate's own files."""
        told = {"chosen": asdict(state.chosen), "trials": [asdict(trial) for trial in state.trials]}
        (folder / _CHOICE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        candidate = self._candidate(state)
        if candidate is not None and candidate.trains:
            candidate.save(state.state, folder)

    def load(self, folder: Path, train: WindowSet) -> Choice:
        """Read the choice, and the chosen candidate's state."""
        told = json.loads((folder / _CHOICE).read_text(encoding="utf-8"))
        choice = Choice(Trial(**told["chosen"]), tuple(Trial(**trial) for trial in told["trials"]))
        candidate = self._candidate(choice)
        if candidate is None or not candidate.trains:
            return choice
        return Choice(choice.chosen, choice.trials, candidate.load(folder, train))

    def history(self, state: Choice) -> list[dict[str, float]]:
        """Return a row a choice: its candidate's place (-1 for none), ratio (0), score (NaN for no score), chosen."""
        return [
            {
                "candidate": float(-1 if trial.candidate is None else trial.candidate),
                "ratio": trial.ratio or 0.0,
                "score": float("nan") if trial.score is None else trial.score,
                "chosen": float(trial == state.chosen),
            }
            for trial in state.trials
        ]

    def generate(self, state: Choice, train: WindowSet, balance: Balance, seed: int, *, device: str = "cpu") -> Edited:
        """Make windows by what was chosen, at most as many as the balance asks for; none where none was chosen."""
        wanted = balance.wanted(train.counts)
        candidate, ratio = self._candidate(state), state.chosen.ratio
        if candidate is None or ratio is None:
            no_rows = np.zeros(0, np.int64)
            return edited_from_references(train, train.de[:0].astype(np.float32), no_rows, no_rows, wanted)
        amount = Balance(ratio=min(ratio, balance.ratio))
        made = candidate.generate(state.state, train, amount, seed, device=device)
        return Edited(made.de, made.grid, made.labels, made.edits, wanted)

    def _candidate(self, choice: Choice) -> GeneratingAugmenter | None:
        place = choice.chosen.candidate
        return None if place is None else self.candidates[place]

    def _best(self, trials: tuple[Trial, ...]) -> Trial:
        """Return the best trial, the first of equal ones; none, the first of all, unless it is beaten by the margin."""
        none = best = trials[0]
        for trial in trials[1:]:
            if none.score is None or trial.score is None or best.score is None:
                continue
            if trial.score > none.score + self.margin and trial.score > best.score:
                best = trial
        return best

    def _words(self, chosen: Trial, none: Trial) -> str:
        def scored(trial: Trial) -> str:
            return "no score" if trial.score is None else f"{trial.score:.3f}"

        if chosen.candidate is None:
            return f"no candidate beats no augmentation ({self.metric} {scored(none)}) on validation subjects"
        name = self.candidates[chosen.candidate].kind
        return f"{name} up to {chosen.ratio:g} ({self.metric} {scored(chosen)} against {scored(none)} with none)"
