"""Every augmenter with every classifier, under one protocol or several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import pandas as pd
from pydantic import Field

from escgan.config import PipelineConfig
from escgan.evaluation.protocols import PROTOCOLS, ProtocolConfig
from escgan.settings import ByName
from escgan.studies.base import Study, StudyResults, Variant
from escgan.studies.summary import outcome_sentences, score_rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class CompareStudy(Study):
    """Run the experiment under each protocol and hold every augmenter against the best simple rival."""

    title: ClassVar[str] = "augmenters and classifiers compared"
    columns: ClassVar[tuple[str, ...]] = ("protocol",)
    kind: Literal["compare"] = "compare"
    protocols: tuple[Annotated[ProtocolConfig, ByName(PROTOCOLS)], ...] = Field(default=())
    """Protocols to run under; the experiment's own when not given."""

    def variants(self, experiment: PipelineConfig) -> tuple[Variant, ...]:
        """Return a variant a protocol; one that leaks carries the word."""
        chosen = self.protocols or (experiment.protocol,)
        return tuple(
            Variant(
                {"protocol": protocol.kind + (" (LEAKY)" if protocol.leaky else "")},
                experiment.model_copy(update={"protocol": protocol}),
            )
            for protocol in chosen
        )

    def table(self, results: StudyResults) -> pd.DataFrame:
        """Return a row a protocol, classifier and augmenter."""
        return score_rows(results.scores, results.comparisons, self.columns)

    def figure(self, results: StudyResults) -> Figure:
        """Draw balanced accuracy as dots."""
        from escgan.studies.figures import score_dots

        return score_dots(results.scores, "protocol")

    def sentences(self, results: StudyResults) -> tuple[str, ...]:
        """Count the outcomes and name those that are decided."""
        return outcome_sentences(results.comparisons, self.columns)
