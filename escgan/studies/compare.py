"""Every augmenter with every classifier, under one protocol or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import pandas as pd
from pydantic import Field, model_validator

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

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        twice = next((p for place, p in enumerate(self.protocols) if p in self.protocols[:place]), None)
        if twice is not None:
            raise ValueError(
                f"protocols holds '{twice.kind}' twice with the same options: remove one or change an option of it."
            )
        return self

    def variants(self, experiment: PipelineConfig) -> tuple[Variant, ...]:
        """Return a variant a protocol; one that leaks carries the word."""
        chosen = self.protocols or (experiment.protocol,)
        return tuple(
            Variant({"protocol": label}, experiment.model_copy(update={"protocol": protocol}))
            for label, protocol in zip(_labels(chosen), chosen, strict=True)
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


def _labels(protocols: Sequence[ProtocolConfig]) -> list[str]:
    """Name protocols by their kinds, and those of one kind by the options in which they differ too."""
    labels = []
    for protocol in protocols:
        options = [p.model_dump() for p in protocols if p.kind == protocol.kind]
        telling = [name for name in options[0] if any(other[name] != options[0][name] for other in options)]
        parts = [protocol.kind, *(f"{name}={getattr(protocol, name)}" for name in telling)]
        labels.append(" ".join(parts) + (" (LEAKY)" if protocol.leaky else ""))
    return labels
