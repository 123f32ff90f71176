"""What studies that vary one number have in common: curves over it."""

from __future__ import annotations

from abc import ABC
from typing import TYPE_CHECKING, ClassVar

import pandas as pd

from escgan.studies.base import Study, StudyResults
from escgan.studies.summary import outcome_sentences, score_rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Sweep(Study, ABC):
    """A study whose variants differ in one number, the one column of ``columns``."""

    axis: ClassVar[str]
    """What the number is called on the plot."""

    def table(self, results: StudyResults) -> pd.DataFrame:
        """Return a row a value, classifier and augmenter."""
        return score_rows(results.scores, results.comparisons, self.columns, self.more_columns(results))

    def more_columns(self, results: StudyResults) -> tuple[str, ...]:
        """Name further columns of scores that the table shows."""
        return ()

    def figure(self, results: StudyResults) -> Figure:
        """Draw balanced accuracy and AUROC over the number."""
        from escgan.studies.figures import score_curves

        return score_curves(results.scores, self.columns[0], self.axis)

    def sentences(self, results: StudyResults) -> tuple[str, ...]:
        """Count the outcomes and name those that are decided."""
        return outcome_sentences(results.comparisons, self.columns)
