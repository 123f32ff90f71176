"""How many edits: scores over how far minorities are filled up."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from escgan.config import PipelineConfig
from escgan.studies.base import Variant
from escgan.studies.sweeps import Sweep


class BalanceStudy(Sweep):
    """Fill classes up to a share of the largest; augmenters that make no windows are the same throughout."""

    title: ClassVar[str] = "balance: how many windows are made"
    columns: ClassVar[tuple[str, ...]] = ("ratio",)
    axis: ClassVar[str] = "share of the largest class that others are filled up to"
    kind: Literal["balance"] = "balance"
    ratios: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(default=(0.4, 0.6, 0.8, 1.0), min_length=1)
    """Shares of the largest class."""

    def variants(self, experiment: PipelineConfig) -> tuple[Variant, ...]:
        """Return a variant a share."""
        return tuple(
            Variant(
                {"ratio": ratio},
                experiment.model_copy(update={"balance": experiment.balance.model_copy(update={"ratio": ratio})}),
            )
            for ratio in sorted(set(self.ratios))
        )
