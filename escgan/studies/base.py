"""What a study is: variants of one experiment, and what their results say side by side."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

import pandas as pd

from escgan.config import PipelineConfig
from escgan.evaluation.significance import SIMPLE_RIVALS
from escgan.settings import Settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Measure = Literal["scores", "robustness", "fidelity"]
"""What a study measures of each fold: scores of classifiers, their scores under attack, or the edits' likeness."""


@dataclass(frozen=True)
class Variant:
    """One of a study's experiments: what tells it apart from the others, by column, and its configuration."""

    settings: Mapping[str, str | int | float]
    config: PipelineConfig

    @property
    def name(self) -> str:
        """What a log calls it: ``keep 0.1``; the experiment's name where nothing tells variants apart."""
        return ", ".join(f"{name} {value}" for name, value in self.settings.items()) or self.config.name


@dataclass(frozen=True)
class StudyResults:
    """What the variants came to.

    Attributes
    ----------
    classes
        Names of the classes.
    tested
        What the protocol tests, in words.
    scores
        One row a variant, test subject, fold, seed, augmenter and classifier, with every metric; the variant's settings
        are columns.
    comparisons
        One row a variant, classifier, augmenter and metric (see
        :func:`escgan.evaluation.significance.compare_augmenters`), corrected for all rows of a metric.
    measured
        One row a thing measured beyond scores, with the variant's settings; empty for studies of scores.
    asked
        One row a fold, seed, augmenter and, where one was attacked, classifier that was to be measured beyond scores,
        also where there was nothing to measure.
    """

    classes: tuple[str, ...]
    tested: str
    scores: pd.DataFrame
    comparisons: pd.DataFrame
    measured: pd.DataFrame
    asked: pd.DataFrame = field(default_factory=pd.DataFrame)


class Study(Settings, ABC):
    """Base of every study's settings.

    ``columns`` names what tells its variants apart, ``measures`` what is measured of each fold, and ``reading`` says
    how to read the table.
    """

    kind: str
    title: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]
    measures: ClassVar[Measure] = "scores"
    reading: ClassVar[str] = (
        "Means over subjects with 95 % bootstrap intervals. A comparison gives the difference to the best rival with "
        "its interval, the p value (Wilcoxon signed-rank; where the difference is below zero first multiplied by the "
        "number of rivals, whose best was chosen; then corrected by Holm for all comparisons of the metric in this "
        "table), the rival and the verdict."
    )

    @property
    def held_against(self) -> tuple[str, ...]:
        """The augmenters that the others are held against."""
        return SIMPLE_RIVALS

    @abstractmethod
    def variants(self, experiment: PipelineConfig) -> tuple[Variant, ...]:
        """Return the experiments to run.

        Raises
        ------
        ConfigError
            The experiment lacks what the study is about.
        """

    @abstractmethod
    def table(self, results: StudyResults) -> pd.DataFrame:
        """Return the table of the study's page: texts and numbers, as they are to be printed."""

    @abstractmethod
    def figure(self, results: StudyResults) -> Figure:
        """Draw the study's plot."""

    @abstractmethod
    def sentences(self, results: StudyResults) -> tuple[str, ...]:
        """Say what was found, in sentences."""
