"""Every augmenter with every classifier, under one protocol or several."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import pandas as pd
from pydantic import Field, field_validator

from escgan.config import PipelineConfig
from escgan.evaluation.protocols import ProtocolConfig
from escgan.studies.base import Study, StudyResults, Variant
from escgan.studies.summary import outcome_sentences, score_rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class CompareStudy(Study):
    """Run the experiment under each protocol and hold every augmenter against the best simple rival."""

    title: ClassVar[str] = "augmenters and classifiers compared"
    columns: ClassVar[tuple[str, ...]] = ("protocol",)
    kind: Literal["compare"] = "compare"
    protocols: tuple[ProtocolConfig, ...] = Field(default=())
    """Protocols to run under; the experiment's own when not given."""

    @field_validator("protocols", mode="before")
    @classmethod
    def _by_name(cls, value: object) -> object:
        return [{"kind": one} if isinstance(one, str) else one for one in value] if isinstance(value, list) else value

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
